import type { CallsService } from '#domains/calls/calls.service.ts';
import { createHandsStore } from '#domains/rooms/hands.store.ts';
import { createNotesService } from '#domains/rooms/notes.service.ts';
import { createNotesStore } from '#domains/rooms/notes.store.ts';
import { roomsRoutes } from '#domains/rooms/rooms.routes.ts';
import { createRoomsService } from '#domains/rooms/rooms.service.ts';
import { roomsSockets } from '#domains/rooms/rooms.sockets.ts';
import { createRoomsStore } from '#domains/rooms/rooms.store.ts';
import type { RoomsEvents } from '#domains/rooms/rooms.ts';
import { createRoomsKeptStore } from '#domains/rooms/rooms-kept.store.ts';
import { repeat } from '#kernel/repeat.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import type { LiveNeeds } from './live.ts';

/** How often it is looked whether everybody in a room may still be there. Milliseconds. */
const settleEveryMs = 10_000;
/** How often notes that nobody uses are looked for. Milliseconds. */
const forgetEveryMs = 60_000;

interface RoomsNeeds
  extends Pick<
    LiveNeeds,
    'log' | 'lifecycle' | 'clock' | 'mongo' | 'redis' | 'gateway' | 'identity' | 'seats'
  > {
  readonly calls: CallsService;
}

/** What listeners of one slot do together: notes, messages, hands, and following their host. */
export async function startRooms(needs: RoomsNeeds) {
  const { log, lifecycle, clock, mongo, redis, gateway, identity, seats, calls } = needs;
  const events = new TypedEvents<RoomsEvents>((event, fault) =>
    log.error({ domain: 'rooms', event, err: fault }, 'an event was not handled'),
  );
  const slotFor: typeof seats.show = (person, slotId) => seats.show(person, slotId);
  const notes = createNotesService({
    ...{ slotFor, events, clock, log },
    store: await createNotesStore(mongo),
  });
  const store = await createRoomsStore(mongo);
  const kept = await createRoomsKeptStore(mongo);
  const service = createRoomsService({
    ...{ notes, calls, slotFor, events, clock, log, store, kept },
    hands: createHandsStore(redis),
  });
  const door = roomsSockets({
    ...{ service, notes, events, log },
    announcer: gateway,
    personOf: (personId) => identity.person(personId),
  });
  gateway.mount(door.doors);
  gateway.onGone(door.onGone);
  repeat('settling of rooms', settleEveryMs, door.settle, { lifecycle, log });
  repeat('idle notes', forgetEveryMs, async () => notes.forgetIdle(), { lifecycle, log });
  return {
    notes,
    routes: roomsRoutes(service),
    /** What rooms wrote, as it is kept and goes. */
    kept: {
      slots: kept.slots,
      clear: async (slotId: string) => {
        const cleared = await kept.clear(slotId, clock());
        notes.forget(slotId);
        return cleared;
      },
    },
  };
}
