import type { Ear } from '#contract/identity.ts';
import { checkInOpensBeforeMs, type Reservation, type ReservationState } from '#contract/seats.ts';
import { AppError } from '#kernel/errors.ts';

/** A bookable window on one line. Times are UTC ms; `zone` is the one it was planned in. */
export interface PlannedSlot {
  readonly id: string;
  readonly lineId: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly zone: string;
  readonly seats: number;
  readonly mode: 'listen';
  /** `delayed`: its calls are heard later. */
  readonly ear?: Ear | undefined;
  readonly hostId: string | null;
}

/**
 * Slots start and end on this grid. Each holds the cells it covers, and the database holds each cell of a line
 * once: that is what keeps two slots of one line from overlapping.
 */
export const cellMs = 5 * 60_000;
export const longestSlotMs = 12 * 3_600_000;

/** A span of slots that may be asked for at once. */
export const longestSpanMs = 35 * 24 * 3_600_000;

/** Attended and missed seats are told apart this long after a slot: a call that began in it may be heard out. */
export const settleAfterMs = 15 * 60_000;

/** Numbers of the grid's cells that a window covers. */
export function cellsOf({ startsAt, endsAt }: Pick<PlannedSlot, 'startsAt' | 'endsAt'>): number[] {
  const first = Math.floor(startsAt / cellMs);
  const count = Math.ceil(endsAt / cellMs) - first;
  return Array.from({ length: count }, (_, index) => first + index);
}

/** What is wrong with a window someone wants to plan, as field and sentence; null when nothing is. */
export function faultOfWindow(
  window: Pick<PlannedSlot, 'startsAt' | 'endsAt' | 'zone'>,
  now: number,
): { field: 'startsAt' | 'endsAt' | 'zone'; message: string } | null {
  const { startsAt, endsAt, zone } = window;
  if (startsAt % cellMs !== 0) return { field: 'startsAt', message: 'must be on a full five minutes' };
  if (endsAt % cellMs !== 0) return { field: 'endsAt', message: 'must be on a full five minutes' };
  if (endsAt <= startsAt) return { field: 'endsAt', message: 'must be after the start' };
  if (endsAt - startsAt > longestSlotMs)
    return { field: 'endsAt', message: 'must be at most 12 hours after the start' };
  if (endsAt <= now) return { field: 'endsAt', message: 'must lie in the future' };
  if (!isZone(zone)) return { field: 'zone', message: 'must be an IANA time zone' };
  return null;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** A reservation that holds its seat: the database lets each seat, and each person per slot, be held once. */
export function holdsSeat(state: ReservationState): boolean {
  return state !== 'cancelled' && state !== 'no-show';
}

export const commands = {
  confirm: { from: ['held'], to: 'confirmed' },
  checkIn: { from: ['confirmed'], to: 'checked-in' },
  cancel: { from: ['held', 'confirmed', 'checked-in'], to: 'cancelled' },
  attend: { from: ['checked-in'], to: 'attended' },
  miss: { from: ['held', 'confirmed'], to: 'no-show' },
} as const satisfies Record<string, { from: readonly ReservationState[]; to: ReservationState }>;

export type Command = keyof typeof commands;

/**
 * May this command be done to this reservation now? `done` when it already was: repeating it changes nothing.
 * Errors: `reservation.state`, and for checking in `check-in.early` and `check-in.late`.
 */
export function decide(
  command: Command,
  state: ReservationState,
  slot: Pick<PlannedSlot, 'startsAt' | 'endsAt'>,
  now: number,
): 'go' | 'done' {
  const { from, to } = commands[command];
  if (state === to) return 'done';
  if (!(from as readonly ReservationState[]).includes(state)) {
    throw new AppError('reservation.state', `This cannot be done: the reservation is ${state}.`, {
      details: { state, command },
    });
  }
  if (command === 'checkIn') {
    if (now < slot.startsAt - checkInOpensBeforeMs) {
      throw new AppError('check-in.early', 'Check-in opens 15 minutes before the slot starts.', {
        details: { opensAt: slot.startsAt - checkInOpensBeforeMs },
      });
    }
    if (now >= slot.endsAt) throw new AppError('check-in.late', 'This slot is over.');
  }
  if (command === 'cancel' && now >= slot.endsAt) {
    throw new AppError('reservation.state', 'This slot is over; there is nothing left to cancel.', {
      details: { state, command },
    });
  }
  return 'go';
}

/** A taken seat is good from when check-in opens until the slot ends. */
export function isSeated(
  reservation: Pick<Reservation, 'state'>,
  slot: Pick<PlannedSlot, 'startsAt' | 'endsAt'>,
  now: number,
): boolean {
  return (
    reservation.state === 'checked-in' && now >= slot.startsAt - checkInOpensBeforeMs && now < slot.endsAt
  );
}

/**
 * The free seats of a slot in the order one person tries them. People start at different seats, so that a rush
 * spreads instead of meeting at seat 1.
 */
export function seatsToTry(seats: number, taken: ReadonlySet<number>, personId: string): number[] {
  let hash = 0;
  for (const character of personId) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  const order: number[] = [];
  for (let step = 0; step < seats; step++) {
    const seat = ((hash + step) % seats) + 1;
    if (!taken.has(seat)) order.push(seat);
  }
  return order;
}
