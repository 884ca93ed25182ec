import type { LegRole } from '#contract/primitives.ts';
import type { RecordingGap } from '#contract/recordings.ts';
import type { LegTimeline } from './timeline.ts';

/** A span of time, UTC ms. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Holes shorter than a packet are rounding, not gaps, ms. */
const shortestMs = 15;
/** A pause in speech that the sender did not send is no news unless it is long, ms. */
const shortestSilenceMs = 1_000;
/** Packets beside a pause that are this far from it were parted by it, ms: a packet's length and the network's delay. */
const pauseEdgeMs = 250;
/** A line that loses packets all the time has more gaps than anyone reads: the longest are kept. */
export const maxGaps = 500;

const overlaps = (spans: readonly Span[], fromMs: number, toMs: number): boolean =>
  spans.some((span) => span.fromMs < toMs && span.toMs > fromMs);

/**
 * Where one leg is silent for want of packets, and why. What the tap had to drop comes before what the network
 * lost (the sequence numbers jump for both); a hold explains what is left.
 */
export function gapsOf(input: {
  role: LegRole;
  timeline: LegTimeline;
  holds: readonly Span[];
  dropped: readonly Span[];
  /** When listening and capture stood still, of all legs. */
  pauses?: readonly Span[];
  /** UTC ms of offset 0. */
  recordingStartMs: number;
}): RecordingGap[] {
  const { timeline, holds, dropped, pauses = [], recordingStartMs } = input;
  const msPerTick = 1_000 / timeline.clockRate;
  const gaps: RecordingGap[] = [];
  const add = (fromMs: number, toMs: number, cause: RecordingGap['cause']): void => {
    gaps.push({
      role: input.role,
      fromMs: Math.max(0, Math.round(fromMs - recordingStartMs)),
      toMs: Math.max(0, Math.round(toMs - recordingStartMs)),
      cause,
    });
  };
  for (const hole of timeline.holes) {
    const span = {
      fromMs: timeline.startMs + hole.from * msPerTick,
      toMs: timeline.startMs + hole.to * msPerTick,
    };
    const { within, rest } = cut(span, pauses);
    for (const { fromMs, toMs } of within) add(fromMs, toMs, 'pause');
    for (const { fromMs, toMs } of rest) {
      if (toMs - fromMs < shortestMs) continue;
      const cause = overlaps(dropped, fromMs, toMs)
        ? 'no-recorder'
        : overlaps(holds, fromMs, toMs)
          ? 'hold'
          : hole.lost
            ? 'loss'
            : 'silence';
      if (cause === 'silence' && toMs - fromMs < shortestSilenceMs) continue;
      add(fromMs, toMs, cause);
    }
  }
  return gaps.sort((a, b) => a.fromMs - b.fromMs);
}

/**
 * Packets that the network did not lose: it brought them, and a hold or a pause kept them from the recorder. The
 * sequence numbers cannot tell the two apart within one hole.
 */
export function withheldPackets(timeline: LegTimeline, spans: readonly Span[]): number {
  const msPerTick = 1_000 / timeline.clockRate;
  let sum = 0;
  for (const { from, to, missing } of timeline.holes) {
    const fromMs = timeline.startMs + from * msPerTick;
    const toMs = timeline.startMs + to * msPerTick;
    if (missing > 0 && overlaps(spans, fromMs, toMs)) sum += missing;
  }
  return sum;
}

/**
 * What of a hole a pause explains, and what it does not: a leg may have been on hold before. The last packet before a
 * pause and the first one after it are a little away from the pause itself; such edges belong to it.
 */
function cut(hole: Span, pauses: readonly Span[]): { within: Span[]; rest: Span[] } {
  const within: Span[] = [];
  const rest: Span[] = [];
  let cursor = hole.fromMs;
  for (const pause of [...pauses].sort((a, b) => a.fromMs - b.fromMs)) {
    if (pause.toMs <= cursor || pause.fromMs >= hole.toMs) continue;
    const begins = pause.fromMs - cursor < pauseEdgeMs ? cursor : pause.fromMs;
    const ends = hole.toMs - pause.toMs < pauseEdgeMs ? hole.toMs : pause.toMs;
    if (begins > cursor) rest.push({ fromMs: cursor, toMs: begins });
    within.push({ fromMs: begins, toMs: ends });
    cursor = ends;
  }
  if (cursor < hole.toMs) rest.push({ fromMs: cursor, toMs: hole.toMs });
  return { within, rest };
}

/** The longest gaps of all legs, in order of time. */
export function keepLongest(gaps: readonly RecordingGap[]): RecordingGap[] {
  return [...gaps]
    .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, maxGaps)
    .sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}
