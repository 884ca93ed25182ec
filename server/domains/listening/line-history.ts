import type { HeardLine, LineCell } from '#contract/hearings.ts';
import { lineGrade } from '#contract/line-grade.ts';
import { type LineWindow, lineWindowMs } from './line-record.ts';
import type { Hearing } from './listening.ts';

/** A live listening with the pieces of its line, the oldest first. */
export type MeasuredHearing = Hearing & { readonly line: readonly LineWindow[] };

/** A picture that is as wide as a thumb has no room for more. */
const mostCells = 60;
/** What a report tells of lies before it: a piece of one report lasted as long as that. */
const reportMs = 2_000;
/** Reports come every few seconds, so a piece may begin a little later than the one before it ended. */
const joinsWithinMs = lineWindowMs / 2;
const badness: Record<LineCell, number> = { none: 0, good: 1, fair: 2, poor: 3 };

/** How the line of a live listening was, in a word, in sums and in a row of cells. */
export function lineHistory(hearing: MeasuredHearing): HeardLine {
  const { id, personId, personName, personTitle, callId, lineId, slotId, startedAt, endedAt } = hearing;
  const pieces = piecesOf(hearing.line, endedAt);
  const sums = { good: 0, fair: 0, poor: 0 };
  for (const { grade, from, to } of pieces) sums[grade] += to - from;
  return {
    ...{ id, callId, lineId, slotId, startedAt, endedAt },
    person: { id: personId, name: personName, title: personTitle },
    verdict: verdictOf(hearing, sums),
    goodMs: sums.good,
    fairMs: sums.fair,
    poorMs: sums.poor,
    worst: worstOf(hearing.line),
    cells: cellsOf(pieces),
  };
}

interface Piece {
  readonly grade: 'good' | 'fair' | 'poor';
  readonly from: number;
  readonly to: number;
}

function piecesOf(line: readonly LineWindow[], endedAt: number | null): Piece[] {
  return line.map((window, index) => {
    const next = line[index + 1]?.at ?? endedAt ?? Number.POSITIVE_INFINITY;
    const until = window.at + lineWindowMs;
    // The last piece may be a short one; one that is followed at once reaches up to what follows.
    const to = next < until + joinsWithinMs ? Math.max(window.at + reportMs, next) : until;
    return { grade: lineGrade(window), from: window.at, to };
  });
}

function verdictOf(
  { packets, heard, lastPacketAt, line, endedAt }: MeasuredHearing,
  { good, fair, poor }: { good: number; fair: number; poor: number },
): HeardLine['verdict'] {
  const measured = good + fair + poor;
  if (line.length === 0 || measured === 0) {
    const sounded = packets > 0 || heard.length > 0 || lastPacketAt !== null;
    return sounded || endedAt === null ? 'unmeasured' : 'nothing';
  }
  if (poor >= measured / 10) return 'poor';
  return poor + fair >= measured / 20 ? 'fair' : 'good';
}

function worstOf(line: readonly LineWindow[]): HeardLine['worst'] {
  if (line.length === 0) return null;
  const trips = line.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  return {
    roundTripMs: trips.length === 0 ? null : Math.max(...trips),
    jitterMs: Math.max(...line.map(({ jitterMs }) => jitterMs)),
    lossRatio: Math.max(...line.map(({ lossRatio }) => lossRatio)),
  };
}

function cellsOf(pieces: readonly Piece[]): LineCell[] {
  const from = pieces[0]?.from;
  const to = pieces.at(-1)?.to;
  if (from === undefined || to === undefined) return [];
  const count = Math.min(mostCells, Math.max(1, Math.round((to - from) / lineWindowMs)));
  const cellMs = (to - from) / count;
  const cells = Array.from({ length: count }, (): LineCell => 'none');
  for (const piece of pieces) {
    const first = Math.floor((piece.from - from) / cellMs);
    const last = Math.min(count - 1, Math.ceil((piece.to - from) / cellMs) - 1);
    for (let cell = first; cell <= last; cell++) {
      // A piece that only just reaches into a cell does not make it a bad one.
      const within =
        Math.min(piece.to, from + (cell + 1) * cellMs) - Math.max(piece.from, from + cell * cellMs);
      if (first !== last && within < Math.min(cellMs, lineWindowMs) / 4) continue;
      if (badness[piece.grade] > badness[cells[cell] ?? 'none']) cells[cell] = piece.grade;
    }
  }
  return cells;
}

const order: Record<HeardLine['verdict'], number> = { nothing: 0, poor: 1, fair: 2, good: 3, unmeasured: 4 };

/** Those first that somebody should look at; among equals the one that was poor for longer, then the later one. */
export const worstFirst = (a: HeardLine, b: HeardLine): number =>
  order[a.verdict] - order[b.verdict] ||
  b.poorMs - a.poorMs ||
  b.fairMs - a.fairMs ||
  b.startedAt - a.startedAt;
