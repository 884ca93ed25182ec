/** A run of tap sequences, both ends included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Sorted and joined where they touch. Empty ones are left out. */
export function union(ranges: readonly Range[]): Range[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    if (to < from) continue;
    const last = joined.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** What of `range` lies in none of `covered`, which is sorted and joined. */
export function uncovered(range: Range, covered: readonly Range[]): Range[] {
  const left: Range[] = [];
  let from = range.from;
  for (const part of covered) {
    if (part.to < from) continue;
    if (part.from > range.to) break;
    if (part.from > from) left.push({ from, to: part.from - 1 });
    from = part.to + 1;
  }
  if (from <= range.to) left.push({ from, to: range.to });
  return left;
}

export const countOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/** What one segment says of itself. */
export interface SegmentExtent {
  /** The tap's sequence before its first item. */
  readonly after: number;
  /** Items it holds: packets on disk, and events that came as items of the tap. */
  readonly items: number;
  /** What the tap could not give it. */
  readonly skipped: readonly Range[];
}

/**
 * The sequences that a segment holds. Its files carry none, so they are counted: items come without holes but for
 * those it noted. A writer that was killed may have one leg's file a flush ahead of another's; what it acknowledged is
 * below that, and the next segment begins behind what was acknowledged, so together they have everything.
 */
export function coveredBy({ after, items, skipped }: SegmentExtent): Range[] {
  const covered: Range[] = [];
  let left = items;
  let from = after + 1;
  for (const hole of union(skipped)) {
    const here = Math.min(left, hole.from - from);
    if (here > 0) covered.push({ from, to: from + here - 1 });
    left -= Math.max(0, here);
    from = hole.to + 1;
  }
  if (left > 0) covered.push({ from, to: from + left - 1 });
  return covered;
}
