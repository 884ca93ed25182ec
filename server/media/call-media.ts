import type { CallMedia, CallMediaEvents } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { CallRoom } from './call-room.ts';
import type { Rooms } from './rooms.ts';
import { silentSince } from './silence.ts';

/** The calls domain's face of the live plane: legs in, hold, end. */
export function createCallMedia(rooms: Rooms, events: TypedEvents<CallMediaEvents>): CallMedia {
  return {
    openCall: (callId) => rooms.open(callId),

    async addRtpLeg(callId, spec) {
      return (await rooms.require(callId).addTelephonyLeg(spec)).address;
    },

    holdLeg(callId, legId, hold) {
      const leg = rooms.require(callId).legs.get(legId);
      if (leg === undefined) throw new AppError('not-found', 'This call has no such leg.');
      leg.hold(hold);
    },

    pauseCall: (callId, on) => rooms.require(callId).pause(on),

    legStats(callId) {
      return [...(rooms.get(callId)?.legs.values() ?? [])].map((leg) => leg.stats());
    },

    closeCall: (callId) => rooms.close(callId),

    on: (event, listener) => events.on(event, listener),
  };
}

/** Turns the first packet of a leg into what the calls domain is told. Times are whole UTC ms. */
export function tellLegHeard(
  events: TypedEvents<CallMediaEvents>,
  room: CallRoom,
  legId: string,
  at: number,
): void {
  const { callId } = room;
  const wholeMs = Math.floor(at);
  if (room.heardAt === null) {
    room.heardAt = wholeMs;
    events.emit('call-heard', { callId, at: wholeMs });
  }
  events.emit('leg-heard', { callId, legId, at: wholeMs });
}

/** Looks at every call a few times per timeout and tells once when its media has stopped. Answers the way to stop it. */
export function watchSilence(
  rooms: Rooms,
  events: TypedEvents<CallMediaEvents>,
  options: { timeoutMs: number; clock: Clock },
): () => void {
  const timer = setInterval(
    () => {
      const now = options.clock();
      for (const room of rooms.all()) {
        const since = silentSince(room.legs.values(), options.timeoutMs, now);
        if (since === null) room.silentTold = false;
        else if (!room.silentTold) {
          room.silentTold = true;
          events.emit('call-silent', { callId: room.callId, lastPacketAt: Math.floor(since) });
        }
      }
    },
    Math.min(1_000, options.timeoutMs / 4),
  );
  timer.unref();
  return () => clearInterval(timer);
}
