import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resample } from './resample.ts';
import { level, SAMPLE_RATE } from './synthesis.ts';
import { readWav } from './wav.ts';

/** Debian's asterisk-core-sounds-en-wav and asterisk-moh-opsound-wav put their files here. */
const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const MUSIC = '/usr/share/asterisk/moh';

/** Recorded announcements that a telephone system plays before its hold music. */
const announcements = ['one-moment-please', 'pls-hold-while-try', 'queue-thankyou'] as const;

/** Music stays in the background: −30 dB below full scale. */
const MUSIC_LOUDNESS = 32_768 * 10 ** (-30 / 20);

/** A human voice asks to hold the line, at 8 kHz; undefined where the recordings are not installed. */
export async function holdAnnouncement(variant: number): Promise<Int16Array | undefined> {
  const name = announcements[variant % announcements.length]!;
  const bytes = await readFile(join(SOUNDS, `${name}.wav`)).catch(() => undefined);
  return bytes && level(resample(readWav(bytes), SAMPLE_RATE));
}

/** `seconds` of hold music at 8 kHz from somewhere in one of the pieces; undefined where none is installed. */
export async function holdMusic(variant: number, seconds: number): Promise<Int16Array | undefined> {
  const pieces = (await readdir(MUSIC).catch(() => [])).filter((name) => name.endsWith('.wav')).sort();
  if (pieces.length === 0) return undefined;
  const piece = readWav(await readFile(join(MUSIC, pieces[variant % pieces.length]!)));
  const samples = resample(piece, SAMPLE_RATE);
  const length = Math.round(seconds * SAMPLE_RATE);
  // Pieces begin softly; some way in there is music. A short piece is played again.
  const from = Math.floor(samples.length / 4);
  const part = Int16Array.from({ length }, (_, i) => samples[(from + i) % samples.length]!);
  return fade(level(part, MUSIC_LOUDNESS), 0.3);
}

/** Softens both ends over `seconds`. */
function fade(samples: Int16Array, seconds: number): Int16Array {
  const length = Math.min(seconds * SAMPLE_RATE, samples.length / 2);
  return samples.map((sample, i) => {
    const edge = Math.min(i, samples.length - 1 - i);
    return edge < length ? Math.round((sample * edge) / length) : sample;
  });
}
