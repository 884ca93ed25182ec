import type { FollowState } from '#contract/follow.ts';
import type { CallEvents, StoredCall } from '#domains/calls/calls.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { Assignment } from './dispatch-situation.ts';
import type { FollowStore } from './follow.store.ts';
import { heardFrom } from './follow.ts';
import { type FollowSeat, holderOf, stateAfter, stateOf, storedFrom } from './follow-seat.ts';
import type { ListeningEvents } from './running-listenings.ts';

export type FollowEvents = {
  offered: {
    socketId: string;
    slotId: string;
    call: StoredCall;
    mode: FollowSeat['mode'];
    why: Assignment['why'];
  };
  changed: { socketId: string; state: FollowState };
};

export interface FollowDeskNeeds {
  readonly store: FollowStore;
  readonly events: TypedEvents<FollowEvents>;
  readonly listeningEvents: TypedEvents<ListeningEvents>;
  readonly callEvents: TypedEvents<CallEvents>;
  readonly processId: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ended calls that are remembered, for the listenings that outlast them. */
const endsKept = 1_000;

/**
 * The seats of this process that follow calls, kept true to what their people hear: who joins hears, whose call ends
 * waits again, and who loses the line is waited for.
 */
export class FollowDesk {
  /** By person: one pair of ears. */
  readonly seats = new Map<string, FollowSeat>();
  /** What everybody hears whose socket is here, whether or not they follow. By person. */
  readonly hearing = new Map<string, { readonly callId: string; readonly socketId: string }>();
  readonly #needs: FollowDeskNeeds;
  readonly #changed: () => void;
  /** Calls that were live at the last look, and ended ones: for what they were about. */
  #known = new Map<string, StoredCall>();
  readonly #ended = new Map<string, StoredCall>();

