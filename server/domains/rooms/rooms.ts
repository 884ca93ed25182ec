import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import {
  type Author,
  lateNotesMs,
  type RaisedHand,
  type RaisedHands,
  type RoomMessage,
  type RoomMove,
} from '#contract/rooms.ts';
import { checkInOpensBeforeMs, type Slot } from '#contract/seats.ts';
import { AppError } from '#kernel/errors.ts';

/** A hand whose owner's last window closed stays up this long for them to come back. Milliseconds. */
export const handGraceMs = 60_000;

export type RoomsEvents = {
  'notes-changed': { slotId: string; update: Uint8Array; by: Author };
  /** A message came, or its text was removed. */
  message: { slotId: string; message: RoomMessage };
  'hands-changed': { slotId: string; raised: RaisedHands };
  moved: { slotId: string; move: RoomMove };
};

export interface StoredMessage extends RoomMessage {
  readonly slotId: string;
}

export interface StoredMove extends RoomMove {
  readonly slotId: string;
  readonly key: string;
}

export interface KeptHand {
  readonly personId: string;
  readonly name: LocalText;
  readonly raisedAt: number;
  /** When the last window of this person closed; null while one is open. */
  readonly goneAt: number | null;
}

export interface NotesAccess {
  readonly mayWrite: boolean;
  /** Was in the room, or hosts it: may see what listeners said to each other. */
  readonly insider: boolean;
}

/**
 * May this person read a slot's notes, and write them? Those who took their seat may, during the slot and a day longer,
 * because what was written without a connection must still find its way; hosts likewise; the CX team reads.
 * Errors: `scope.denied`, `ability.denied`, `seat.required`.
 */
export function notesAccess(person: Person, slot: Slot, now: number): NotesAccess {
  const listen = may(person, 'calls.listen', { lineId: slot.lineId });
  const seated = slot.mine?.state === 'checked-in' || slot.mine?.state === 'attended';
  const insider = may(person, 'rooms.host', { lineId: slot.lineId }).allowed || (listen.allowed && seated);
  if (insider) return { mayWrite: maybeWritten(slot, now), insider };
  if (may(person, 'notes.review', { lineId: slot.lineId }).allowed) return { mayWrite: false, insider };
  if (!listen.allowed) throw new AppError(listen.reason, 'This line is outside your scope.');
  throw new AppError('seat.required', 'Only those who took a seat in this slot can read its notes.');
}

function maybeWritten(slot: Slot, now: number): boolean {
  return now >= slot.startsAt - checkInOpensBeforeMs && now <= slot.endsAt + lateNotesMs;
}

/** Only a host may do this. Error: `ability.denied`. */
export function assertHost(person: Person, slot: Slot): void {
  const decision = may(person, 'rooms.host', { lineId: slot.lineId });
  if (!decision.allowed) throw new AppError(decision.reason, 'Only the host of the room can do this.');
}

/** The hands that are up, in the order they went up. */
export function handsUp(kept: readonly KeptHand[], now: number): RaisedHand[] {
  return kept
    .filter(({ goneAt }) => goneAt === null || now - goneAt <= handGraceMs)
    .sort((a, b) => a.raisedAt - b.raisedAt || (a.personId < b.personId ? -1 : 1))
    .map(({ personId, name, raisedAt }) => ({ personId, name, raisedAt }));
}
