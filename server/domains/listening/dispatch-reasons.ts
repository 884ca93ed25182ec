import type { FollowReason } from '#contract/follow.ts';
import type { DispatchCall, DispatchSeat } from './dispatch-situation.ts';
import { type Criterion, rememberDays, weights } from './dispatch-weights.ts';

/** So many reasons are told besides the waiting. */
const reasonsAtMost = 3;

/** A call as it was rated for a seat; `values` null for a chosen one, which is not rated. */
export interface Rated {
  readonly call: DispatchCall;
  readonly score: number;
  readonly values: Readonly<Record<Criterion, number>> | null;
  readonly choices: number;
  /** Another choice has ears on it already. */
  readonly crowded: boolean;
}

/** The waiting, then what counted most and is worth telling. */
export function reasonsFor(
  seat: DispatchSeat,
  { call, values, choices, crowded }: Rated,
  { now, longest }: { now: number; longest: boolean },
): FollowReason[] {
  const waited: FollowReason[] =
    seat.waitingSince === null
      ? []
      : [{ criterion: 'waited', waitedMs: Math.max(0, now - seat.waitingSince), longest }];
  if (seat.mode === 'chosen' || values === null) return [...waited, { criterion: 'chosen' }];
  const weight = weights[seat.mode];
  const days = rememberDays;
  const told: { counts: number; reason: FollowReason }[] = [];
  const tell = (counts: number, reason: FollowReason) => told.push({ counts, reason });
  if (values.wanted === 1 && call.scenarioId !== null)
    tell(weight.wanted, { criterion: 'wanted', scenarioId: call.scenarioId });
  if (values.scenario === 1 && call.scenarioId !== null)
    tell(weight.scenario, { criterion: 'new-scenario', scenarioId: call.scenarioId, days });
  if (values.product === 1 && call.product !== null)
    tell(weight.product, { criterion: 'new-product', product: call.product, days });
  if (values.agent === 1 && call.agentId !== null) tell(weight.agent, { criterion: 'new-agent', days });
  if (values.young >= 0.5)
    tell(weight.young * values.young, { criterion: 'young', ageMs: Math.max(0, now - call.startedAt) });
  if (values.spread === 1 && crowded) tell(weight.spread, { criterion: 'alone' });
  if (values.lively >= 0.6) tell(weight.lively * values.lively, { criterion: 'lively', hint: values.lively });
  if (weight.chance > 0 && values.chance >= 0.5 && choices > 1)
    tell(weight.chance * values.chance, { criterion: 'chance' });
  const reasons = told
    .sort((a, b) => b.counts - a.counts)
    .slice(0, reasonsAtMost)
    .map(({ reason }) => reason);
  if (call.lineId !== seat.lineId) reasons.push({ criterion: 'other-line', lineId: call.lineId });
  if (choices === 1) reasons.push({ criterion: 'only' });
  if (reasons.length === 0) reasons.push({ criterion: 'best' });
  return [...waited, ...reasons];
}
