import type { PacketIndex } from './packet-index.ts';
import type { Run } from './timeline.ts';

/**
 * How a source's clock relates to ours. A packet that the network did not delay arrives at
 * `base + tick time × (1 + slope)`; all others come later. The base may step where the source's clock did.
 */
export interface RunClock {
  /** How much slower the source's clock is, 0.0001 for 100 ppm; 0 when it cannot be told from a right one. */
  readonly slope: number;
  /** UTC ms at which the stream's i-th packet (in the order of arrival) would have come without delay. */
  timeOf(i: number): number;
  /** UTC ms of a tick that lies behind the stream's end. */
  timeAfter(ticks: number): number;
}

/** A change of the least delay by more than this is a step of the source's clock, not of the network, ms. */
const stepMs = 250;
/** What is looked at on both sides of a possible step, and how much of it there must be, ms. */
const lookMs = 10_000;
const enoughMs = 1_250;
/** The least delayed packet of each block speaks for it, ms; and there are never more blocks than this. */
const blockMs = 5_000;
const maxBlocks = 400;
/** A shorter stream cannot be wrong by enough to be heard, ms. */
const leastSpanMs = 60_000;
/** What a whole stream drifts below this is not told from the network's delay, ms. */
const leastDriftMs = 4;
/** No clock is worse than this; what seems to be is something else. */
const worstSlope = 0.005;

/** The least delay of a block: `x` the stream's time, `y` arrival minus the stream's time, ms. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** A stretch of a run without a step, by arrival: packets `from` to `to`, `to` not included. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the clock from the least delayed packets. `earlier`: the clock of the stream that this one may continue, if
 * it begins within so many ms of where that one would be.
 */
export function readClock(
  index: PacketIndex,
  run: Run,
  msPerTick: number,
  earlier: { clock: RunClock; withinMs: number } | undefined,
): RunClock {
  const x = Float64Array.from(run.ticks, (ticks) => ticks * msPerTick);
  const y = Float64Array.from(run.packets, (packet, i) => index.arrivalMs[packet]! - x[i]!);
  const stretches = stretchesOf(x, y);
  const points = stretches.map((stretch) => leastDelayed(x, y, stretch, run.packets.length));
  const slope = slopeOf(points) ?? earlier?.clock.slope ?? 0;
  const levels = points.map((some) => levelOf(some, slope));
  if (earlier) {
    const expected = earlier.clock.timeAfter(run.ticks[0]!) - x[0]! * (1 + slope);
    const difference = expected - levels[0]!;
    if (Math.abs(difference) < earlier.withinMs) levels[0] = expected;
  }
  const levelFor = (i: number): number => {
    let level = levels[0]!;
    for (let k = 1; k < stretches.length && stretches[k]!.from <= i; k++) level = levels[k]!;
    return level;
  };
  return {
    slope,
    timeOf: (i) => levelFor(i) + x[i]! * (1 + slope),
    timeAfter: (ticks) => levels.at(-1)! + ticks * msPerTick * (1 + slope),
  };
}

/**
 * Cuts where the source's clock stepped: from one packet to the next its time and ours disagree, and the least delay
 * stays changed. A network that held packets back and lets them go does not change the least delay for long.
 */
function stretchesOf(x: Float64Array, y: Float64Array): Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  let newest = 0;
  for (let i = 1; i < x.length; i++) {
    if (x[i]! <= x[newest]!) continue;
    if (Math.abs(y[i]! - y[newest]!) > stepMs * 0.8) {
      const old = least(y, x, i - 1, from - 1, -1);
      const fresh = least(y, x, i, x.length, 1);
      if (Math.abs(fresh - old) > stepMs) {
        stretches.push({ from, to: i });
        from = i;
      }
    }
    newest = i;
  }
  stretches.push({ from, to: x.length });
  return stretches;
}

/** The least delay from packet `from` on, in one direction, over some seconds. NaN when there are too few. */
function least(y: Float64Array, x: Float64Array, from: number, to: number, step: 1 | -1): number {
  let smallest = Number.POSITIVE_INFINITY;
  let last = from;
  for (let i = from; i !== to; i += step) {
    if (Math.abs(x[i]! - x[from]!) > lookMs) break;
    smallest = Math.min(smallest, y[i]!);
    last = i;
  }
  return step === 1 && Math.abs(x[last]! - x[from]!) < enoughMs ? Number.NaN : smallest;
}

function leastDelayed(x: Float64Array, y: Float64Array, { from, to }: Stretch, packets: number): Point[] {
  const wholeMs = packets * 20;
  const length = Math.max(blockMs, wholeMs / maxBlocks);
  const points: Point[] = [];
  let best = from;
  let blockStart = x[from]!;
  for (let i = from; i < to; i++) {
    if (x[i]! - blockStart >= length) {
      points.push({ x: x[best]!, y: y[best]! });
      blockStart = x[i]!;
      best = i;
    } else if (y[i]! < y[best]!) best = i;
  }
  points.push({ x: x[best]!, y: y[best]! });
  return points;
}

/**
 * The median of the slopes between points that lie far apart (Theil and Sen), then once more over the less delayed
 * half: a network that is busy for a third of the time does not bend it. Undefined when the stream is too short.
 */
function slopeOf(stretches: readonly (readonly Point[])[]): number | undefined {
  const spans = stretches.map((points) => points.at(-1)!.x - points[0]!.x);
  const longest = Math.max(...spans);
  if (longest < leastSpanMs) return undefined;
  const first = medianSlope(stretches, longest / 4);
  const lower = stretches.map((points) => {
    const rests = points.map((point) => point.y - first * point.x);
    const middle = median(Float64Array.from(rests));
    return points.filter((_, i) => rests[i]! <= middle);
  });
  const slope = medianSlope(lower, longest / 4);
  const whole = spans.reduce((sum, span) => sum + span, 0);
  return Math.abs(slope) > worstSlope || Math.abs(slope) * whole < leastDriftMs ? 0 : slope;
}

function medianSlope(stretches: readonly (readonly Point[])[], leastLag: number): number {
  const slopes: number[] = [];
  for (const points of stretches) {
    for (let i = 0; i < points.length; i++) {
      for (let k = i + 1; k < points.length; k++) {
        const lag = points[k]!.x - points[i]!.x;
        if (lag >= leastLag) slopes.push((points[k]!.y - points[i]!.y) / lag);
      }
    }
  }
  return slopes.length === 0 ? 0 : median(Float64Array.from(slopes));
}

/** Where a stretch lies: nearly its least delay, as the very least may be one packet's luck. */
function levelOf(points: readonly Point[], slope: number): number {
  const rests = Float64Array.from(points, (point) => point.y - slope * point.x).sort();
  return rests[Math.floor(rests.length / 10)]!;
}

/** Sorts in place. */
function median(values: Float64Array): number {
  values.sort();
  return values[values.length >> 1]!;
}
