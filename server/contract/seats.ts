import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { ear } from './identity.ts';
import { id, idempotencyKey, localText, timeMs, zone } from './primitives.ts';

export const reservationState = z.enum([
  'held',
  'confirmed',
  'checked-in',
  'attended',
  'no-show',
  'cancelled',
]);
export type ReservationState = z.infer<typeof reservationState>;

export const seatMode = z.enum(['listen']);

export const reservation = z.object({
  id,
  slotId: id,
  personId: id,
  seat: z.number().int().positive(),
  state: reservationState,
  reservedAt: timeMs,
  checkedInAt: timeMs.nullable(),
  cancelledAt: timeMs.nullable(),
});
export type Reservation = z.infer<typeof reservation>;

export const slot = z.object({
  id,
  lineId: id,
  startsAt: timeMs,
  endsAt: timeMs,
  zone,
  seats: z.number().int().min(1).max(200),
  taken: z.number().int().nonnegative(),
  mode: seatMode,
  /** `delayed`: everybody in it but the programme’s hosts hears its calls later. Absent: each by their own ear. */
  ear: ear.optional(),
  hostId: id.nullable(),
  hostName: localText.nullable(),
  /** The asking person's own live reservation, if any. */
  mine: reservation.nullable(),
});
export type Slot = z.infer<typeof slot>;

/** Check-in opens this long before a slot starts, and stays open until it ends. Milliseconds. */
export const checkInOpensBeforeMs = 15 * 60_000;

export const seatsEndpoints = {
  week: endpoint({
    id: 'seats.slots',
    method: 'get',
    path: '/api/slots',
    summary: 'Slots that touch a span of at most 35 days, within the person’s scope.',
    auth: 'session',
    query: z.object({
      from: z.coerce.number().pipe(timeMs),
      to: z.coerce.number().pipe(timeMs),
      lineId: id.optional(),
    }),
    response: z.object({ slots: z.array(slot), now: timeMs }),
  }),
  show: endpoint({
    id: 'seats.slot',
    method: 'get',
    path: '/api/slots/{id}',
    summary: 'One slot.',
    auth: 'session',
    params: z.object({ id }),
    response: slot,
    errors: ['not-found'],
  }),
  plan: endpoint({
    id: 'seats.plan',
    method: 'post',
    path: '/api/slots',
    summary: 'Plan a slot on a line. Two slots of one line may not overlap.',
    auth: 'session',
    body: z.strictObject({
      lineId: id,
      startsAt: timeMs,
      endsAt: timeMs,
      zone,
      seats: z.number().int().min(1).max(200),
      ear: ear.optional(),
      idempotencyKey,
    }),
    response: slot,
    status: 201,
    errors: ['not-found', 'slot.overlap', 'idempotency.reused'],
  }),
  reserve: endpoint({
    id: 'seats.reserve',
    method: 'post',
    path: '/api/slots/{id}/reservations',
    summary: 'Reserve one seat of a slot for oneself.',
    auth: 'session',
    params: z.object({ id }),
    body: z.strictObject({ idempotencyKey }),
    response: reservation,
    status: 201,
    errors: ['not-found', 'slot.full', 'slot.over', 'reservation.exists', 'idempotency.reused'],
  }),
  mine: endpoint({
    id: 'seats.mine',
    method: 'get',
    path: '/api/reservations',
    summary: 'My reservations that are not over, soonest first.',
    auth: 'session',
    response: z.object({ reservations: z.array(reservation.extend({ slot })), now: timeMs }),
  }),
  cancel: endpoint({
    id: 'seats.cancel',
    method: 'post',
    path: '/api/reservations/{id}/cancel',
    summary: 'Give the seat back. Cancelling twice answers the cancelled reservation.',
    auth: 'session',
    params: z.object({ id }),
    response: reservation,
    errors: ['not-found', 'reservation.state'],
  }),
  checkIn: endpoint({
    id: 'seats.check-in',
    method: 'post',
    path: '/api/reservations/{id}/check-in',
    summary: 'Take the seat: from 15 minutes before the slot starts until it ends.',
    auth: 'session',
    params: z.object({ id }),
    response: reservation,
    errors: ['not-found', 'reservation.state', 'check-in.early', 'check-in.late'],
  }),
} as const;
