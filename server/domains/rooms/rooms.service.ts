import type { ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import {
  messagesPerAnswer,
  type RaisedHands,
  type RoomMessage,
  type RoomMove,
  type roomsEndpoints,
} from '#contract/rooms.ts';
import type { Slot } from '#contract/seats.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { admitToRoom, assertSlotRuns } from '#domains/listening/listening.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { HandsStore, KeptHands } from './hands.store.ts';
import type { NotesService } from './notes.service.ts';
import type { RoomsStore } from './rooms.store.ts';
import {
  assertHost,
  handGraceMs,
  handsUp,
  notesAccess,
  type RoomsEvents,
  type StoredMessage,
  type StoredMove,
} from './rooms.ts';
import type { RoomsKeptStore } from './rooms-kept.store.ts';

/** How many messages the record of a room shows. */
const messagesOnRecord = 500;

export interface RoomsDependencies {
  readonly store: RoomsStore;
  readonly kept: RoomsKeptStore;
  readonly hands: HandsStore;
  readonly notes: NotesService;
  readonly calls: CallsService;
  /** The slot as this person sees it, with their own reservation in `mine`. Errors: `not-found`, `scope.denied`. */
  readonly slotFor: (person: Person, slotId: string) => Promise<Slot>;
  readonly events: TypedEvents<RoomsEvents>;
  readonly clock: Clock;
  readonly log: Log;
}

export type RoomsService = ReturnType<typeof createRoomsService>;

/** What the people in one slot's room do together, besides the notes: talk by text, raise hands, follow their host. */
export function createRoomsService(deps: RoomsDependencies) {
  const { store, hands, calls, events, clock, log } = deps;

  /** Everything here is for those who may be in the room now. Errors: as `admitToRoom`. */
  async function admit(person: Person, slotId: string) {
    return admitToRoom(person, await deps.slotFor(person, slotId), clock());
  }

  const presentHands = ({ version, hands: kept }: KeptHands): RaisedHands => ({
    version,
    hands: handsUp(kept, clock()),
  });

  function announceHands(slotId: string, kept: KeptHands): RaisedHands {
    const raised = presentHands(kept);
    events.emit('hands-changed', { slotId, raised });
    return raised;
  }

  async function lastMove(slotId: string): Promise<RoomMove | null> {
    const move = await store.lastMove(slotId);
    if (!move) return null;
    const call = await calls.find(move.callId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'not-found') return null;
      throw error;
    });
    return call?.state === 'live' ? toMove(move) : null;
  }

  async function messagesBefore(slotId: string, before: number, limit: number) {
    const found = await store.messagesBefore(slotId, before, limit + 1);
    return { messages: found.slice(-limit).map(toMessage), earlier: found.length > limit };
  }

  return {
    async open(person: Person, slotId: string) {
      const { host } = await admit(person, slotId);
      const hand = await hands.find(slotId, person.id);
      if (hand?.goneAt != null) {
        const late = clock() - hand.goneAt > handGraceMs;
        const changed = late
          ? await hands.lower(slotId, person.id)
          : await hands.markGone(slotId, person.id, null);
        if (changed) announceHands(slotId, changed);
      }
      const [said, raised, move] = await Promise.all([
        messagesBefore(slotId, Number.MAX_SAFE_INTEGER, messagesPerAnswer),
        hands.list(slotId),
        lastMove(slotId),
      ]);
      return { host, ...said, raised: presentHands(raised), move };
    },

    /** May this person still take part? Errors: as `open`. */
    async check(person: Person, slotId: string): Promise<void> {
      await admit(person, slotId);
    },

    /** They left for good: their hand goes down. */
    async leave(personId: string, slotId: string): Promise<void> {
      if (!(await hands.find(slotId, personId))) return;
      announceHands(slotId, await hands.lower(slotId, personId));
    },

    /** Their last window at this server closed: the hand stays up for a while, in case they come back. */
    async lostSight(personId: string, slotId: string): Promise<void> {
      const changed = await hands.markGone(slotId, personId, clock());
      if (changed) announceHands(slotId, changed);
    },

    /** A window of theirs is open here, whatever another server saw close. Errors: as `open`. */
    async stillHere(person: Person, slotId: string): Promise<void> {
      await admit(person, slotId);
      const changed = await hands.markGone(slotId, person.id, null);
      if (changed) announceHands(slotId, changed);
    },

    async earlier(person: Person, slotId: string, before: number) {
      await admit(person, slotId);
      return messagesBefore(slotId, before, messagesPerAnswer);
    },

    /** The same key answers the same message. Errors: `idempotency.reused`, and as `open`. */
    async send(person: Person, input: { slotId: string; key: string; text: string }): Promise<RoomMessage> {
      const { slotId, key, text } = input;
      const { host } = await admit(person, slotId);
      const again = (message: StoredMessage) => {
        // A host may have removed it meanwhile; then there is nothing to compare.
        if (message.text !== null && message.text !== text) throw reused();
        return toMessage(message);
      };
      const before = await store.messageByKey(slotId, person.id, key);
      if (before) return again(before);
      const stored = await store.insertMessage({
        id: newId('msg', clock()),
        slotId,
        personId: person.id,
        name: person.name,
        host,
        text,
        sentAt: clock(),
        key,
      });
      if (stored === 'key-used') {
        const twin = await store.messageByKey(slotId, person.id, key);
        if (!twin) throw new AppError('not-found', 'This message is gone.');
        return again(twin);
      }
      const message = toMessage(stored);
      events.emit('message', { slotId, message });
      return message;
    },

    /** Errors: `ability.denied`, `not-found`, and as `open`. */
    async remove(person: Person, slotId: string, messageId: string): Promise<RoomMessage> {
      const { slot } = await admit(person, slotId);
      assertHost(person, slot);
      const stored = await store.removeText(slotId, messageId);
      if (!stored) throw new AppError('not-found', 'There is no such message in this room.');
      log.info({ slotId, messageId, personId: person.id }, 'message removed');
      const message = toMessage(stored);
      events.emit('message', { slotId, message });
      return message;
    },

    async raise(person: Person, slotId: string): Promise<RaisedHands> {
      await admit(person, slotId);
      const hand = { personId: person.id, name: person.name, raisedAt: clock(), goneAt: null };
      return announceHands(slotId, await hands.raise(slotId, hand));
    },

    /** Errors: `ability.denied` (somebody else's, without being the host), and as `open`. */
    async lower(person: Person, slotId: string, personId: string = person.id): Promise<RaisedHands> {
      const { slot } = await admit(person, slotId);
      if (personId !== person.id) assertHost(person, slot);
      return announceHands(slotId, await hands.lower(slotId, personId));
    },

    /**
     * Brings the room to another live call of its line. Who may hear that call is decided anew at each join.
     * Errors: `ability.denied`, `scope.denied`, `not-found`, `call.ended`, `listening.none-live`, `slot.over`,
     * `check-in.early`, `idempotency.reused`.
     */
    async move(
      person: Person,
      input: { slotId: string; callId: string; idempotencyKey: string },
    ): Promise<RoomMove> {
      const { slotId, callId, idempotencyKey: key } = input;
      const { slot } = await admit(person, slotId);
      assertHost(person, slot);
      const again = (move: StoredMove) => {
        if (move.callId !== callId) throw reused();
        return toMove(move);
      };
      const before = await store.moveByKey(slotId, person.id, key);
      if (before) return again(before);
      assertSlotRuns(slot, clock());
      // Not `findOpen`: the call may be carried by another server than the host's.
      const call = await calls.find(callId);
      if (call.lineId !== slot.lineId) {
        throw new AppError('scope.denied', 'This call is on another line than this room.');
      }
      if (call.state === 'ended') throw new AppError('call.ended', 'This call is over.');
      if (call.state !== 'live') throw new AppError('listening.none-live', 'Nobody speaks on this call yet.');
      const stored = await store.insertMove({
        id: newId('move', clock()),
        slotId,
        callId,
        byId: person.id,
        by: person.name,
        movedAt: clock(),
        key,
      });
      if (stored === 'key-used') {
        const twin = await store.moveByKey(slotId, person.id, key);
        if (!twin) throw new AppError('not-found', 'This move is gone.');
        return again(twin);
      }
      log.info({ slotId, callId, personId: person.id }, 'room moved');
      const move = toMove(stored);
      events.emit('moved', { slotId, move });
      return move;
    },

    /** What the room wrote, during the slot and ever after. Errors: `not-found`, `scope.denied`, `seat.required`. */
    async record(person: Person, slotId: string): Promise<ResponseOf<typeof roomsEndpoints.record>> {
      const slot = await deps.slotFor(person, slotId);
      const { insider } = notesAccess(person, slot, clock());
      const [{ text, authors }, said, clearedAt] = await Promise.all([
        deps.notes.textOf(slotId),
        insider ? store.messagesBefore(slotId, Number.MAX_SAFE_INTEGER, messagesOnRecord) : null,
        deps.kept.clearedAt(slotId),
      ]);
      return { slot, notes: text, authors, messages: said?.map(toMessage) ?? null, clearedAt };
    },
  };
}

const reused = () => new AppError('idempotency.reused', 'This key was used for something else.');

const toMessage = ({ slotId: _, ...message }: StoredMessage): RoomMessage => message;
const toMove = ({ slotId: _, key: __, ...move }: StoredMove): RoomMove => move;
