import { seatsEndpoints } from '#contract/seats.ts';
import { type Route, route } from '#http/route.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Seats } from './seats.service.ts';

export function seatsRoutes(seats: Seats, clock: Clock): Route[] {
  return [
    route(seatsEndpoints.week, async ({ person, query }) => ({
      slots: await seats.week(person(), query),
      now: clock(),
    })),
    route(seatsEndpoints.show, ({ person, params }) => seats.show(person(), params.id)),
    route(seatsEndpoints.plan, ({ person, body }) => seats.plan(person(), body)),
    route(seatsEndpoints.reserve, ({ person, params, body }) =>
      seats.reserve(person(), params.id, body.idempotencyKey),
    ),
    route(seatsEndpoints.mine, async ({ person }) => ({
      reservations: await seats.mine(person()),
      now: clock(),
    })),
    route(seatsEndpoints.cancel, ({ person, params }) => seats.cancel(person(), params.id)),
    route(seatsEndpoints.checkIn, ({ person, params }) => seats.checkIn(person(), params.id)),
  ];
}
