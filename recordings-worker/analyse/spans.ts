/** A stretch of time, ms, `to` not included. Lists of them are in order and do not touch. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export const lengthOf = ({ fromMs, toMs }: Span): number => toMs - fromMs;
export const totalOf = (spans: readonly Span[]): number =>
  spans.reduce((sum, span) => sum + lengthOf(span), 0);
export const overlap = (a: Span, b: Span): number =>
  Math.max(0, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));

/** What lies in any of the given spans, in any order; gaps shorter than `closing` are closed. */
export function union(spans: readonly Span[], closing = 0): Span[] {
  const joined: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    if (toMs <= fromMs) continue;
    const last = joined.at(-1);
    if (last && fromMs - last.toMs <= closing) last.toMs = Math.max(last.toMs, toMs);
    else joined.push({ fromMs, toMs });
  }
  return joined;
}

/** What lies in both. */
export function intersection(a: readonly Span[], b: readonly Span[]): Span[] {
  const common: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const one = a[i]!;
    const other = b[j]!;
    const fromMs = Math.max(one.fromMs, other.fromMs);
    const toMs = Math.min(one.toMs, other.toMs);
    if (fromMs < toMs) common.push({ fromMs, toMs });
    if (one.toMs < other.toMs) i++;
    else j++;
  }
  return common;
}

/** What of `whole` lies in none of `spans`. */
export function complement(whole: Span, spans: readonly Span[]): Span[] {
  const free: Span[] = [];
  let fromMs = whole.fromMs;
  for (const span of spans) {
    if (span.toMs <= fromMs) continue;
    if (span.fromMs >= whole.toMs) break;
    if (span.fromMs > fromMs) free.push({ fromMs, toMs: span.fromMs });
    fromMs = Math.max(fromMs, span.toMs);
  }
  if (fromMs < whole.toMs) free.push({ fromMs, toMs: whole.toMs });
  return free;
}

/** What of `spans` lies in none of `without`. */
export function difference(spans: readonly Span[], without: readonly Span[]): Span[] {
  return spans.flatMap((span) => complement(span, without));
}
