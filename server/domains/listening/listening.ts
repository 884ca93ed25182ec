import { may } from '#contract/abilities.ts';
import type { HearingWay } from '#contract/hearings.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import { checkInOpensBeforeMs, type Slot } from '#contract/seats.ts';
import { AppError } from '#kernel/errors.ts';
import type { HearingProof, KeptProof } from './hearing-proof.ts';
import type { LineRecord } from './line-record.ts';

/** Who may finish hearing a call that goes on past the end of the slot, and for how long. Milliseconds. */
export const afterSlotMs = 10 * 60_000;

/** One person's presence on one call, live or archived: the audit record of who heard what. */
export interface Hearing extends KeptProof {
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
  /** Of an archived call: how far its player got, once it has told. */
  readonly replay?: ReplayProgress | null;
  /** How an archived call was heard, and under what; `live` where `live` is true. */
  readonly way: HearingWay;
  /** The clip or the meeting. */
  readonly wayId: string | null;
  /** Why somebody heard what is outside their scope. */
  readonly reason: string | null;
  readonly instanceId: string;
}

/** What a player of an archived call has proven so far. */
export interface ReplayProgress {
  /** Until when the time has been judged, UTC ms. */
  readonly judgedAt: number;
  /** Of the recording, each part counted once, ms. */
  readonly playedMs: number;
  readonly inHandMs: number;
}

/**
 * How a call reaches the listener: over the live path; from disk, with the live path at rest; or from disk without one.
 * `severed`: from disk, and the live path is lost.
 */
export type Way = 'live' | 'shifted' | 'severed' | 'delayed';

export interface Listening {
  readonly id: string;
  readonly person: Person;
  readonly socketId: string;
  readonly slotId: string;
  readonly callId: string;
  readonly lineId: string;
  way: Way;
  /** The room and the agent know of it. */
  told: boolean;
  readonly proof: HearingProof;
  readonly line: LineRecord;
  /** When it was asked for, UTC ms. */
  readonly askedAt: number;
}

/** The record of a live listening as it begins. */
export function liveHearing(of: {
  readonly id: string;
  readonly person: Person;
  readonly call: { readonly id: string; readonly agentId: string | null; readonly lineId: string };
  readonly slotId: string;
  readonly now: number;
  readonly instanceId: string;
}): Hearing {
  const { id, person, call, slotId, now, instanceId } = of;
  return {
    ...{ id, slotId, instanceId },
    personId: person.id,
    personName: person.name,
    personTitle: person.title,
    callId: call.id,
    recordingId: null,
    agentId: call.agentId,
    lineId: call.lineId,
    live: true,
    way: 'live',
    wayId: null,
    reason: null,
    startedAt: now,
    endedAt: null,
    packets: 0,
    lastPacketAt: null,
    heard: [],
  };
}

/** Do they hear calls later, from this slot? A delayed slot is for guests; the programme's hosts are none. */
export const hearsLater = (person: Person, { ear, lineId }: Pick<Slot, 'ear' | 'lineId'>): boolean =>
  person.ear === 'delayed' || (ear === 'delayed' && !may(person, 'rooms.host', { lineId }).allowed);

export const gone = (): AppError =>
  new AppError('listening.unknown', 'This listening is over. Please join again.');
export const heardLive = (): AppError => new AppError('ability.denied', 'This seat hears calls live.');
export const heardLater = (): AppError =>
  new AppError('listening.delayed', 'This seat hears calls a little later, never live.');

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
