import type { Person } from '#contract/identity.ts';
import { roomsEvents, roomsRequests } from '#contract/rooms.ts';
import { AppError } from '#kernel/errors.ts';
import { inGroups } from '#kernel/in-groups.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import {
  type Announcer,
  rooms,
  type SocketDoor,
  type SocketGone,
  socketDoor,
} from '#realtime/socket-door.ts';
import { TokenBucket } from '#realtime/token-bucket.ts';
import type { NotesService } from './notes.service.ts';
import type { RoomsService } from './rooms.service.ts';
import type { RoomsEvents } from './rooms.ts';

/** How much one person may send at once, and per second after that, over all their windows at this server. */
const allowances = {
  notes: { burst: 40, perSecond: 10 },
  chat: { burst: 8, perSecond: 0.5 },
  gesture: { burst: 10, perSecond: 1 },
} as const;

interface Member {
  readonly personId: string;
  readonly slotId: string;
  /** Takes the socket out of the slot's room. */
  readonly exit: () => void;
}

/** The room's socket door. Nobody hears of a room who was not let in, nor any longer than they may be in it. */
export function roomsSockets(deps: {
  service: RoomsService;
  notes: NotesService;
  announcer: Announcer;
  events: TypedEvents<RoomsEvents>;
  /** As the directory has them now: scopes change. */
  personOf: (personId: string) => Promise<Person | null>;
  log: Log;
}): {
  doors: SocketDoor[];
  onGone: SocketGone;
  /** Every few seconds: who lost their seat, or whose slot is over, is told nothing more. */
  settle: () => Promise<void>;
} {
  const { service, notes, announcer, events, personOf, log } = deps;
  const members = new Map<string, Member>();
  const buckets = new Map<string, TokenBucket>();

  events.on('notes-changed', ({ slotId, ...change }) =>
    announcer.to(rooms.slot(slotId), roomsEvents.notes, { slotId, ...change }),
  );
  events.on('message', ({ slotId, message }) =>
    announcer.to(rooms.slot(slotId), roomsEvents.message, { slotId, message }),
  );
  events.on('hands-changed', ({ slotId, raised }) =>
    announcer.to(rooms.slot(slotId), roomsEvents.hands, { slotId, raised }),
  );
  events.on('moved', ({ slotId, move }) =>
    announcer.to(rooms.slot(slotId), roomsEvents.moved, { slotId, move }),
  );

  function count(personId: string, what: keyof typeof allowances): void {
    const key = `${what}:${personId}`;
    const { burst, perSecond } = allowances[what];
    // Full buckets say nothing; a few thousand people are no reason to keep books about them.
    if (buckets.size > 5_000) buckets.clear();
    const bucket = buckets.get(key) ?? new TokenBucket(burst, perSecond);
    buckets.set(key, bucket);
    if (!bucket.take()) throw new AppError('rate.limited', 'Too much at once. Please slow down a little.');
  }

  const hasOtherWindow = (personId: string, slotId: string) =>
    [...members.values()].some((one) => one.personId === personId && one.slotId === slotId);

  const doors = [
    socketDoor(roomsRequests.open, async ({ input, person, socketId, enter, exit }) => {
      const { slotId } = input;
      const who = person();
      // In the room before what is in it is read: what comes in between is told twice and not missed.
      await service.check(who, slotId);
      const room = rooms.slot(slotId);
      const before = members.get(socketId);
      if (before && before.slotId !== slotId) before.exit();
      enter(room);
      members.set(socketId, { personId: who.id, slotId, exit: () => exit(room) });
      return service.open(who, slotId);
    }),
    socketDoor(roomsRequests.close, async ({ input, person, socketId, exit }) => {
      const who = person();
      members.delete(socketId);
      exit(rooms.slot(input.slotId));
      if (!hasOtherWindow(who.id, input.slotId)) await service.leave(who.id, input.slotId);
      return {};
    }),
    socketDoor(roomsRequests.move, async ({ input, person }) => {
      count(person().id, 'gesture');
      return { move: await service.move(person(), input) };
    }),
    socketDoor(roomsRequests.openNotes, async ({ input, person }) => {
      count(person().id, 'notes');
      return notes.open(person(), input.slotId, input.stateVector);
    }),
    socketDoor(roomsRequests.pushNotes, async ({ input, person }) => {
      count(person().id, 'notes');
      await notes.push(person(), input.slotId, input.update);
      return {};
    }),
    socketDoor(roomsRequests.sendMessage, async ({ input, person }) => {
      count(person().id, 'chat');
      return { message: await service.send(person(), input) };
    }),
    socketDoor(roomsRequests.removeMessage, async ({ input, person }) => ({
      message: await service.remove(person(), input.slotId, input.messageId),
    })),
    socketDoor(roomsRequests.earlierMessages, ({ input, person }) =>
      service.earlier(person(), input.slotId, input.before),
    ),
    socketDoor(roomsRequests.raiseHand, async ({ input, person }) => {
      count(person().id, 'gesture');
      return service.raise(person(), input.slotId);
    }),
    socketDoor(roomsRequests.lowerHand, async ({ input, person }) => {
      count(person().id, 'gesture');
      return service.lower(person(), input.slotId, input.personId);
    }),
  ];

  return {
    doors,

    async onGone({ socketId }) {
      const member = members.get(socketId);
      members.delete(socketId);
      if (!member || hasOtherWindow(member.personId, member.slotId)) return;
      await service.lostSight(member.personId, member.slotId);
    },

    async settle() {
      await inGroups([...members], async ([socketId, { personId, slotId, exit }]) => {
        try {
          const person = await personOf(personId);
          if (!person) throw new AppError('session.required', 'This person is not known any more.');
          await service.stillHere(person, slotId);
        } catch (error) {
          if (!(error instanceof AppError) || error.status >= 500) throw error;
          members.delete(socketId);
          exit();
          log.info({ socketId, slotId, code: error.code }, 'taken out of the room');
        }
      });
    },
  };
}
