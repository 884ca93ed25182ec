import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readOggPackets } from '#scripts/speech/ogg.ts';
import type { Beeps } from './rtp-sender.ts';

const run = promisify(execFile);

/**
 * 20 ms mono Opus packets of a tone, `seconds` long (rounded up to whole packets).
 * Encoded by ffmpeg's libopus; kept per tone under the system's temporary folder, so that a second run is quick.
 */
export async function opusTonePackets(tone: {
  readonly hz: number;
  readonly seconds: number;
  readonly beeps?: Beeps | undefined;
}): Promise<Buffer[]> {
  return opusPackets({ ...tone, packetMs: 20, application: 'voip' });
}

/** As {@link opusTonePackets}, the way one likes. `hz` 0 is silence; `packetMs` one of libopus's frame durations. */
export async function opusPackets(tone: {
  readonly hz: number;
  readonly seconds: number;
  readonly beeps?: Beeps | undefined;
  readonly packetMs: number;
  readonly application: 'voip' | 'audio' | 'lowdelay';
  readonly bitRate?: string;
  readonly channels?: 1 | 2;
}): Promise<Buffer[]> {
  const { hz, beeps, packetMs, application, bitRate = '32k', channels = 1 } = tone;
  const wanted = Math.ceil((tone.seconds * 1_000) / packetMs);
  // Whole tens of seconds: few files, and a longer one serves a shorter wish.
  const seconds = Math.max(10, Math.ceil(tone.seconds / 10) * 10);
  const gate = beeps ? `*lt(mod(t*1000,${beeps.everyMs}),${beeps.lengthMs})` : '';
  const wave = `0.5*sin(2*PI*${hz}*t)${gate.replaceAll(',', '\\,')}`;
  const both = channels === 2 ? `${wave}|0.9*${wave}` : wave;
  const source = `aevalsrc=${both}:s=48000:d=${seconds}`;
  const options = [
    ...['-c:a', 'libopus', '-b:a', bitRate, '-ac', String(channels)],
    ...['-application', application, '-frame_duration', String(packetMs)],
  ];
  const folder = join(tmpdir(), 'cloud-listening-tones');
  const name = createHash('sha256')
    .update([source, ...options].join(' '))
    .digest('hex')
    .slice(0, 24);
  const path = join(folder, `${name}.opus`);
  const ogg = await readFile(path).catch(() => encode(source, options, folder, path));
  return readOggPackets(ogg).slice(0, wanted);
}

async function encode(
  source: string,
  options: readonly string[],
  folder: string,
  path: string,
): Promise<Buffer> {
  await mkdir(folder, { recursive: true });
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-f', 'lavfi', '-i', source, ...options, '-f', 'ogg', '-'],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  // Written aside and moved: tests run side by side and must never read half a file.
  const partial = `${path}.${process.pid}.${performance.now()}`;
  await writeFile(partial, stdout);
  await rename(partial, path);
  return stdout;
}
