/** One word for how good a line was over some seconds. */
export type LineGrade = 'good' | 'fair' | 'poor';

export interface LineFigures {
  /** There and back, ms; null while it is not known. */
  readonly roundTripMs: number | null;
  /** RFC 3550 §6.4.1, ms. */
  readonly jitterMs: number;
  /** Of the packets due, 0–1. */
  readonly lossRatio: number;
}

/**
 * The line in one word. Bounds after ITU-T G.114 (one-way delay under 150 ms is not noticed) and the usual
 * concealment of Opus and G.711 players (1 % loss is inaudible, 5 % is not).
 */
export function lineGrade({ roundTripMs, jitterMs, lossRatio }: LineFigures): LineGrade {
  const roundTrip = roundTripMs ?? 0;
  if (lossRatio > 0.05 || jitterMs > 60 || roundTrip > 400) return 'poor';
  if (lossRatio > 0.01 || jitterMs > 30 || roundTrip > 200) return 'fair';
  return 'good';
}
