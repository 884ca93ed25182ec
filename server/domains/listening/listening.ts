import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import { checkInOpensBeforeMs, type Slot } from '#contract/seats.ts';
import { AppError } from '#kernel/errors.ts';

/** Who may finish hearing a call that goes on past the end of the slot, and for how long. Milliseconds. */
export const afterSlotMs = 10 * 60_000;

/** One person's presence on one call, live or archived: the audit record of who heard what. */
export interface Hearing {
  readonly id: string;
  readonly personId: string;
  readonly personName: LocalText;
  readonly personTitle: LocalText;
  readonly callId: string;
  readonly recordingId: string | null;
  readonly agentId: string | null;
  readonly lineId: string;
  readonly slotId: string | null;
  readonly live: boolean;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Audio packets that went out to the person: the base of credited time. */
  readonly packets: number;
  readonly instanceId: string;
}

export interface Admission {
  readonly slot: Slot;
  readonly host: boolean;
}

/**
 * May this person be in the room of this slot now? A host of the programme may; everybody else needs the line in
 * scope and a checked-in seat. Errors: `ability.denied`, `scope.denied`, `seat.required`, `slot.over`, `check-in.early`.
 */
export function admitToRoom(person: Person, slot: Slot, now: number): Admission {
  const listen = may(person, 'calls.listen', { lineId: slot.lineId });
  if (!listen.allowed) throw new AppError(listen.reason, 'This line is outside your scope.');
  const host = may(person, 'rooms.host', { lineId: slot.lineId }).allowed;
  if (!host && slot.mine?.state !== 'checked-in') {
    throw new AppError('seat.required', 'Please check in to your seat first.');
  }
  if (now > slot.endsAt + afterSlotMs) throw new AppError('slot.over', 'This slot is over.');
  if (now < slot.startsAt - checkInOpensBeforeMs)
    throw new AppError('check-in.early', 'This slot has not opened yet.');
  return { slot, host };
}

/** May a new listening begin now? Only within the slot itself; one that runs may go on to its call's end. */
export function assertSlotRuns(slot: Slot, now: number): void {
  if (now < slot.startsAt) throw new AppError('check-in.early', 'The slot has not started yet.');
  if (now >= slot.endsAt) throw new AppError('slot.over', 'This slot is over.');
}
