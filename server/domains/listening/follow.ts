import { may } from '#contract/abilities.ts';
import type { FollowMode } from '#contract/follow.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { StoredCall } from '#domains/calls/calls.ts';
import { AppError } from '#kernel/errors.ts';
import type { DispatchCall, Heard } from './dispatch-situation.ts';

/** The lines whose calls may be heard from one seat; `lineIds` null: all lines. */
export interface FollowScope {
  readonly lineIds: readonly string[] | null;
  /** More than the line that the seat is for. */
  readonly across: boolean;
}

/**
 * A seat is for one line. Whoever may follow across (`calls.follow-across`) hears, for as long as the seat's slot runs,
 * also the lines of the businesses that they own in the owner map; hosts and the CX team those of all businesses.
 * Lines that somebody has in scope for another reason, because they work there, do not count.
 */
export function followScope(
  person: Person,
  seatLineId: string,
  ownedLineIds: readonly string[],
): FollowScope {
  const across = may(person, 'calls.follow-across');
  if (!across.allowed) return { lineIds: [seatLineId], across: false };
  if (across.scope === 'all') return { lineIds: null, across: true };
  const owned = ownedLineIds.filter((lineId) => may(person, 'calls.listen', { lineId }).allowed);
  const lineIds = [...new Set([seatLineId, ...owned])];
  return { lineIds, across: lineIds.length > 1 };
}

/** Error `scope.denied`: this call is on a line that cannot be heard from the seat. */
export function assertHeardFromSeat(scope: Pick<FollowScope, 'lineIds'>, lineId: string): void {
  if (scope.lineIds !== null && !scope.lineIds.includes(lineId)) {
    throw new AppError('scope.denied', 'This call is on another line than your seat.');
  }
}

/** Errors: `ability.denied`, this role keeps to the seat's line; `scope.denied`, there is no other line. */
export function assertMode(person: Person, scope: FollowScope, mode: FollowMode): void {
  if (mode !== 'business' || scope.across) return;
  const across = may(person, 'calls.follow-across');
  throw new AppError(
    across.allowed ? 'scope.denied' : across.reason,
    'This seat is for one line, and no other line is about a business of yours.',
  );
}

/** What is spoken about, as one key: its number where it has one, else its name. */
const productKeyOf = (facts: { sku?: string | undefined; product?: LocalText | undefined }) =>
  facts.sku ?? facts.product?.en ?? null;

/** A stored call as something that was heard. */
export function heardFrom(call: Pick<StoredCall, 'id' | 'facts' | 'agentId'>, at: number): Heard {
  return {
    callId: call.id,
    scenarioId: call.facts.scenarioId ?? null,
    productKey: productKeyOf(call.facts),
    agentId: call.agentId,
    at,
  };
}

/** A live call as the dispatcher sees it. `ears`: people who hear it or are on their way. */
export function dispatchable(call: StoredCall, ears: number): DispatchCall {
  return {
    id: call.id,
    lineId: call.lineId,
    startedAt: call.startedAt ?? call.openedAt,
    scenarioId: call.facts.scenarioId ?? null,
    product: call.facts.product ?? null,
    productKey: productKeyOf(call.facts),
    agentId: call.agentId,
    pausedSince: call.pause?.since ?? null,
    ending: call.legs.some((leg) => leg.state === 'ended' && leg.role !== 'bot'),
    // Known only once a call was analysed: nothing looks at the voices of a live one yet.
    arousal: null,
    ears,
    process: call.instanceId,
  };
}
