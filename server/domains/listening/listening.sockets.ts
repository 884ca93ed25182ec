import type { Call } from '#contract/calls.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import type { SocketEvent } from '#contract/socket.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { CallEvents } from '#domains/calls/calls.ts';
import { coalesce, type Pace } from '#kernel/coalesce.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import {
  type Announcer,
  rooms,
  type SocketDoor,
  type SocketGone,
  socketDoor,
} from '#realtime/socket-door.ts';
import type { ListeningService } from './listening.service.ts';
import type { ListeningEvents } from './running-listenings.ts';

/**
 * How often a room hears of who came and went. The more there are, the more have to be told of more: a crowd hears of
 * itself once a second, and not in the moment in which it comes.
 */
const paceFor = (sockets: () => number): Pace => {
  const crowdMs = () => Math.min(2_000, sockets() * 5);
  return {
    everyMs: () => Math.max(250, crowdMs()),
    firstAfterMs: () => (crowdMs() > 250 ? crowdMs() : 0),
  };
};

/** The live room's socket door, and what it announces. A listener has no request that could carry media in. */
export function listeningSockets(deps: {
  listening: ListeningService;
  calls: CallsService;
  announcer: Announcer;
  /** Whether the agents of a line see at once how many listen. */
  tellsAgents: (lineId: string) => Promise<boolean>;
  events: TypedEvents<ListeningEvents>;
  callEvents: TypedEvents<CallEvents>;
  /** How many sockets there are here to tell. */
  sockets: () => number;
  onFault: (about: string, fault: unknown) => void;
}): { doors: SocketDoor[]; onGone: SocketGone } {
  const { listening, calls, announcer } = deps;
  const pace = paceFor(deps.sockets);

  /** Listeners learn at once; agents learn of listeners when their line's notice says so. */
  async function announce(event: SocketEvent, call: Call, about: 'call' | 'listeners'): Promise<void> {
    announcer.to(rooms.line(call.lineId), event, { call });
    // Whoever cannot be asked about is not told: the books tell later.
    const tells = await deps.tellsAgents(call.lineId).catch(() => false);
    if (tells) announcer.to(rooms.agents(call.lineId), event, { call });
    else if (about === 'call')
      announcer.to(rooms.agents(call.lineId), event, { call: { ...call, listeners: 0 } });
  }
  deps.callEvents.on('call-started', ({ call }) =>
    announce(listeningEvents.callStarted, calls.present(call), 'call'),
  );
  deps.callEvents.on('call-updated', ({ call }) =>
    announce(listeningEvents.callUpdated, calls.present(call), 'call'),
  );
  deps.callEvents.on('call-ended', ({ call }) =>
    announce(listeningEvents.callEnded, calls.present(call), 'call'),
  );
  // Two hundred who come in one moment would each tell two hundred of all two hundred.
  const tellListeners = coalesce<string>(
    pace,
    async (_, callId) => {
      // By its turn the call may be over, and nobody is to hear of it as live again.
      const [call] = await calls.byIds([callId]);
      if (call && call.state !== 'ended')
        await announce(listeningEvents.callUpdated, calls.present(call), 'listeners');
    },
    deps.onFault,
  );
  const tellRoster = coalesce<string>(
    pace,
    async (_, slotId) =>
      announcer.to(rooms.slot(slotId), listeningEvents.roster, {
        slotId,
        roster: await listening.rosterOf(slotId),
      }),
    deps.onFault,
  );
  deps.events.on('listeners-changed', ({ callId }) => tellListeners(callId, callId));
  deps.events.on('roster-changed', ({ slotId }) => tellRoster(slotId, slotId));
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
      return {
        ...entered,
        routerRtpCapabilities: listening.routerRtpCapabilities(),
        delayMs: listening.delayOf(person(), entered.slot),
      };
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
      const { listeningId, ...report } = input;
      listening.quality(person(), listeningId, report);
      return {};
    }),
  ];

  return { doors, onGone: ({ socketId }) => listening.exit(socketId) };
}
