import type { SampleRate } from './encoder.ts';
import type { LegPcm } from './leg-pcm.ts';
import type { LegTimeline } from './timeline.ts';

export interface MixdownLeg {
  /** Index of the channel that it is heard on. */
  readonly channel: number;
  readonly timeline: LegTimeline;
  readonly pcm: LegPcm;
}

/** Seconds mixed at a time. */
const chunkSeconds = 2;
/** Room for a packet that reaches over the end of a chunk; the longest one holds a second of G.711. */
const overhangSeconds = 2;

/** One channel of the recording for the span that is being made, with room for what reaches beyond it. */
class Channel {
  readonly #chunk: number;
  readonly samples: Int16Array;

  constructor(rate: SampleRate) {
    this.#chunk = rate * chunkSeconds;
    this.samples = new Int16Array(rate * (chunkSeconds + overhangSeconds));
  }

  /** Adds to what is there: agents and bots share a side. Too loud sums are cut off. */
  mix(at: number, pcm: Int16Array): void {
    const target = this.samples;
    const end = Math.min(pcm.length, target.length - at);
    for (let i = Math.max(0, -at); i < end; i++) {
      const sum = target[at + i]! + pcm[i]!;
      target[at + i] = Math.max(-32_768, Math.min(32_767, sum));
    }
  }

  next(): void {
    this.samples.copyWithin(0, this.#chunk);
    this.samples.fill(0, this.samples.length - this.#chunk);
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
 * Lays legs on one timeline: the channels' samples, two seconds at a time, the last time less. The arrays hold until
 * the next turn. `startMs`: UTC ms of the recording's first sample; `totalSamples`: its exact length at `rate`.
 */
export async function* mixDown(input: {
  legs: readonly MixdownLeg[];
  channels: number;
  startMs: number;
  totalSamples: number;
  rate: SampleRate;
}): AsyncGenerator<Int16Array[]> {
  const { rate, totalSamples } = input;
  const chunk = rate * chunkSeconds;
  const channels = Array.from({ length: input.channels }, () => new Channel(rate));
  const cursors: Cursor[] = input.legs.map((leg) => ({
    leg,
    offset: ((leg.timeline.startMs - input.startMs) * rate) / 1_000,
    perTick: rate / leg.timeline.clockRate,
    next: 0,
  }));
  for (let from = 0; from < totalSamples; from += chunk) {
    for (const cursor of cursors) await advance(cursor, from, chunk, channels[cursor.leg.channel]!);
    const length = Math.min(chunk, totalSamples - from);
    yield channels.map(({ samples }) => samples.subarray(0, length));
    for (const channel of channels) channel.next();
  }
}

async function advance(cursor: Cursor, from: number, chunk: number, channel: Channel): Promise<void> {
  const { timeline, pcm } = cursor.leg;
  const place = (i: number) => Math.round(cursor.offset + timeline.position[i]! * cursor.perTick) - from;
  while (cursor.next < timeline.order.length) {
    const at = place(cursor.next);
    if (at >= chunk) return;
    cursor.next += 1;
    const given = pcm.next();
    const samples = given instanceof Promise ? await given : given;
    const room = cursor.next < timeline.order.length ? place(cursor.next) - at : samples.length;
    channel.mix(at, fitted(samples, room));
  }
}

/** What a clock that is not right makes a packet too long or too short by, as a share of it. */
const maxMisfit = 0.005;

/**
 * The samples, with one dropped or repeated (a few in a long packet) so that they reach exactly to the next packet.
 * Where the next packet is far off, they are left as they are.
 */
function fitted(samples: Int16Array, room: number): Int16Array {
  const excess = samples.length - room;
  if (excess === 0 || Math.abs(excess) > 2 + samples.length * maxMisfit || samples.length < 16)
    return samples;
  let made = samples;
  for (let i = 0; i < Math.abs(excess); i++)
    made = excess > 0 ? without(made, flattest(made)) : twice(made, flattest(made));
  return made;
}

/** Where two neighbours differ least: a change there is heard least. */
function flattest(samples: Int16Array): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < samples.length - 1; i++) {
    const bend = Math.abs(samples[i + 1]! - samples[i]!) + Math.abs(samples[i]! - samples[i - 1]!);
    if (bend < least) {
      least = bend;
      best = i;
    }
  }
  return best;
}

function without(samples: Int16Array, at: number): Int16Array {
  const made = new Int16Array(samples.length - 1);
  made.set(samples.subarray(0, at));
  made.set(samples.subarray(at + 1), at);
  return made;
}

function twice(samples: Int16Array, at: number): Int16Array {
  const made = new Int16Array(samples.length + 1);
  made.set(samples.subarray(0, at + 1));
  made.set(samples.subarray(at), at + 1);
  return made;
}
