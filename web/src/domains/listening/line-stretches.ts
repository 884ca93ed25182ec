import { type LineFigures, lineGrade } from '#contract/line-grade.ts';

/** The server keeps what was measured in pieces of this length. Milliseconds. */
export const pieceMs = 10_000;
/** What a report tells of lies before it: the last piece lasted at least as long as that. */
const reportMs = 2_000;
/** A piece begins up to one report later than the one before it ended. */
const joinsWithinMs = pieceMs / 2;

export interface Stretch {
  /** UTC ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly grade: 'fair' | 'poor';
  readonly worst: LineFigures;
}

type Window = LineFigures & { readonly at: number };

/**
 * Where the line was not good, in order; what touches is one stretch, as bad as its worst piece. `endedAt`: when the
 * listening ended, UTC ms, null while it goes on.
 */
export function stretchesOf(windows: readonly Window[], endedAt: number | null): Stretch[] {
  const stretches: Stretch[] = [];
  for (const window of windows) {
    const grade = lineGrade(window);
    if (grade === 'good') continue;
    const before = stretches.at(-1);
    const toMs = Math.min(
      window.at + pieceMs,
      Math.max(window.at + reportMs, endedAt ?? Number.POSITIVE_INFINITY),
    );
    if (before && window.at - before.toMs < joinsWithinMs) {
      stretches[stretches.length - 1] = {
        ...before,
        toMs,
        grade: before.grade === 'poor' ? 'poor' : grade,
        worst: worseOf(before.worst, window),
      };
    } else {
      const { roundTripMs, jitterMs, lossRatio } = window;
      stretches.push({ fromMs: window.at, toMs, grade, worst: { roundTripMs, jitterMs, lossRatio } });
    }
  }
  return stretches;
}

function worseOf(one: LineFigures, other: LineFigures): LineFigures {
  const trips = [one.roundTripMs, other.roundTripMs].filter((trip) => trip !== null);
  return {
    roundTripMs: trips.length === 0 ? null : Math.max(...trips),
    jitterMs: Math.max(one.jitterMs, other.jitterMs),
    lossRatio: Math.max(one.lossRatio, other.lossRatio),
  };
}

/** From where on each figure is noticed, and from where on it is poor: the bounds of `lineGrade`. */
const bounds = { roundTripMs: [200, 400], jitterMs: [30, 60], lossRatio: [0.01, 0.05] } as const;

/** How bad a piece was by its worst figure: up to 0.5 nothing is noticed, up to 0.9 it is fair, above poor; 1 at the most. */
export function troubleOf(figures: LineFigures): { trouble: number; grade: 'good' | 'fair' | 'poor' } {
  const each = (Object.keys(bounds) as (keyof typeof bounds)[]).map((name) => {
    const [noticed, poor] = bounds[name];
    const value = figures[name] ?? 0;
    if (value <= noticed) return (value / noticed) * 0.5;
    return value <= poor ? 0.5 + ((value - noticed) / (poor - noticed)) * 0.4 : 1;
  });
  return { trouble: Math.max(...each), grade: lineGrade(figures) };
}
