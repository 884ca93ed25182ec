import { open } from 'node:fs/promises';
import { WorkerError } from '../worker-error.ts';
import { startFfmpeg } from './ffmpeg.ts';

/** Telephone audio is kept at its own rate; Opus legs at 24 kHz, which holds all that speech has. Hz. */
export const sampleRates = { telephone: 8_000, wide: 24_000 } as const;
export type SampleRate = (typeof sampleRates)[keyof typeof sampleRates];

/** Both channels together, bits per second. */
const bitRates: Record<SampleRate, number> = { 8000: 48_000, 24000: 64_000 };

/**
 * Encodes interleaved 16-bit stereo to WebM Opus with an index at the front.
 *
 * The two channels are two streams that know nothing of each other (no joint stereo): what the agent said is in
 * the left one alone, also where both speak. ffmpeg writes that as mapping family 255, which leaves the channels
 * without a meaning; family 1 with the same table (RFC 7845 §5.1.1.2) says left and right, so that byte is set
 * afterwards. The CELT mode of `lowdelay` and the lowest complexity make sealing fast; at these rates nobody
 * hears the difference.
 */
export class StereoEncoder {
  readonly #path: string;
  readonly #ffmpeg: ReturnType<typeof startFfmpeg>;
  #failed = false;

  constructor(path: string, rate: SampleRate, signal: AbortSignal) {
    this.#path = path;
    const input = ['-f', 's16le', '-ar', String(rate), '-ac', '2', '-i', 'pipe:0'];
    const codec = ['-c:a', 'libopus', '-mapping_family', '255', '-application', 'lowdelay', '-vbr', 'on'];
    const cost = ['-b:a', String(bitRates[rate]), '-compression_level', '0', '-frame_duration', '20'];
    // Bit-exact: sealing the same spool again gives the same file.
    const container = ['-fflags', '+bitexact', '-flags:a', '+bitexact', '-f', 'webm', '-cues_to_front', '1'];
    this.#ffmpeg = startFfmpeg(
      [...input, ...codec, ...cost, ...container, '-y', path],
      'seal.encoder',
      signal,
    );
    this.#ffmpeg.stdout.resume();
    this.#ffmpeg.ended.catch(() => {
      this.#failed = true;
      this.#ffmpeg.stdin.destroy();
    });
  }

  /** Resolves when the samples have gone out: until then they must not change. */
  async write(interleaved: Buffer): Promise<void> {
    if (this.#failed) await this.#ffmpeg.ended;
    const gone = new Promise<void>((resolve) => {
      this.#ffmpeg.stdin.write(interleaved, () => resolve());
    });
    await Promise.race([gone, this.#ffmpeg.ended]);
    if (this.#failed) await this.#ffmpeg.ended;
  }

  async finish(): Promise<void> {
    this.#ffmpeg.stdin.end();
    await this.#ffmpeg.ended;
    await nameChannels(this.#path);
  }

  kill(): void {
    this.#ffmpeg.kill();
  }
}

/** Sets the channel mapping family in the file's OpusHead (RFC 7845 §5.1) from 255 to 1, and brings it to disk. */
async function nameChannels(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const start = Buffer.alloc(4_096);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const head = start.subarray(0, bytesRead).indexOf('OpusHead');
    const familyAt = head + 18;
    // Two channels, two streams, none coupled, mapped 0 and 1.
    const expected = Buffer.from([255, 2, 0, 0, 1]);
    if (head < 0 || start[head + 9] !== 2 || !start.subarray(familyAt, familyAt + 5).equals(expected)) {
      throw new WorkerError('seal.encoder', 'The encoder wrote a file of another shape than expected.');
    }
    await file.write(Buffer.from([1]), 0, 1, familyAt);
    await file.sync();
  } finally {
    await file.close();
  }
}
