import type { FollowMode, FollowState } from '#contract/follow.ts';
import type { Person } from '#contract/identity.ts';
import type { Slot } from '#contract/seats.ts';
import type { DispatchSeat, Heard, Standing } from './dispatch-situation.ts';
import type { StoredSeat } from './follow.store.ts';
import type { FollowScope } from './follow.ts';

/** One listener who follows calls and whose socket this process holds. */
export interface FollowSeat {
  readonly person: Person;
  readonly socketId: string;
  readonly slot: Slot;
  scope: FollowScope;
  readonly mode: FollowMode;
  readonly chosenCallId: string | null;
  readonly scenarioId: string | null;
  /** Kept while an offer stands, so that one that is missed costs no place. */
  waitingSince: number | null;
  offer: { readonly callId: string; readonly at: number } | null;
  hears: string | null;
  /** Their listening ended although the call goes on: they may be on their way back to it. */
  looseSince: number | null;
  readonly heard: Heard[];
  readonly passed: string[];
  /** Offers in a row that nobody answered. */
  unanswered: number;
  renewedAt: number;
  checkedAt: number;
  standing: Standing | null;
  next: FollowState['next'];
  /** What the listener was told last. */
  told: string;
}

export const holderOf = (processId: string, socketId: string) => `${processId}/${socketId}`;

export function storedFrom(
  seat: FollowSeat,
  processId: string,
  now: number,
  detached: boolean = false,
): StoredSeat {
  return {
    personId: seat.person.id,
    slotId: seat.slot.id,
    holder: holderOf(processId, seat.socketId),
    process: processId,
    mode: seat.mode,
    lineId: seat.slot.lineId,
    lineIds: seat.scope.lineIds === null ? null : [...seat.scope.lineIds],
    chosenCallId: seat.chosenCallId,
    scenarioId: seat.scenarioId,
    waitingSince: seat.waitingSince,
    callId: seat.hears ?? seat.offer?.callId ?? null,
    renewedAt: now,
    detached,
  };
}

/** A seat as the dispatcher sees it: one that hears a call, has an offer or is not in its slot's time waits for nothing. */
export function dispatchableSeat(seat: FollowSeat, processId: string, now: number): DispatchSeat {
  const running = now >= seat.slot.startsAt && now < seat.slot.endsAt;
  const free = running && seat.hears === null && seat.offer === null;
  return {
    personId: seat.person.id,
    mode: seat.mode,
    lineId: seat.slot.lineId,
    lineIds: seat.scope.lineIds,
    chosenCallId: seat.chosenCallId,
    scenarioId: seat.scenarioId,
    waitingSince: free ? seat.waitingSince : null,
    heard: seat.heard,
    passed: seat.passed,
    process: processId,
  };
}

/** A seat of another process: what its person has heard is known there, and only their place in the queue counts here. */
export function dispatchableFromAfar(seat: StoredSeat): DispatchSeat {
  return {
    personId: seat.personId,
    mode: seat.mode,
    lineId: seat.lineId,
    lineIds: seat.lineIds,
    chosenCallId: seat.chosenCallId,
    scenarioId: seat.scenarioId,
    waitingSince: seat.callId === null ? seat.waitingSince : null,
    heard: [],
    passed: [],
    process: seat.process,
  };
}

export function stateOf(seat: FollowSeat): FollowState {
  const phase = seat.hears !== null ? 'hearing' : seat.offer !== null ? 'offered' : 'waiting';
  return {
    slotId: seat.slot.id,
    mode: seat.mode,
    callId: seat.chosenCallId,
    scenarioId: seat.scenarioId,
    across: seat.scope.across,
    phase,
    waitingSince: phase === 'hearing' ? null : seat.waitingSince,
    before: phase === 'waiting' ? (seat.standing?.before ?? 0) : 0,
    live: seat.standing?.live ?? 0,
    barred: phase === 'waiting' ? (seat.standing?.barred ?? null) : null,
    next: phase === 'hearing' ? seat.next : null,
    stoppedBy: null,
  };
}

/** Following has stopped. */
export function stateAfter(seat: FollowSeat, stoppedBy: FollowState['stoppedBy']): FollowState {
  return {
    ...stateOf(seat),
    mode: null,
    callId: null,
    phase: 'off',
    waitingSince: null,
    before: 0,
    live: 0,
    barred: null,
    next: null,
    stoppedBy,
  };
}
