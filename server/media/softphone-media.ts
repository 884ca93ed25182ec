import type { types } from 'mediasoup';
import type { LegRole } from '#contract/primitives.ts';
import type { SoftphoneMedia, SoftphoneMediaEvents } from '#domains/calls/calls.ports.ts';
import { AppError } from '#kernel/errors.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { CallRoom, Ear } from './call-room.ts';
import { callOver, mediaFault, unavailable } from './media-faults.ts';
import {
  connectTransport,
  consumeAll,
  describeTransport,
  noSuchTransport,
  openWebRtcTransport,
  ReceivePath,
  restartTransportIce,
} from './receive-path.ts';
import type { Relays } from './relay.ts';
import type { Rooms } from './rooms.ts';
import { listeningCapabilities } from './router-codecs.ts';
import { SoftphoneLeg, type SoftphoneSide } from './softphone-leg.ts';

/** The softphone's face of the live plane: two people talk, each over a transport to send and one to receive. */
export function createSoftphoneMedia(
  rooms: Rooms,
  events: TypedEvents<SoftphoneMediaEvents>,
  routerRtpCapabilities: () => Record<string, unknown>,
  relays: Relays,
): SoftphoneMedia {
  function legOf(callId: string, legId: string): SoftphoneLeg {
    const leg = rooms.require(callId).legs.get(legId);
    if (!(leg instanceof SoftphoneLeg)) throw new AppError('not-found', 'This call has no such leg.');
    return leg;
  }

  function sideOf(callId: string, legId: string): SoftphoneSide {
    const side = legOf(callId, legId).side;
    if (side === undefined) throw noSuchTransport();
    return side;
  }

  function transportOf(callId: string, legId: string, transportId: string): types.WebRtcTransport {
    const { sendTransport, receive } = sideOf(callId, legId);
    const transport = [sendTransport, receive.transport].find((candidate) => candidate.id === transportId);
    if (transport === undefined) throw noSuchTransport();
    return transport;
  }

  /** Both transports of a side; neither is left behind when the other cannot be had. */
  async function openTransports(room: CallRoom): Promise<[types.WebRtcTransport, types.WebRtcTransport]> {
    const host = await room.ready();
    const opened = await Promise.allSettled([openWebRtcTransport(host), openWebRtcTransport(host)]);
    const [send, receive] = opened;
    if (send.status === 'fulfilled' && receive.status === 'fulfilled') return [send.value, receive.value];
    let reason: unknown;
    for (const one of opened) {
      if (one.status === 'fulfilled') one.value.close();
      else reason = one.reason;
    }
    throw mediaFault(reason, 'media.parameters', 'The transports could not be opened.');
  }

  async function join(
    room: CallRoom,
    legId: string,
    role: LegRole,
    rtpCapabilities: Record<string, unknown>,
  ) {
    const { callId } = room;
    const capabilities = listeningCapabilities(rtpCapabilities);
    const host = await room.ready();
    const [sendTransport, receiveTransport] = await openTransports(room);
    const receive = new ReceivePath(receiveTransport, capabilities, (consumerId) =>
      events.emit('side-consumer-closed', { callId, legId, consumerId }),
    );
    const ear: Ear = {
      host,
      path: receive,
      complete: false,
      wants: (leg) => leg.legId !== legId,
      announce: (consumer) => events.emit('side-consumer-added', { callId, legId, consumer }),
      hush: () => undefined,
      interrupted: () => events.emit('side-interrupted', { callId, legId, reason: 'media-restart' }),
      dismiss: () => undefined,
    };
    const discard = () => {
      room.removeEar(ear);
      sendTransport.close();
      void receive.close();
    };
    room.addEar(ear);
    try {
      const consumers = await consumeAll(receive, () => room.heardLegs().filter(ear.wants));
      if (room.closed) throw callOver(callId);
      if (room.host !== host) throw unavailable();
      ear.complete = true;
      room.softphoneLeg(legId, role).take({ host, sendTransport, receive, left: () => room.removeEar(ear) });
      const iceServers = relays(legId);
      return {
        routerRtpCapabilities: routerRtpCapabilities(),
        sendTransport: describeTransport(sendTransport, iceServers),
        receiveTransport: describeTransport(receiveTransport, iceServers),
        consumers,
      };
    } catch (error) {
      discard();
      throw error;
    }
  }

  return {
    routerRtpCapabilities: () => routerRtpCapabilities(),

    joinSide: ({ callId, legId, role, rtpCapabilities }) =>
      join(rooms.require(callId), legId, role, rtpCapabilities),

    async connectTransport(callId, legId, transportId, dtlsParameters) {
      await connectTransport(transportOf(callId, legId, transportId), dtlsParameters);
    },

    async produce(callId, legId, rtpParameters) {
      const leg = legOf(callId, legId);
      const producer = await leg.produce(rtpParameters);
      rooms.require(callId).announce(leg);
      return { producerId: producer.id };
    },

    async resumeConsumers(callId, legId, consumerIds) {
      await sideOf(callId, legId).receive.resume(consumerIds);
    },

    async restartIce(callId, legId, transportId) {
      return restartTransportIce(transportOf(callId, legId, transportId));
    },

    leaveSide(callId, legId) {
      const leg = rooms.get(callId)?.legs.get(legId);
      if (leg instanceof SoftphoneLeg) leg.leave();
    },

    on: (event, listener) => events.on(event, listener),
  };
}
