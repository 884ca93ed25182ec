import { WorkerError } from '../worker-error.ts';
import { Ffmpeg } from './ffmpeg.ts';
import { OggReader } from './ogg-opus-reader.ts';
import { splitDelimited } from './opus-packet.ts';
import { leadSlots, slotTicks } from './webm.ts';

/** Telephone audio is kept at its own rate; what was Opus once at 24 kHz, which holds all that speech has. Hz. */
export const sampleRates = { telephone: 8_000, wide: 24_000 } as const;
export type SampleRate = (typeof sampleRates)[keyof typeof sampleRates];

/** One channel, bits per second. */
const bitRates: Record<SampleRate, number> = { 8000: 24_000, 24000: 32_000 };

/** libopus looks this far ahead in its low-delay mode, ticks of 48 kHz: what it gives back is so much late. */
const lookahead = 120;

/** Silence before the first sample, so that the encoder's delay and it fill the recording's lead exactly. Samples. */
export const leadSamples = (rate: SampleRate): number =>
  ((leadSlots * slotTicks - lookahead) * rate) / 48_000;

/**
 * Encodes 16-bit PCM of one channel, or two interleaved ones, to mono Opus packets of 20 ms, one per channel.
 *
 * Two channels become two streams that know nothing of each other (no joint stereo): what the agent said is in the
 * left one alone, also where both speak. One process for both is a third quicker than two. The CELT mode of
 * `lowdelay` and the lowest complexity make sealing fast; at these rates nobody hears the difference.
 */
export class FrameEncoder {
  readonly #ffmpeg: Ffmpeg;
  readonly #channels: 1 | 2;

  constructor(
    rate: SampleRate,
    channels: 1 | 2,
    { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number },
  ) {
    this.#channels = channels;
    const input = ['-f', 's16le', '-ar', String(rate), '-ac', String(channels), '-i', 'pipe:0'];
    const mapping = channels === 2 ? ['-mapping_family', '255'] : [];
    const codec = ['-c:a', 'libopus', ...mapping, '-application', 'lowdelay', '-vbr', 'on'];
    const bits = String(bitRates[rate] * channels);
    const cost = ['-b:a', bits, '-compression_level', '0', '-frame_duration', '20'];
    // Bit-exact: sealing the same spool again gives the same file.
    const output = ['-fflags', '+bitexact', '-flags:a', '+bitexact', '-f', 'ogg', 'pipe:1'];
    const code = 'seal.encoder';
    this.#ffmpeg = new Ffmpeg([...input, ...codec, ...cost, ...output], { code, signal, deadlineMs });
  }

  /** Resolves when the samples have gone out: until then they must not change. */
  write(samples: Int16Array): Promise<void> {
    return this.#ffmpeg.write(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  /** No more samples will come. */
  end(): void {
    this.#ffmpeg.stdin.end();
  }

  /** Batches of the packets of each slot, one per channel. */
  async *packets(): AsyncGenerator<Buffer[][]> {
    const ogg = new OggReader();
    let headers = 2;
    for await (const chunk of this.#ffmpeg.output()) {
      const packets = understood(() => ogg.push(chunk));
      if (headers === 2 && packets.length > 0) checkHead(packets[0]!, this.#channels);
      const skipped = Math.min(headers, packets.length);
      headers -= skipped;
      if (packets.length > skipped) yield packets.slice(skipped).map((packet) => this.#split(packet));
    }
    understood(() => ogg.end());
  }

  kill(): void {
    this.#ffmpeg.kill();
  }

  #split(packet: Buffer): Buffer[] {
    const each = this.#channels === 1 ? [packet] : splitDelimited(packet);
    // One frame each (RFC 6716 §3.2.2).
    if (each?.every((one) => (one[0]! & 3) === 0)) return each;
    throw new WorkerError('seal.encoder', 'The encoder wrote packets of another shape than asked for.');
  }
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new WorkerError('seal.encoder', 'What the encoder wrote cannot be read.', { cause });
  }
}

/** Another version of the encoder may look further ahead: then everything would be in the wrong place. */
function checkHead(head: Buffer, channels: number): void {
  const skip = head.length >= 19 ? head.readUInt16LE(10) : -1;
  if (head.toString('latin1', 0, 8) === 'OpusHead' && head[9] === channels && skip === lookahead) return;
  const cause = new Error(`${head[9]} channels, ${skip} samples to skip, not ${channels} and ${lookahead}`);
  throw new WorkerError('seal.encoder', 'The encoder works in another way than it was measured for.', {
    cause,
  });
}
