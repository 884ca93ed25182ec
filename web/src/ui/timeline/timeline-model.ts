import type { LegRole } from '#contract/primitives.ts';
import type { PeaksFile, RecordingGap } from '#contract/recordings.ts';

/** A span without audio on one lane; `hold` is hatched, the rest is grey. */
export type TimelineGap = RecordingGap;

/** A moment with a name: a bookmark, a join, an event of the call. */
export interface TimelinePin {
  readonly id: string;
  readonly atMs: number;
  readonly label: string;
  /** Whose colour it takes; without one it is neutral. */
  readonly role?: LegRole;
}

/** The loudness of both voices over time, 0–255 per bucket, as the peaks file has it. */
export type TimelinePeaks = Pick<PeaksFile, 'bucketMs' | 'channels'>;

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Both lanes as 0–1, drawn on one scale so that a quiet voice looks quiet beside a loud one. The scale follows the
 * loudest moment of the call, but never lifts room noise to full height.
 */
export function drawnLanes({ channels }: TimelinePeaks): [agent: Float32Array, customer: Float32Array] {
  const quietestFull = 64;
  let loudest = quietestFull;
  for (const lane of [channels.agent, channels.customer]) {
    for (const value of lane) if (value > loudest) loudest = value;
  }
  const length = Math.max(1, channels.agent.length, channels.customer.length);
  const draw = (lane: readonly number[]) => {
    const drawn = new Float32Array(length);
    for (let index = 0; index < lane.length; index++) drawn[index] = (lane[index] ?? 0) / loudest;
    return drawn;
  };
  return [draw(channels.agent), draw(channels.customer)];
}

export interface SilenceOptions {
  /** A bucket at or below this (0–255) is silent; 6 is about −33 dBFS, above line noise and below soft speech. */
  readonly threshold?: number;
  /** Shorter pauses belong to the conversation. Milliseconds. */
  readonly atLeastMs?: number;
}

/** Spans in which neither voice is heard: what "skip silence" leaves out. In order, not touching. */
export function silences(
  { bucketMs, channels }: TimelinePeaks,
  { threshold = 6, atLeastMs = 1_500 }: SilenceOptions = {},
): TimeSpan[] {
  const found: TimeSpan[] = [];
  const length = Math.max(channels.agent.length, channels.customer.length);
  let from: number | null = null;
  for (let bucket = 0; bucket <= length; bucket++) {
    const quiet =
      bucket < length &&
      (channels.agent[bucket] ?? 0) <= threshold &&
      (channels.customer[bucket] ?? 0) <= threshold;
    if (quiet) {
      from ??= bucket;
    } else if (from !== null) {
      if ((bucket - from) * bucketMs >= atLeastMs) {
        found.push({ fromMs: from * bucketMs, toMs: bucket * bucketMs });
      }
      from = null;
    }
  }
  return found;
}

/** A bucket louder than this (0–255) is speech, for shares; the same limit as for silence. */
const spoken = 6;

/**
 * Shares of the time, together 1: a moment belongs to whoever is louder in it, to nobody when both are silent.
 */
export function talkShares({ channels }: TimelinePeaks): {
  agent: number;
  customer: number;
  silence: number;
} {
  const length = Math.max(channels.agent.length, channels.customer.length);
  let agent = 0;
  let customer = 0;
  for (let bucket = 0; bucket < length; bucket++) {
    const a = channels.agent[bucket] ?? 0;
    const c = channels.customer[bucket] ?? 0;
    if (Math.max(a, c) <= spoken) continue;
    if (a >= c) agent++;
    else customer++;
  }
  if (length === 0) return { agent: 0, customer: 0, silence: 1 };
  return {
    agent: agent / length,
    customer: customer / length,
    silence: (length - agent - customer) / length,
  };
}

/** A short breath stays on either side of what is skipped, so that words are not cut. Milliseconds. */
export const silenceEdgeMs = 250;

/** Where to go on from a position when silence is skipped: the end of the silence it lies in, or null. */
export function afterSilence(positionMs: number, spans: readonly TimeSpan[]): number | null {
  for (const { fromMs, toMs } of spans) {
    if (positionMs < fromMs + silenceEdgeMs) return null;
    if (positionMs < toMs - silenceEdgeMs) return toMs - silenceEdgeMs;
  }
  return null;
}

const tickSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Milliseconds between two labels of the ruler, so that they stand at least `apartPx` pixels apart. */
export function tickInterval(pxPerSecond: number, apartPx = 72): number {
  const seconds = tickSeconds.find((candidate) => candidate * pxPerSecond >= apartPx) ?? 7200;
  return seconds * 1000;
}
