import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { CallEvents } from '#domains/calls/calls.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import {
  type Announcer,
  rooms,
  type SocketDoor,
  type SocketGone,
  socketDoor,
} from '#realtime/socket-door.ts';
import type { ListeningEvents, ListeningService } from './listening.service.ts';

/** The live room's socket door, and what it announces. A listener has no request that could carry media in. */
export function listeningSockets(deps: {
  listening: ListeningService;
  calls: CallsService;
  announcer: Announcer;
  events: TypedEvents<ListeningEvents>;
  callEvents: TypedEvents<CallEvents>;
}): { doors: SocketDoor[]; onGone: SocketGone } {
  const { listening, calls, announcer } = deps;

  deps.callEvents.on('call-started', ({ call }) =>
    announcer.to(rooms.line(call.lineId), listeningEvents.callStarted, { call: calls.present(call) }),
  );
  deps.callEvents.on('call-updated', ({ call }) =>
    announcer.to(rooms.line(call.lineId), listeningEvents.callUpdated, { call: calls.present(call) }),
  );
  deps.callEvents.on('call-ended', ({ call }) =>
    announcer.to(rooms.line(call.lineId), listeningEvents.callEnded, { call: calls.present(call) }),
  );
  deps.events.on('listeners-changed', ({ call }) =>
    announcer.to(rooms.line(call.lineId), listeningEvents.callUpdated, { call }),
  );
  deps.events.on('roster-changed', async ({ slotId }) =>
    announcer.to(rooms.slot(slotId), listeningEvents.roster, {
      slotId,
      roster: await listening.rosterOf(slotId),
    }),
  );
  deps.events.on('listening-interrupted', ({ socketId, ...payload }) =>
    announcer.toSocket(socketId, listeningEvents.interrupted, payload),
  );
  deps.events.on('consumer-added', ({ socketId, ...payload }) =>
    announcer.toSocket(socketId, listeningEvents.consumerAdded, payload),
  );
  deps.events.on('consumer-closed', ({ socketId, ...payload }) =>
    announcer.toSocket(socketId, listeningEvents.consumerClosed, payload),
  );

  const doors = [
    socketDoor(listeningRequests.enter, async ({ input, person, socketId, enter }) => {
      const entered = await listening.enter(person(), input.slotId, socketId);
      enter(rooms.slot(input.slotId));
      return { ...entered, routerRtpCapabilities: listening.routerRtpCapabilities(), delayMs: null };
    }),
    socketDoor(listeningRequests.exit, async ({ input, socketId, exit }) => {
      exit(rooms.slot(input.slotId));
      await listening.exit(socketId);
      return {};
    }),
    socketDoor(listeningRequests.join, ({ input, person, socketId }) =>
      listening.join(person(), input, socketId),
    ),
    socketDoor(listeningRequests.connect, async ({ input, person }) => {
      await listening.connect(person(), input.listeningId, input.dtlsParameters);
      return {};
    }),
    socketDoor(listeningRequests.resume, async ({ input, person }) => {
      await listening.resume(person(), input.listeningId, input.consumerIds);
      return {};
    }),
    socketDoor(listeningRequests.restartIce, async ({ input, person }) => ({
      iceParameters: await listening.restartIce(person(), input.listeningId),
    })),
    socketDoor(listeningRequests.leave, async ({ input, person }) => {
      await listening.leave(person(), input.listeningId);
      return {};
    }),
    socketDoor(listeningRequests.quality, async ({ input, person }) => {
      listening.quality(person(), input.listeningId, input.receivedPackets);
      return {};
    }),
  ];

  return { doors, onGone: ({ socketId }) => listening.exit(socketId) };
}
