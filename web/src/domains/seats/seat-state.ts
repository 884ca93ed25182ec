import type { ResponseOf } from '#contract/endpoint.ts';
import { checkInOpensBeforeMs, type Reservation, type Slot, type seatsEndpoints } from '#contract/seats.ts';

export type MySeat = ResponseOf<typeof seatsEndpoints.mine>['reservations'][number];

/** What a person can do with a slot now; each state has one obvious action. */
export type SeatState =
  /** A free seat can be reserved. */
  | 'free'
  | 'full'
  /** Mine; check-in opens later. */
  | 'reserved'
  /** Mine; check in now. */
  | 'check-in'
  /** Mine and checked in; the room is open. */
  | 'join'
  /** Over, and I was there. */
  | 'attended'
  /** Over. */
  | 'over';

export function seatState(
  slot: Pick<Slot, 'startsAt' | 'endsAt' | 'seats' | 'taken'>,
  mine: Pick<Reservation, 'state'> | null,
  now: number,
): SeatState {
  if (slot.endsAt <= now) {
    return mine?.state === 'attended' || mine?.state === 'checked-in' ? 'attended' : 'over';
  }
  if (mine?.state === 'checked-in' || mine?.state === 'attended') return 'join';
  if (mine?.state === 'held' || mine?.state === 'confirmed') {
    return now >= slot.startsAt - checkInOpensBeforeMs ? 'check-in' : 'reserved';
  }
  return slot.taken < slot.seats ? 'free' : 'full';
}

/** The seat that matters next: one that is open now before one that comes. `seats` come soonest first. */
export function nextSeat(seats: readonly MySeat[], now: number): MySeat | null {
  const ahead = seats.filter((seat) => seat.slot.endsAt > now);
  return (
    ahead.find((seat) => ['join', 'check-in'].includes(seatState(seat.slot, seat, now))) ?? ahead[0] ?? null
  );
}
