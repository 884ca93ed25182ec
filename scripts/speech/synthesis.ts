import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pinyin } from './pinyin.ts';
import { resample } from './resample.ts';
import type { Language, Voice } from './turns.ts';
import { readWav } from './wav.ts';

const run = promisify(execFile);

/** Everything here is at the rate of the telephone, Hz. */
export const SAMPLE_RATE = 8_000;
/** Part of every cache key: to be raised when the same words come out differently. */
const VERSION = 1;

/** espeak-ng is missing, or failed. */
export class SpeechUnavailableError extends Error {
  override readonly name = 'SpeechUnavailableError';
}

const voices: Readonly<Record<Language, Readonly<Record<Voice, string>>>> = {
  en: { woman: 'en-gb+f3', man: 'en-us+m3' },
  zh: { woman: 'cmn-latn-pinyin+f2', man: 'cmn-latn-pinyin+m3' },
};
/** Words per minute, as espeak-ng counts them. */
const speeds: Readonly<Record<Language, number>> = { en: 155, zh: 150 };

/** RMS of the spoken part, relative to full scale: −22 dB. */
const LOUDNESS = 32_768 * 10 ** (-22 / 20);

/** Where rendered speech is kept: SPEECH_CACHE_DIR, else the user's cache folder (XDG). */
export function speechCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SPEECH_CACHE_DIR) return env.SPEECH_CACHE_DIR;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cloud-listening', 'speech');
}

/**
 * The words, spoken, at 8 kHz and an even loudness, without silence at the ends. Kept in the cache folder by a hash of
 * voice and words. Throws SpeechUnavailableError without espeak-ng.
 */
export async function speak(language: Language, voice: Voice, text: string): Promise<Int16Array> {
  const folder = speechCacheFolder();
  const spoken = language === 'zh' ? pinyin(text) : text;
  const key = JSON.stringify([VERSION, voices[language][voice], speeds[language], spoken]);
  const path = join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.s16le`);
  const kept = await readFile(path).catch(() => undefined);
  if (kept) return new Int16Array(kept.buffer.slice(kept.byteOffset, kept.byteOffset + kept.length));
  const samples = level(trim(await synthesise(language, voice, spoken)));
  await mkdir(folder, { recursive: true });
  // Written aside and moved: others may be rendering the same words.
  const partial = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(partial, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  await rename(partial, path);
  return samples;
}

async function synthesise(language: Language, voice: Voice, spoken: string): Promise<Int16Array> {
  const options = [
    '-b',
    '1',
    '-v',
    voices[language][voice],
    '-s',
    String(speeds[language]),
    '--stdout',
    '--',
    spoken,
  ];
  try {
    const { stdout } = await run('espeak-ng', options, {
      encoding: 'buffer',
      maxBuffer: 32 * 1024 * 1024,
      // Without a UTF-8 locale espeak-ng does not know what is a letter.
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    return resample(readWav(stdout), SAMPLE_RATE);
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    throw new SpeechUnavailableError(
      missing ? 'espeak-ng is not installed (Debian package espeak-ng)' : 'espeak-ng failed',
      { cause: thrown },
    );
  }
}

/** Cuts silence off both ends, but for 20 ms. */
function trim(samples: Int16Array): Int16Array {
  const audible = (sample: number): boolean => Math.abs(sample) > 200;
  const first = samples.findIndex(audible);
  if (first < 0) return new Int16Array(0);
  const margin = SAMPLE_RATE / 50;
  return samples.slice(Math.max(0, first - margin), samples.findLastIndex(audible) + margin);
}

/** Brings the louder parts to {@link LOUDNESS}, without clipping. */
export function level(samples: Int16Array, loudness: number = LOUDNESS): Int16Array {
  let energy = 0;
  let count = 0;
  let peak = 1;
  for (const sample of samples) {
    peak = Math.max(peak, Math.abs(sample));
    if (Math.abs(sample) < 300) continue;
    energy += sample * sample;
    count++;
  }
  if (count === 0) return samples;
  const gain = Math.min(loudness / Math.sqrt(energy / count), 32_000 / peak);
  return samples.map((sample) => Math.round(sample * gain));
}
