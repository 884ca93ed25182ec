import { WorkerError } from '../worker-error.ts';
import { FrameEncoder, leadSamples, type SampleRate, sampleRates } from './encoder.ts';
import { type LegPcm, openLegPcm } from './leg-pcm.ts';
import { type MixdownLeg, mixDown } from './mixdown.ts';
import { type Measured, SampleMeter } from './side-meter.ts';
import type { SidePlan } from './side-plan.ts';
import { slotsFor } from './webm.ts';

export interface SideMixOptions {
  /** UTC ms of the recording's first sample. */
  readonly startMs: number;
  /** The recording's length at 48 kHz. */
  readonly ticks: number;
  readonly signal: AbortSignal;
  /** Of each child process, ms. */
  readonly deadlineMs: number;
}

/** What is decoded, mixed and encoded anew: all such legs of one side or of both, through one encoder. */
export class SideMix {
  readonly rate: SampleRate;
  /** Side (index of the plan) of each channel. */
  readonly #sides: readonly number[];
  readonly #legs: readonly MixdownLeg[];
  readonly #pcm: readonly LegPcm[];
  readonly #meters: readonly SampleMeter[];
  readonly #encoder: FrameEncoder;
  readonly #options: SideMixOptions;
  readonly #slots: number;

  /** At least one of the plans has something to mix. */
  constructor(plans: readonly SidePlan[], options: SideMixOptions) {
    const { signal, deadlineMs } = options;
    this.#options = options;
    this.#slots = slotsFor(options.ticks);
    const all = plans.flatMap(({ mixed }) => mixed);
    const narrow = all.every(({ leg }) => leg.clockRate === sampleRates.telephone);
    this.rate = narrow ? sampleRates.telephone : sampleRates.wide;
    this.#sides = plans.flatMap(({ mixed }, side) => (mixed.length > 0 ? [side] : []));
    const { rate } = this;
    this.#legs = this.#sides.flatMap((side, channel) =>
      plans[side]!.mixed.map(({ leg, index, timeline }) => {
        const pcm = openLegPcm({ codec: leg.codec, index, timeline, rate, signal, deadlineMs });
        return { channel, timeline, pcm };
      }),
    );
    this.#pcm = this.#legs.map(({ pcm }) => pcm);
    this.#meters = this.#sides.map(() => new SampleMeter(rate));
    this.#encoder = new FrameEncoder(rate, this.#sides.length === 2 ? 2 : 1, { signal, deadlineMs });
  }

  /**
   * The packets of all slots in turn, some slots at a time; in each slot one packet per side, undefined for a side
   * that is not mixed. Errors: WorkerError `seal.encoder`, `seal.decoder`; the disk's own.
   */
  async *packets(): AsyncGenerator<(Buffer | undefined)[][]> {
    let fault: unknown;
    const fed = this.#feed().catch((error: unknown) => {
      fault = error;
      // Whoever waits for packets is let go, and told what went wrong here.
      this.#encoder.kill();
    });
    let slots = 0;
    try {
      for await (const batch of this.#encoder.packets()) {
        // The encoder empties itself into a packet or two behind the end.
        const wanted = batch.slice(0, this.#slots - slots);
        slots += wanted.length;
        if (wanted.length > 0) yield wanted.map((packets) => this.#bySide(packets));
      }
      await fed;
    } catch (error) {
      throw fault ?? error;
    }
    if (fault !== undefined) throw fault;
    if (slots < this.#slots) {
      const cause = new Error(`${slots} of ${this.#slots} packets`);
      throw new WorkerError('seal.encoder', 'The encoder gave back less audio than it was given.', { cause });
    }
  }

  /** How a side sounds that is mixed, when all packets have been taken. */
  measured(side: number): Measured | undefined {
    return this.#meters[this.#sides.indexOf(side)]?.finish();
  }

  close(): void {
    for (const pcm of this.#pcm) pcm.close();
    this.#encoder.kill();
  }

  #bySide(packets: readonly Buffer[]): (Buffer | undefined)[] {
    const each: (Buffer | undefined)[] = [undefined, undefined];
    this.#sides.forEach((side, channel) => {
      each[side] = packets[channel]!;
    });
    return each;
  }

  async #feed(): Promise<void> {
    const { startMs, ticks } = this.#options;
    const { rate } = this;
    const channels = this.#sides.length;
    const totalSamples = Math.ceil((ticks * rate) / 48_000);
    const lead = leadSamples(rate);
    await this.#encoder.write(new Int16Array(lead * channels));
    for await (const chunk of mixDown({ legs: this.#legs, channels, startMs, totalSamples, rate })) {
      for (const [channel, samples] of chunk.entries()) this.#meters[channel]!.add(samples);
      await this.#encoder.write(interleaved(chunk));
    }
    const whole = (this.#slots * rate) / 50;
    await this.#encoder.write(new Int16Array(Math.max(0, whole - lead - totalSamples) * channels));
    this.#encoder.end();
  }
}

function interleaved(channels: readonly Int16Array[]): Int16Array {
  const [first, second] = channels;
  if (!second) return first!;
  const both = new Int16Array(first!.length * 2);
  for (let i = 0; i < second.length; i++) {
    both[i * 2] = first![i]!;
    both[i * 2 + 1] = second[i]!;
  }
  return both;
}
