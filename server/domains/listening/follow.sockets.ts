import { followEvents, followRequests } from '#contract/follow.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { type Announcer, type SocketDoor, type SocketGone, socketDoor } from '#realtime/socket-door.ts';
import type { FollowService } from './follow.service.ts';
import type { FollowEvents } from './follow-desk.ts';

/** The door of those who follow calls. What they are offered they join by the listening's own door. */
export function followSockets(deps: {
  follow: FollowService;
  calls: Pick<CallsService, 'present'>;
  announcer: Announcer;
  events: TypedEvents<FollowEvents>;
}): { doors: SocketDoor[]; onGone: SocketGone } {
  const { follow, calls, announcer, events } = deps;
  events.on('offered', ({ socketId, slotId, call, mode, why }) =>
    announcer.toSocket(socketId, followEvents.offered, {
      slotId,
      callId: call.id,
      call: calls.present(call),
      mode,
      why: [...why],
    }),
  );
  events.on('changed', ({ socketId, state }) => announcer.toSocket(socketId, followEvents.changed, state));
  const doors = [
    socketDoor(followRequests.follow, ({ input, person, socketId }) =>
      follow.follow(person(), input, socketId),
    ),
    socketDoor(followRequests.unfollow, async ({ input, person }) => {
      await follow.unfollow(person(), input.slotId);
      return {};
    }),
  ];
  return { doors, onGone: ({ socketId }) => follow.gone(socketId) };
}
