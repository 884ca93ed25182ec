import { lengthOf, type Span, union } from './spans.ts';

/** Speech begins at this probability and ends below the other one: so that it does not flutter. */
const beginsAt = 0.5;
const endsBelow = 0.35;
/** A shorter silence is part of the speech: a stop consonant, a breath within a word. ms */
const closingMs = 200;
/** Anything shorter is a click. A short "yes" takes about 200 ms. */
const shortestMs = 100;
/** The network says yes a little after the first sound and no a little after the last. ms */
const earlierMs = 32;

/**
 * When somebody speaks, from one probability for each window of `windowMs`. Thresholds as the network's authors advise,
 * but for the shorter least length: in a call, "yes" is a turn.
 */
export function speechSpans(probabilities: ArrayLike<number>, windowMs: number, durationMs: number): Span[] {
  const found: Span[] = [];
  let from: number | null = null;
  for (let window = 0; window <= probabilities.length; window++) {
    const probability = probabilities[window] ?? 0;
    if (from === null && probability >= beginsAt) from = window;
    if (from !== null && probability < endsBelow) {
      found.push({ fromMs: from * windowMs, toMs: window * windowMs });
      from = null;
    }
  }
  return union(found, closingMs)
    .filter((span) => lengthOf(span) >= shortestMs)
    .map(({ fromMs, toMs }) => ({
      fromMs: Math.max(0, Math.round(fromMs - earlierMs)),
      toMs: Math.min(durationMs, Math.round(toMs)),
    }))
    .filter((span) => lengthOf(span) > 0);
}
