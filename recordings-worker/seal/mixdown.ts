import type { LegRole } from '#contract/primitives.ts';
import type { SampleRate, StereoEncoder } from './encoder.ts';
import type { LegPcm } from './leg-pcm.ts';
import { PeakMeter } from './peaks.ts';
import type { LegTimeline } from './timeline.ts';

export type Side = 'left' | 'right';

/** The company's voices, agents and bots, are on the left, customers on the right. */
export const sideOf = (role: LegRole): Side => (role === 'customer' ? 'right' : 'left');

export interface MixdownLeg {
  readonly side: Side;
  readonly timeline: LegTimeline;
  readonly pcm: LegPcm;
}

/** Seconds handed to the encoder at a time. */
const chunkSeconds = 2;
/** Room for a packet that reaches over the end of a chunk; the longest one holds a second of G.711. */
const overhangSeconds = 2;

/** One side of the recording for the span that is being made, with room for what reaches beyond it. */
class Channel {
  readonly #chunk: number;
  readonly #samples: Int16Array;
  readonly meter: PeakMeter;

  constructor(rate: SampleRate) {
    this.#chunk = rate * chunkSeconds;
    this.#samples = new Int16Array(rate * (chunkSeconds + overhangSeconds));
    this.meter = new PeakMeter(rate);
  }

  /** Adds to what is there: agents and bots share a side. Too loud sums are cut off. */
  mix(at: number, pcm: Int16Array): void {
    const target = this.#samples;
    const end = Math.min(pcm.length, target.length - at);
    for (let i = 0; i < end; i++) {
      const sum = target[at + i]! + pcm[i]!;
      target[at + i] = Math.max(-32_768, Math.min(32_767, sum));
    }
  }

  get samples(): Int16Array {
    return this.#samples;
  }

  next(): void {
    this.#samples.copyWithin(0, this.#chunk);
    this.#samples.fill(0, this.#samples.length - this.#chunk);
  }
}

/** Where a leg's reading stands. */
interface Cursor {
  readonly leg: MixdownLeg;
  /** Output samples from the start of the recording to the leg's position 0. */
  readonly offset: number;
  readonly perTick: number;
  next: number;
}

/**
 * Lays all legs on one timeline and feeds the encoder, measuring peaks on the way.
 * `startMs`: UTC ms of the recording's first sample; `totalSamples`: its exact length at `rate`.
 */
export async function mixDown(input: {
  legs: readonly MixdownLeg[];
  startMs: number;
  totalSamples: number;
  rate: SampleRate;
  encoder: StereoEncoder;
}): Promise<{ left: number[]; right: number[] }> {
  const { rate, totalSamples, encoder } = input;
  const chunk = rate * chunkSeconds;
  const channels: Record<Side, Channel> = { left: new Channel(rate), right: new Channel(rate) };
  const cursors: Cursor[] = input.legs.map((leg) => ({
    leg,
    offset: Math.round(((leg.timeline.startMs - input.startMs) * rate) / 1_000),
    perTick: rate / leg.timeline.clockRate,
    next: 0,
  }));
  // One is filled while the other goes out to the encoder.
  const buffers = [new Int16Array(chunk * 2), new Int16Array(chunk * 2)];
  let going: Promise<void> = Promise.resolve();
  for (let from = 0, turn = 0; from < totalSamples; from += chunk, turn ^= 1) {
    for (const cursor of cursors) await advance(cursor, from, chunk, channels[cursor.leg.side]);
    const length = Math.min(chunk, totalSamples - from);
    const left = channels.left.samples.subarray(0, length);
    const right = channels.right.samples.subarray(0, length);
    channels.left.meter.add(left);
    channels.right.meter.add(right);
    const stereo = buffers[turn]!;
    for (let i = 0; i < length; i++) {
      stereo[i * 2] = left[i]!;
      stereo[i * 2 + 1] = right[i]!;
    }
    await going;
    going = encoder.write(Buffer.from(stereo.buffer, 0, length * 4));
    // Awaited a turn later; a fault must not count as unheard until then.
    going.catch(() => {});
    channels.left.next();
    channels.right.next();
  }
  await going;
  return { left: channels.left.meter.finish(), right: channels.right.meter.finish() };
}

async function advance(cursor: Cursor, from: number, chunk: number, channel: Channel): Promise<void> {
  const { timeline, pcm } = cursor.leg;
  while (cursor.next < timeline.order.length) {
    const at = cursor.offset + Math.round(timeline.position[cursor.next]! * cursor.perTick) - from;
    if (at >= chunk) return;
    cursor.next += 1;
    const next = pcm.next();
    channel.mix(at, next instanceof Promise ? await next : next);
  }
}
