import type { Reservation, ReservationState } from '#contract/seats.ts';
import type { PlannedSlot } from './seats.ts';

/** A command's key and the hash of what it asked for: the same key with another hash is a mistake of the client. */
export interface Repeatable {
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

export interface Repeated<T> {
  readonly value: T;
  readonly requestHash: string;
}

export interface SpanQuery {
  readonly from: number;
  readonly to: number;
  readonly lineIds: readonly string[];
}

/**
 * Slots and reservations. Every write is one document, and the database's unique indexes decide every race:
 * a refused write says which of them refused.
 */
export interface SeatsStore {
  insertSlot(
    slot: PlannedSlot & { plannedBy: string } & Repeatable,
  ): Promise<'stored' | 'overlaps' | 'key-used' | 'id-used'>;
  /** Many at once, each as by `insertSlot`; those that the indexes refuse are left out. */
  insertSlots(slots: readonly (PlannedSlot & { plannedBy: string } & Repeatable)[]): Promise<void>;
  slotByKey(plannedBy: string, idempotencyKey: string): Promise<Repeated<PlannedSlot> | null>;
  slot(slotId: string): Promise<PlannedSlot | null>;
  slotsByIds(slotIds: readonly string[]): Promise<PlannedSlot[]>;
  /** Slots that touch the span, by start and line. */
  slotsBetween(span: SpanQuery): Promise<PlannedSlot[]>;

  /** `slot` gives the reservation its line and window, which it keeps a copy of. */
  insertReservation(
    reservation: Reservation & Repeatable,
    slot: PlannedSlot,
  ): Promise<'stored' | 'seat-taken' | 'person-holds' | 'key-used'>;
  reservationByKey(personId: string, idempotencyKey: string): Promise<Repeated<Reservation> | null>;
  /** Only the person's own. */
  reservation(personId: string, reservationId: string): Promise<Reservation | null>;
  /** The one that holds a seat for this person in this slot. */
  holding(personId: string, slotId: string): Promise<Reservation | null>;
  seatsTaken(slotId: string): Promise<Set<number>>;
  /** Seats taken per slot for slots that touch the span; slots without any are left out. */
  takenBetween(span: SpanQuery): Promise<Map<string, number>>;
  /** The person's own that hold a seat, for slots that touch the span. */
  heldBetween(personId: string, from: number, to: number): Promise<Reservation[]>;
  /** Moves one reservation if it still is in one of the states `from`; null if it is not (any more). */
  move(
    reservationId: string,
    from: readonly ReservationState[],
    to: ReservationState,
    times?: { checkedInAt?: number; cancelledAt?: number },
  ): Promise<Reservation | null>;
  /** Moves every reservation of slots that ended before `endedBefore`; answers how many moved. */
  moveEnded(endedBefore: number, from: readonly ReservationState[], to: ReservationState): Promise<number>;
}
