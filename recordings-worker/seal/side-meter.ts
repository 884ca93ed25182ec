import { WorkerError } from '../worker-error.ts';
import { Ffmpeg } from './ffmpeg.ts';
import { type ChannelEnergy, EnergyMeter } from './loudness.ts';
import { OggOpusWriter } from './ogg-opus.ts';
import { bucketMs, PeakMeter } from './peaks.ts';
import { leadSlots, slotTicks } from './webm.ts';

/** How one side of the recording sounds. */
export interface Measured {
  /** 0–255 per bucket. */
  readonly peaks: number[];
  readonly energy: ChannelEnergy;
}

/** Measures samples as they go by. */
export class SampleMeter {
  readonly #peaks: PeakMeter;
  readonly #energy: EnergyMeter;

  constructor(rate: number) {
    this.#peaks = new PeakMeter(rate);
    this.#energy = new EnergyMeter(rate);
  }

  add(samples: Int16Array): void {
    this.#peaks.add(samples);
    this.#energy.add(samples);
  }

  finish(): Measured {
    return { peaks: this.#peaks.finish(), energy: this.#energy.finish() };
  }
}

/** A side on which nobody was ever heard; `ticks`: the recording's length at 48 kHz. */
export function silence(ticks: number): Measured {
  const buckets = Math.ceil(ticks / (48 * bucketMs));
  const energy = { tenths: new Float64Array(Math.floor(ticks / 4_800)), peak: 0 };
  return { peaks: new Array<number>(buckets).fill(0), energy };
}

/** The native decoder, which takes a third of the time of libopus. It works at 48 kHz; asking for less costs more. */
const rate = 48_000;

/**
 * Decodes the very packets that one side of the file consists of and measures what comes out. That also proves them:
 * a packet that does not decode to its 20 ms would move all that follows.
 */
export class PacketMeter {
  readonly #ffmpeg: Ffmpeg;
  readonly #ogg = new OggOpusWriter(1);
  readonly #meter = new SampleMeter(rate);
  readonly #measured: Promise<void>;
  readonly #ticks: number;
  #skip = leadSlots * slotTicks;
  #got = 0;
  #pages: Buffer[];

  /** `ticks`: the recording's length at 48 kHz; what comes behind it is not measured. */
  constructor(ticks: number, { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number }) {
    this.#ticks = ticks;
    const input = ['-f', 'ogg', '-c:a', 'opus', '-i', 'pipe:0'];
    const output = ['-f', 's16le', '-ac', '1', '-ar', String(rate), 'pipe:1'];
    this.#ffmpeg = new Ffmpeg([...input, ...output], { code: 'seal.decoder', signal, deadlineMs });
    this.#pages = [this.#ogg.header()];
    this.#measured = this.#listen();
    // Heard of in `finish`.
    this.#measured.catch(() => {});
  }

  add(packet: Buffer): void {
    const page = this.#ogg.add(packet, slotTicks);
    if (page) this.#pages.push(page);
  }

  /** Resolves when what was added so far has gone out. */
  async flush(): Promise<void> {
    if (this.#pages.length === 0) return;
    const bytes = Buffer.concat(this.#pages);
    this.#pages = [];
    await this.#ffmpeg.write(bytes);
  }

  async finish(): Promise<Measured> {
    this.#pages.push(this.#ogg.end());
    await this.flush();
    this.#ffmpeg.stdin.end();
    await this.#measured;
    if (this.#got < this.#ticks) {
      const cause = new Error(`${this.#got} of ${this.#ticks} samples`);
      throw new WorkerError('seal.decoder', 'The decoder gave back less audio than it was given.', { cause });
    }
    return this.#meter.finish();
  }

  close(): void {
    this.#ffmpeg.kill();
  }

  async #listen(): Promise<void> {
    let odd: Buffer = Buffer.alloc(0);
    for await (const chunk of this.#ffmpeg.output()) {
      const bytes = odd.length > 0 || chunk.byteOffset % 2 ? Buffer.concat([odd, chunk]) : chunk;
      const whole = bytes.length - (bytes.length % 2);
      odd = bytes.length > whole ? Buffer.from(bytes.subarray(whole, whole + 1)) : Buffer.alloc(0);
      this.#take(new Int16Array(bytes.buffer, bytes.byteOffset, whole / 2));
    }
  }

  #take(samples: Int16Array): void {
    const skipped = Math.min(this.#skip, samples.length);
    this.#skip -= skipped;
    const wanted = samples.subarray(skipped, skipped + Math.max(0, this.#ticks - this.#got));
    this.#got += samples.length - skipped;
    this.#meter.add(wanted);
  }
}
