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
  /** UTC ms of offset 0. */
  recordingStartMs: number;
}): RecordingGap[] {
  const { timeline, holds, dropped, recordingStartMs } = input;
  const msPerTick = 1_000 / timeline.clockRate;
  const gaps: RecordingGap[] = [];
  for (const hole of timeline.holes) {
    const fromMs = timeline.startMs + hole.from * msPerTick;
    const toMs = timeline.startMs + hole.to * msPerTick;
    if (toMs - fromMs < shortestMs) continue;
    const cause = overlaps(dropped, fromMs, toMs)
      ? 'no-recorder'
      : overlaps(holds, fromMs, toMs)
        ? 'hold'
        : hole.lost
          ? 'loss'
          : 'silence';
    if (cause === 'silence' && toMs - fromMs < shortestSilenceMs) continue;
    gaps.push({
      role: input.role,
      fromMs: Math.max(0, Math.round(fromMs - recordingStartMs)),
      toMs: Math.max(0, Math.round(toMs - recordingStartMs)),
      cause,
    });
  }
  return gaps;
}

/** The longest gaps of all legs, in order of time. */
export function keepLongest(gaps: readonly RecordingGap[]): RecordingGap[] {
  return [...gaps]
    .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, maxGaps)
    .sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}
