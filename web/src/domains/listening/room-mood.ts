import type { Call } from '#contract/calls.ts';
import type { Slot } from '#contract/seats.ts';
import type { ListeningState } from './listening-state.ts';

/** What the room says of itself, and what may be done in it now. */
export interface RoomMood {
  /** The slot has not begun, runs, or is over. */
  readonly time: 'before' | 'running' | 'over';
  /** A call is heard, or is about to be. */
  readonly hearing: boolean;
  /** A new listening may begin. */
  readonly mayListen: boolean;
}

export function moodOf(state: Pick<ListeningState, 'phase'>, slot: Slot, now: number): RoomMood {
  const time = now < slot.startsAt ? 'before' : now < slot.endsAt ? 'running' : 'over';
  return {
    time,
    hearing: state.phase === 'joining' || state.phase === 'live' || state.phase === 'recovering',
    mayListen: time === 'running',
  };
}

/** The call that is offered next: the one that began last, so that most of it is still to come. */
export function nextCallOf(state: Pick<ListeningState, 'calls' | 'call'>): Call | null {
  return state.calls.find((call) => call.id !== state.call?.id) ?? null;
}
