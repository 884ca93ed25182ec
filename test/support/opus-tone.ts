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
  const wanted = Math.ceil(tone.seconds * 50);
  // Whole tens of seconds: few files, and a longer one serves a shorter wish.
  const seconds = Math.max(10, Math.ceil(tone.seconds / 10) * 10);
  const { beeps } = tone;
  const gate = beeps ? `*lt(mod(t*1000,${beeps.everyMs}),${beeps.lengthMs})` : '';
  const source = `aevalsrc=0.5*sin(2*PI*${tone.hz}*t)${gate.replaceAll(',', '\\,')}:s=48000:d=${seconds}`;
  const folder = join(tmpdir(), 'cloud-listening-tones');
  const path = join(folder, `${createHash('sha256').update(source).digest('hex').slice(0, 24)}.opus`);
  const ogg = await readFile(path).catch(() => encode(source, folder, path));
  return readOggPackets(ogg).slice(0, wanted);
}

async function encode(source: string, folder: string, path: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true });
  const options = [
    '-c:a',
    'libopus',
    '-b:a',
    '32k',
    '-ac',
    '1',
    '-application',
    'voip',
    '-frame_duration',
    '20',
  ];
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
