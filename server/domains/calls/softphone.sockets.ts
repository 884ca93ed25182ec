import { softphoneEvents, softphoneRequests } from '#contract/softphone-media.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { Announcer, SocketDoor, SocketGone, SocketParty } from '#realtime/socket-door.ts';
import { socketDoor } from '#realtime/socket-door.ts';
import type { CallMedia, SoftphoneMedia } from './calls.ports.ts';
import type { CallsService } from './calls.service.ts';
import type { CallEvents } from './calls.ts';
import type { CallSide, SoftphoneService } from './softphone.service.ts';

export interface SoftphoneSockets {
  readonly doors: SocketDoor[];
  readonly onGone: SocketGone;
}

const ownerOf = (party: SocketParty): { side: CallSide; personId?: string; customerCallId?: string } =>
  party.kind === 'person'
    ? { side: 'agent', personId: party.person.id }
    : { side: 'customer', customerCallId: party.callId };

/** The signalling of the two who talk. Each request is checked against the call it names, every time. */
export function softphoneSockets(deps: {
  softphone: SoftphoneService;
  calls: CallsService;
  callMedia: CallMedia;
  media: SoftphoneMedia;
  announcer: Announcer;
  events: TypedEvents<CallEvents>;
}): SoftphoneSockets {
  const { softphone, media, announcer } = deps;

  /** Sends to the socket that speaks for the side that owns this leg, if one is there. */
  const toLeg = async (callId: string, legId: string, send: (socketId: string) => void) => {
    const side = await softphone.sideOfLeg(callId, legId);
    const socketId = side && softphone.socketOf(callId, side);
    if (socketId) send(socketId);
  };
  media.on('side-consumer-added', ({ callId, legId, consumer }) => {
    void toLeg(callId, legId, (socketId) =>
      announcer.toSocket(socketId, softphoneEvents.consumerAdded, { callId, consumer }),
    );
  });
  media.on('side-consumer-closed', ({ callId, legId, consumerId }) => {
    void toLeg(callId, legId, (socketId) =>
      announcer.toSocket(socketId, softphoneEvents.consumerClosed, { callId, consumerId }),
    );
  });
  media.on('side-interrupted', ({ callId, legId, reason }) => {
    void toLeg(callId, legId, (socketId) =>
      announcer.toSocket(socketId, softphoneEvents.interrupted, { callId, reason }),
    );
  });
  deps.events.on('call-ended', ({ call }) => {
    if (call.origin !== 'softphone') return;
    for (const side of ['agent', 'customer'] as const) {
      const socketId = softphone.socketOf(call.id, side);
      if (socketId) announcer.toSocket(socketId, softphoneEvents.ended, { callId: call.id });
    }
    softphone.callEnded(call.id);
  });

  const doors = [
    socketDoor(softphoneRequests.capabilities, async () => ({
      routerRtpCapabilities: softphone.capabilities(),
    })),
    socketDoor(softphoneRequests.join, async ({ input, party, socketId }) => {
      const owner = ownerOf(party);
      const before = softphone.socketOf(input.callId, owner.side);
      const joined = await softphone.join(input.callId, owner, socketId, input.rtpCapabilities);
      if (before && before !== socketId) {
        announcer.toSocket(before, softphoneEvents.interrupted, { callId: input.callId, reason: 'replaced' });
      }
      return joined;
    }),
    socketDoor(softphoneRequests.connect, async ({ input, party }) => {
      const { leg } = await softphone.ownCall(input.callId, ownerOf(party));
      await media.connectTransport(input.callId, leg.id, input.transportId, input.dtlsParameters);
      return {};
    }),
    socketDoor(softphoneRequests.produce, async ({ input, party }) => {
      const { leg } = await softphone.ownCall(input.callId, ownerOf(party));
      return media.produce(input.callId, leg.id, input.rtpParameters);
    }),
    socketDoor(softphoneRequests.resume, async ({ input, party }) => {
      const { leg } = await softphone.ownCall(input.callId, ownerOf(party));
      await media.resumeConsumers(input.callId, leg.id, input.consumerIds);
      return {};
    }),
    socketDoor(softphoneRequests.restartIce, async ({ input, party }) => {
      const { leg } = await softphone.ownCall(input.callId, ownerOf(party));
      return { iceParameters: await media.restartIce(input.callId, leg.id, input.transportId) };
    }),
    socketDoor(softphoneRequests.mute, async ({ input, party }) => {
      const { leg } = await softphone.ownCall(input.callId, ownerOf(party));
      await deps.calls.holdLeg(input.callId, leg.id, input.hold);
      return {};
    }),
    socketDoor(softphoneRequests.hangUp, async ({ input, party }) => {
      await softphone.ownCall(input.callId, ownerOf(party));
      await deps.calls.hangUp(input.callId, 'hang-up');
      return {};
    }),
  ];

  const onGone: SocketGone = async ({ socketId }) => {
    for (const { callId, side } of softphone.sidesOf(socketId))
      await softphone.socketGone(callId, side, socketId);
  };

  return { doors, onGone };
}