  /** `changed`: something happened after which somebody may be given a call. */
  constructor(needs: FollowDeskNeeds, changed: () => void) {
    this.#needs = needs;
    this.#changed = changed;
    needs.listeningEvents.on('hearing-began', (hearing) => this.#began(hearing));
    needs.listeningEvents.on('hearing-ended', (hearing) => this.#over(hearing));
    needs.callEvents.on('call-started', changed);
    needs.callEvents.on('call-updated', changed);
    needs.callEvents.on('call-ended', ({ call }) => this.#callEnded(call));
  }

  know(live: readonly StoredCall[]): void {
    this.#known = new Map(live.map((call) => [call.id, call]));
  }

  known(callId: string): StoredCall | undefined {
    return this.#known.get(callId) ?? this.#ended.get(callId);
  }

  /** Tells the listener how they stand, if that is news. */
  tell(seat: FollowSeat): void {
    const state = stateOf(seat);
    const { next, ...rest } = state;
    const key = JSON.stringify([rest, next?.call.id]);
    if (key === seat.told) return;
    seat.told = key;
    this.#needs.events.emit('changed', { socketId: seat.socketId, state });
  }

  offer(seat: FollowSeat, { callId, why, score }: Assignment, call: StoredCall): void {
    seat.offer = { callId, at: this.#needs.clock() };
    seat.standing = null;
    this.renewSoon(seat);
    const { socketId, mode } = seat;
    this.#needs.events.emit('offered', { socketId, slotId: seat.slot.id, call, mode, why });
    const criteria = why.map(({ criterion }) => criterion);
    this.#needs.log.info(
      { slotId: seat.slot.id, callId, score: Math.round(score), criteria },
      'call offered',
    );
  }

  /** Ends the following of a seat, and says why. */
  stop(seat: FollowSeat, by: FollowState['stoppedBy']): void {
    if (this.seats.get(seat.person.id) === seat) this.seats.delete(seat.person.id);
    this.#needs.events.emit('changed', { socketId: seat.socketId, state: stateAfter(seat, by) });
    this.#needs.log.info({ slotId: seat.slot.id, personId: seat.person.id, by }, 'following stopped');
    this.forget(seat).catch((error: unknown) =>
      this.#needs.log.warn({ personId: seat.person.id, err: error }, 'a seat was not dropped'),
    );
  }

  forget(seat: FollowSeat): Promise<void> {
    const { store, processId } = this.#needs;
    return store.drop(seat.person.id, holderOf(processId, seat.socketId));
  }

  renewSoon(seat: FollowSeat): void {
    this.#renew(seat).catch((error: unknown) =>
      this.#needs.log.warn({ personId: seat.person.id, err: error }, 'a seat was not renewed'),
    );
  }

  /** What they heard is over for them: they wait again, or are through with the call that they chose. */
  free(seat: FollowSeat): void {
    this.#remember(seat);
    seat.hears = null;
    seat.looseSince = null;
    seat.next = null;
    if (seat.chosenCallId !== null && this.#ended.has(seat.chosenCallId)) {
      this.stop(seat, 'call-over');
      return;
    }
    seat.waitingSince = this.#needs.clock();
    this.renewSoon(seat);
    this.#changed();
  }

  /** Writes the seat for the other processes. If it is another's by now, it is no longer ours. */
  async #renew(seat: FollowSeat): Promise<void> {
    const { store, processId, clock } = this.#needs;
    seat.renewedAt = clock();
    if (await store.keep(storedFrom(seat, processId, seat.renewedAt))) return;
    if (this.seats.get(seat.person.id) !== seat) return;
    // A Redis that was emptied knows nobody: whoever is here takes their place again.
    if ((await store.placeOf(seat.person.id, clock())) === null) {
      await store.take(storedFrom(seat, processId, clock()));
    } else if (this.seats.get(seat.person.id) === seat) this.stop(seat, 'another-window');
  }

  /** So that what was heard a moment ago is not new again. */
  #remember(seat: FollowSeat): void {
    if (seat.hears === null) return;
    const call = this.known(seat.hears) ?? { id: seat.hears, facts: {}, agentId: null };
    seat.heard.push(heardFrom(call, this.#needs.clock()));
  }

  #began({ personId, socketId, callId }: ListeningEvents['hearing-began']): void {
    this.hearing.set(personId, { callId, socketId });
    const seat = this.seats.get(personId);
    if (!seat) return;
    if (seat.socketId !== socketId) {
      this.stop(seat, 'another-window');
      return;
    }
    if (seat.hears !== callId) this.#remember(seat);
    seat.hears = callId;
    seat.offer = null;
    seat.waitingSince = null;
    seat.looseSince = null;
    seat.unanswered = 0;
    this.renewSoon(seat);
    this.tell(seat);
    // The next call in view is another one now.
    this.#changed();
  }

  #over({ personId, socketId, callId }: ListeningEvents['hearing-ended']): void {
    const now = this.hearing.get(personId);
    if (now?.callId === callId && now.socketId === socketId) this.hearing.delete(personId);
    const seat = this.seats.get(personId);
    if (!seat || seat.hears !== callId || seat.socketId !== socketId) return;
    if (this.#ended.has(callId)) this.free(seat);
    else seat.looseSince = this.#needs.clock();
  }

  #callEnded(call: StoredCall): void {
    this.#ended.set(call.id, call);
    if (this.#ended.size > endsKept) {
      for (const first of [...this.#ended.keys()].slice(0, endsKept / 2)) this.#ended.delete(first);
    }
    for (const seat of [...this.seats.values()]) {
      if (seat.offer?.callId === call.id) seat.offer = null;
      // Somebody who is behind hears it to its end.
      const stillHeard = this.hearing.get(seat.person.id)?.callId === call.id;
      if (seat.hears === call.id && !stillHeard) this.free(seat);
      else if (seat.hears === null && seat.chosenCallId === call.id) this.stop(seat, 'call-over');
    }
    this.#changed();
  }
}
