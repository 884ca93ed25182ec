import { roomsEndpoints } from '#contract/rooms.ts';
import { type Route, route } from '#http/route.ts';
import type { RoomsService } from './rooms.service.ts';

export function roomsRoutes(service: RoomsService): Route[] {
  return [route(roomsEndpoints.record, ({ params, person }) => service.record(person(), params.id))];
}
