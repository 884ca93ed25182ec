import type { Codec } from '#contract/primitives.ts';
import { aLawToLinear, decodeG711, type G711Law, muLawToLinear } from '#kernel/rtp/g711.ts';
import { WorkerError } from '../worker-error.ts';
import { Ffmpeg } from './ffmpeg.ts';
import { OggOpusWriter } from './ogg-opus.ts';
import { type PacketIndex, PayloadReader } from './packet-index.ts';
import type { LegTimeline } from './timeline.ts';

/** A leg's packets as 16-bit mono samples, one packet after the other in playing order. */
export interface LegPcm {
  /** The samples of the next packet; a view that holds until the next call. Length: its duration at the output rate. */
  next(): Int16Array | Promise<Int16Array>;
  close(): void;
}

export interface LegPcmOptions {
  readonly codec: Codec;
  readonly index: PacketIndex;
  readonly timeline: LegTimeline;
  /** Output rate, Hz. */
  readonly rate: number;
  readonly signal: AbortSignal;
  /** A decoder that lives longer is killed, ms. */
  readonly deadlineMs: number;
}

export function openLegPcm(options: LegPcmOptions): LegPcm {
  const { codec, rate } = options;
  if (codec === 'opus') {
    // ffmpeg's own decoder, which takes half the time of libopus.
    const input = ['-f', 'ogg', '-c:a', 'opus'];
    return new DecodedPcm(options, input, oggPages(options));
  }
  if (rate === options.timeline.clockRate) return new TablePcm(codec, options);
  const input = ['-f', 's16le', '-ac', '1', '-ar', String(options.timeline.clockRate)];
  return new DecodedPcm(options, input, linearPcm(codec, options));
}

/** G.711 at its own rate: a table look-up per sample. */
class TablePcm implements LegPcm {
  readonly #table: Readonly<Int16Array>;
  readonly #reader: PayloadReader;
  readonly #order: Uint32Array;
  readonly #samples = new Int16Array(65_536);
  #at = 0;

  constructor(law: G711Law, { index, timeline }: LegPcmOptions) {
    this.#table = law === 'PCMU' ? muLawToLinear : aLawToLinear;
    this.#reader = new PayloadReader(index);
    this.#order = timeline.order;
  }

  next(): Int16Array {
    const payload = this.#reader.payload(this.#order[this.#at++]!);
    const samples = this.#samples;
    for (let i = 0; i < payload.length; i++) samples[i] = this.#table[payload[i]!]!;
    return samples.subarray(0, payload.length);
  }

  close(): void {
    this.#reader.close();
  }
}

/** Samples from a decoder's pipe, cut into packets again by their durations. */
class DecodedPcm implements LegPcm {
  readonly #ffmpeg: Ffmpeg;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #durations: (packet: number) => number;
  readonly #order: Uint32Array;
  readonly #perTick: number;
  /** What went wrong with reading the spool, as opposed to decoding it. */
  #unread: unknown;
  #at = 0;
  #ticks = 0;
  #given = 0;
  /** Decoded and not given yet: `from` to `to`. One buffer for all of it, as new ones by the megabyte cost more than decoding. */
  #bytes = Buffer.alloc(262_144);
  #from = 0;
  #to = 0;

  constructor(options: LegPcmOptions, inputArgs: readonly string[], input: Iterable<Buffer>) {
    const { index, timeline, rate, signal, deadlineMs } = options;
    this.#durations = (packet) => index.duration[packet]!;
    this.#order = timeline.order;
    this.#perTick = rate / timeline.clockRate;
    const output = ['-f', 's16le', '-ac', '1', '-ar', String(rate), 'pipe:1'];
    const code = 'seal.decoder';
    this.#ffmpeg = new Ffmpeg([...inputArgs, '-i', 'pipe:0', ...output], { code, signal, deadlineMs });
    this.#chunks = this.#ffmpeg.output();
    void this.#feed(input);
  }

  next(): Int16Array | Promise<Int16Array> {
    this.#ticks += this.#durations(this.#order[this.#at++]!);
    const until = Math.round(this.#ticks * this.#perTick);
    const samples = until - this.#given;
    this.#given = until;
    return this.#to - this.#from >= samples * 2 ? this.#cut(samples) : this.#fill(samples);
  }

  close(): void {
    this.#ffmpeg.kill();
  }

  async #feed(input: Iterable<Buffer>): Promise<void> {
    try {
      for (const piece of input) await this.#ffmpeg.write(piece);
      this.#ffmpeg.stdin.end();
    } catch (error) {
      // A failure of the child is heard of by who reads from it; one of the spool is not.
      this.#unread = error;
      this.#ffmpeg.kill();
    }
  }

  async #fill(samples: number): Promise<Int16Array> {
    while (this.#to - this.#from < samples * 2) {
      const { value, done } = await this.#next();
      if (done) return this.#last(samples);
      this.#append(value);
    }
    return this.#cut(samples);
  }

  async #next(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#chunks.next();
    } catch (error) {
      throw this.#unread instanceof Error ? this.#unread : error;
    }
  }

  /** A resampler may keep a sample or two at the very end. More is a loss that would misplace all that follows. */
  #last(samples: number): Int16Array {
    const missing = samples - Math.floor((this.#to - this.#from) / 2);
    if (this.#at < this.#order.length || missing > 16) {
      const cause = new Error(`${missing} samples missing at packet ${this.#at} of ${this.#order.length}`);
      throw new WorkerError('seal.decoder', 'The decoder gave back less audio than it was given.', { cause });
    }
    this.#append(Buffer.alloc(missing * 2));
    return this.#cut(samples);
  }

  #append(chunk: Buffer): void {
    this.#bytes.copyWithin(0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
    if (this.#to + chunk.length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#to), chunk, this.#bytes]);
    } else chunk.copy(this.#bytes, this.#to);
    this.#to += chunk.length;
  }

  /** Starts are even, and so is the buffer's own: an Int16Array can lie over it. */
  #cut(samples: number): Int16Array {
    const part = new Int16Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#from, samples);
    this.#from += samples * 2;
    return part;
  }
}

/** Pages are made when the decoder wants them, so that nothing piles up. */
function* oggPages({ index, timeline }: LegPcmOptions): Generator<Buffer> {
  const reader = new PayloadReader(index);
  try {
    const writer = new OggOpusWriter(1);
    yield writer.header();
    for (const packet of timeline.order) {
      const payload = Buffer.from(reader.payload(packet));
      const page = writer.add(payload, index.duration[packet]!);
      if (page) yield page;
    }
    yield writer.end();
  } finally {
    reader.close();
  }
}

const packetsPerPiece = 250;

function* linearPcm(law: G711Law, { index, timeline }: LegPcmOptions): Generator<Buffer> {
  const reader = new PayloadReader(index);
  try {
    for (let from = 0; from < timeline.order.length; from += packetsPerPiece) {
      const pieces: Buffer[] = [];
      for (const packet of timeline.order.subarray(from, from + packetsPerPiece)) {
        const samples = decodeG711(law, reader.payload(packet));
        pieces.push(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
      }
      yield Buffer.concat(pieces);
    }
  } finally {
    reader.close();
  }
}
