import type { FollowMode, FollowState } from '#contract/follow.ts';
import type { Person } from '#contract/identity.ts';
import type { Slot } from '#contract/seats.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { AppError } from '#kernel/errors.ts';
import type { Heard } from './dispatch-situation.ts';
import { rememberMs } from './dispatch-weights.ts';
import { assertHeardFromSeat, assertMode, type FollowScope, followScope } from './follow.ts';
import { FollowDesk, type FollowDeskNeeds } from './follow-desk.ts';
import { type FollowSeat, stateAfter, stateOf, storedFrom } from './follow-seat.ts';
import { FollowSettling } from './follow-settling.ts';
import { admitToRoom } from './listening.ts';

export interface FollowDependencies extends FollowDeskNeeds {
  readonly calls: Pick<CallsService, 'find' | 'byIds' | 'present' | 'liveStored'>;
  /** What a person heard since then, live or archived. */
  readonly heardSince: (personId: string, since: number) => Promise<Heard[]>;
  /** The lines that the owner map gives a person. */
  readonly ownedLines: (personId: string) => Promise<readonly string[]>;
  readonly personNow: (personId: string) => Promise<Person | null>;
  readonly slotFor: (person: Person, slotId: string) => Promise<Slot>;
}

export type FollowService = ReturnType<typeof createFollowService>;

/**
 * Gives listeners calls, one after the other. Each process settles the seats whose sockets it holds, because it alone
 * can play them the calls that it carries; the seats of the others are in the picture from Redis. Nothing is locked.
 */
export function createFollowService(deps: FollowDependencies) {
  const { store, calls, clock } = deps;
  const desk = new FollowDesk(deps, () => settling.soon());
  const settling = new FollowSettling({ ...deps, scopeNow }, desk);
  const { seats } = desk;

  async function admit(person: Person, slotId: string): Promise<{ slot: Slot; scope: FollowScope }> {
    const { slot } = admitToRoom(person, await deps.slotFor(person, slotId), clock());
    if (clock() >= slot.endsAt) throw new AppError('slot.over', 'This slot is over.');
    return { slot, scope: followScope(person, slot.lineId, await deps.ownedLines(person.id)) };
  }

  async function scopeNow(person: Person, slotId: string): Promise<FollowScope> {
    return (await admit(person, slotId)).scope;
  }

  async function assertChoice(scope: FollowScope, callId: string): Promise<void> {
    const call = await calls.find(callId);
    assertHeardFromSeat(scope, call.lineId);
    if (call.state === 'ended') throw new AppError('call.ended', 'This call is over.');
    if (call.instanceId !== deps.processId)
      throw new AppError('call.elsewhere', 'Another server carries this call.');
  }

  /** Where somebody was who comes back after a lost connection: their place in the queue, or the call they heard. */
  async function placeOf(person: Person, slot: Slot, now: number) {
    const kept = await store.placeOf(person.id, now);
    if (kept?.slotId !== slot.id) return { since: null, heardCallId: null };
    const [call] = kept.waitingSince === null && kept.callId ? await calls.byIds([kept.callId]) : [];
    // Nobody comes back here to what another process carries, least of all to that of one that was killed.
    const here = call?.state === 'live' && call.instanceId === deps.processId;
    return { since: kept.waitingSince, heardCallId: here ? call.id : null };
  }

  return {
    settle: () => settling.run(),

    /**
     * Changing the mode, reloading the page and a restart of the server keep one's place. A call that is heard goes on
     * to its end. Errors: those of the room, `ability.denied`, `scope.denied`, `call.ended`, `call.elsewhere`, `not-found`.
     */
    async follow(
      person: Person,
      input: {
        slotId: string;
        mode: FollowMode;
        callId?: string | undefined;
        scenarioId?: string | undefined;
      },
      socketId: string,
    ): Promise<FollowState> {
      const { slot, scope } = await admit(person, input.slotId);
      assertMode(person, scope, input.mode);
      if (input.callId !== undefined) await assertChoice(scope, input.callId);
      const now = clock();
      const [place, heard] = await Promise.all([
        placeOf(person, slot, now),
        deps.heardSince(person.id, now - rememberMs),
      ]);
      const before = seats.get(person.id);
      if (before && before.socketId !== socketId) {
        deps.events.emit('changed', {
          socketId: before.socketId,
          state: stateAfter(before, 'another-window'),
        });
      }
      const hearing = desk.hearing.get(person.id);
      const here = hearing?.socketId === socketId ? hearing.callId : place.heardCallId;
      // Whoever chooses another call than the one they hear is given it at once.
      const hears = input.callId !== undefined && input.callId !== here ? null : here;
      const seat: FollowSeat = {
        person,
        socketId,
        slot,
        scope,
        mode: input.mode,
        chosenCallId: input.callId ?? null,
        scenarioId: input.scenarioId ?? null,
        waitingSince: hears === null ? (place.since ?? now) : null,
        offer: null,
        hears,
        looseSince: hears !== null && hearing?.socketId !== socketId ? now : null,
        heard: [...heard],
        passed: [],
        unanswered: 0,
        renewedAt: now,
        checkedAt: now,
        standing: null,
        next: null,
        told: '',
      };
      seats.set(person.id, seat);
      await store.take(storedFrom(seat, deps.processId, now));
      settling.soon();
      return stateOf(seat);
    },

    async unfollow(person: Person, slotId: string): Promise<void> {
      const seat = seats.get(person.id);
      if (!seat || seat.slot.id !== slotId) return;
      seats.delete(person.id);
      await desk.forget(seat);
    },

    /** The socket is gone, perhaps to come back: the place is kept for a while. */
    async gone(socketId: string): Promise<void> {
      for (const seat of [...seats.values()].filter((one) => one.socketId === socketId)) {
        seats.delete(seat.person.id);
        await store.keep(storedFrom(seat, deps.processId, clock(), true));
      }
    },

    /** Seats of this process that wait for a call. */
    waiting: () => [...seats.values()].filter((seat) => seat.hears === null).length,

    async stop(): Promise<void> {
      await settling.stop();
      const left = [...seats.values()];
      seats.clear();
      await Promise.all(left.map((seat) => store.keep(storedFrom(seat, deps.processId, clock(), true))));
    },
  };
}
