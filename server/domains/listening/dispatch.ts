import type { FollowBar } from '#contract/follow.ts';
import { type Rated, reasonsFor } from './dispatch-reasons.ts';
import type {
  Assignment,
  DispatchCall,
  Dispatched,
  DispatchSeat,
  Situation,
  Standing,
} from './dispatch-situation.ts';
import { earsAtMost, longPauseMs, type RatingContext, rater, scoreOf } from './dispatch-weights.ts';

/**
 * Gives waiting seats live calls. Whoever has waited longest chooses first; each is given the call that scores best for
 * them, by `weights`. A seat that hears a call, or is on its way to one, is never moved. Nothing in here reads a clock,
 * throws dice or depends on the order of its input. Cost: seats × calls.
 */
export function dispatch({ seats, calls, now, seed }: Situation): Dispatched {
  const ears = new Map(calls.map((call) => [call.id, call.ears]));
  const byLine = Map.groupBy(calls, (call) => call.lineId);
  const assignments: Assignment[] = [];
  const waiting: (Standing & { seat: DispatchSeat })[] = [];
  const queue = inOrder(seats);
  for (const [place, seat] of queue.entries()) {
    const inScope = callsInScope(seat, calls, byLine);
    const context = { now, seed, ears };
    const best = bestOf(seat, inScope, context);
    if (best) {
      const rival = queue.findIndex((other) => other !== seat && mayHear(other, best.call));
      ears.set(best.call.id, (ears.get(best.call.id) ?? 0) + 1);
      assignments.push({
        personId: seat.personId,
        callId: best.call.id,
        score: best.score,
        why: reasonsFor(seat, best, { now, longest: rival > place }),
      });
    } else {
      waiting.push({
        seat,
        personId: seat.personId,
        before: waiting.filter((other) => sharesLines(other.seat, seat)).length,
        live: inScope.length,
        barred: mostCommon(inScope.map((call) => barOf(seat, call, context))),
      });
    }
  }
  return { assignments, waiting: waiting.map(({ seat: _, ...standing }) => standing) };
}

/** What a seat would be given if it were the only one that waits: the next call in view of somebody who hears one. */
export function nextFor(
  seat: DispatchSeat,
  { calls, now, seed }: Omit<Situation, 'seats'>,
): Assignment | null {
  const byLine = Map.groupBy(calls, (call) => call.lineId);
  const ears = new Map(calls.map((call) => [call.id, call.ears]));
  const best = bestOf(seat, callsInScope(seat, calls, byLine), { now, seed, ears });
  if (!best) return null;
  const why = reasonsFor(seat, best, { now, longest: false });
  return { personId: seat.personId, callId: best.call.id, score: best.score, why };
}

/** May this call be given to this seat at all? The hard rule, whatever anything scores. */
export function mayHear(seat: DispatchSeat, call: DispatchCall): boolean {
  if (call.process !== null && call.process !== seat.process) return false;
  if (seat.mode === 'chosen' && call.id !== seat.chosenCallId) return false;
  return includesLine(linesOf(seat), call.lineId);
}

/** Who waits, the longest first; ids settle what time does not. */
function inOrder(seats: readonly DispatchSeat[]): DispatchSeat[] {
  return seats
    .filter((seat) => seat.waitingSince !== null)
    .sort((a, b) => (a.waitingSince ?? 0) - (b.waitingSince ?? 0) || compare(a.personId, b.personId));
}

function callsInScope(
  seat: DispatchSeat,
  calls: readonly DispatchCall[],
  byLine: ReadonlyMap<string, readonly DispatchCall[]>,
): readonly DispatchCall[] {
  const lineIds = linesOf(seat);
  if (seat.mode === 'chosen')
    return calls.filter((call) => call.id === seat.chosenCallId && includesLine(lineIds, call.lineId));
  return lineIds === null ? calls : lineIds.flatMap((lineId) => byLine.get(lineId) ?? []);
}

function bestOf(seat: DispatchSeat, inScope: readonly DispatchCall[], context: RatingContext): Rated | null {
  const free = inScope.filter((call) => barOf(seat, call, context) === null);
  if (seat.mode === 'chosen') {
    const [call] = free;
    return call ? { call, score: 0, values: null, choices: 1, crowded: false } : null;
  }
  const { mode } = seat;
  const rate = rater(seat, mode, context);
  const crowded = free.some((call) => (context.ears.get(call.id) ?? 0) > 0);
  let best: Rated | null = null;
  for (const call of free) {
    const values = rate(call);
    const rated = { call, score: scoreOf(mode, values), values, choices: free.length, crowded };
    if (best === null || isBetter(rated, best)) best = rated;
  }
  return best;
}

/** The better score; of equal ones the younger call. */
function isBetter(a: Rated, b: Rated): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.call.startedAt !== b.call.startedAt) return a.call.startedAt > b.call.startedAt;
  return compare(a.call.id, b.call.id) < 0;
}

/** Why this call in scope cannot be given to this seat now; null when it can. */
function barOf(seat: DispatchSeat, call: DispatchCall, { now, ears }: RatingContext): FollowBar | null {
  if (call.process !== null && call.process !== seat.process) return 'elsewhere';
  // What one chose oneself is given as it is.
  if (seat.mode === 'chosen') return null;
  if (call.ending) return 'ending';
  if (call.pausedSince !== null && now - call.pausedSince > longPauseMs) return 'paused';
  if (seat.passed.includes(call.id) || seat.heard.some((heard) => heard.callId === call.id)) return 'heard';
  return (ears.get(call.id) ?? 0) >= earsAtMost[seat.mode] ? 'full' : null;
}

/** The lines of a seat's mode: `line` keeps to its own, whatever else is in scope. */
function linesOf(seat: DispatchSeat): readonly string[] | null {
  if (seat.mode !== 'line') return seat.lineIds;
  return includesLine(seat.lineIds, seat.lineId) ? [seat.lineId] : [];
}

const includesLine = (lineIds: readonly string[] | null, lineId: string) =>
  lineIds === null || lineIds.includes(lineId);

/** Do two seats wait for some of the same calls? */
function sharesLines(a: DispatchSeat, b: DispatchSeat): boolean {
  if (a.process !== b.process) return false;
  if (a.mode === 'chosen' || b.mode === 'chosen') return false;
  const [ours, theirs] = [linesOf(a), linesOf(b)];
  if (ours === null || theirs === null) return true;
  return ours.some((lineId) => theirs.includes(lineId));
}

function mostCommon(bars: readonly (FollowBar | null)[]): FollowBar | null {
  const counts = new Map<FollowBar, number>();
  for (const bar of bars) if (bar !== null) counts.set(bar, (counts.get(bar) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || compare(a, b))[0]?.[0] ?? null;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
