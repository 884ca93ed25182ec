import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A recording as a player would hear it. */
export interface DecodedAudio {
  /** Hz. */
  readonly rate: number;
  readonly left: Int16Array;
  readonly right: Int16Array;
  readonly durationMs: number;
}

/**
 * Decodes a stereo file (a path or a URL) with ffmpeg to 16-bit samples of `rate` Hz per channel. `decoder`: ffmpeg's
 * own unless another one is named, like `libopus`, which conceals lost frames.
 */
export async function decodeStereo(source: string, rate = 16_000, decoder?: string): Promise<DecodedAudio> {
  const named = decoder ? ['-c:a', decoder] : [];
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', ...named, '-i', source, '-f', 's16le', '-ac', '2', '-ar', String(rate), '-'],
    { encoding: 'buffer', maxBuffer: 1024 * 1024 * 1024 },
  );
  const stereo = new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  const channel = (offset: number) =>
    Int16Array.from({ length: stereo.length / 2 }, (_, i) => stereo[i * 2 + offset]!);
  return {
    rate,
    left: channel(0),
    right: channel(1),
    durationMs: (stereo.length / 2 / rate) * 1_000,
  };
}

/** The samples between two moments, ms from the start. */
export function between(samples: Int16Array, rate: number, fromMs: number, toMs: number): Int16Array {
  return samples.subarray(Math.round((fromMs * rate) / 1_000), Math.round((toMs * rate) / 1_000));
}

/** Root mean square, 0–32768. */
export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

/** Spans in which 10 ms windows are louder than `above`, ms from the start, to 10 ms. */
export function loudSpans(
  samples: Int16Array,
  rate: number,
  above = 1_000,
): { fromMs: number; toMs: number }[] {
  const window = rate / 100;
  const spans: { fromMs: number; toMs: number }[] = [];
  for (let at = 0; at + window <= samples.length; at += window) {
    const ms = (at / rate) * 1_000;
    const last = spans.at(-1);
    if (rms(samples.subarray(at, at + window)) < above) continue;
    if (last && ms - last.toMs < 15) last.toMs = ms + 10;
    else spans.push({ fromMs: ms, toMs: ms + 10 });
  }
  return spans;
}
