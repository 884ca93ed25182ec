import type { types } from 'mediasoup';
import type { ListenerMedia, ListenerMediaEvents } from '#domains/listening/listening.ports.ts';
import { AppError } from '#kernel/errors.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { CallRoom, Ear, Place } from './call-room.ts';
import { type LinkTimes, linkTimes, watchLink } from './link-watch.ts';
import { callOver, mediaFault, unavailable } from './media-faults.ts';
import {
  connectTransport,
  consumeAll,
  describeTransport,
  openWebRtcTransport,
  ReceivePath,
  restartTransportIce,
  type SentFigures,
} from './receive-path.ts';
import type { Relays } from './relay.ts';
import type { Rooms } from './rooms.ts';
import { listeningCapabilities } from './router-codecs.ts';

interface Listener {
  readonly listeningId: string;
  readonly room: CallRoom;
  readonly path: ReceivePath;
  readonly ear: Ear;
  readonly unwatch: () => void;
}

/** For this long after its end a listening still answers what was sent. Milliseconds. */
const lastFiguresMs = 60_000;
const measureLimitMs = 1_000;
/** Each listener's figures are taken this often, so that a worker's death costs little of the count. */
const sampleEveryMs = 10_000;
const sampleSlices = 10;

export interface ListenerFigures {
  readonly listeners: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
}

export interface ListenerPlane extends ListenerMedia {
  figures(): ListenerFigures;
  /** How many hear their call from this worker. */
  listenersOn(workerIndex: number): number;
  close(): void;
}

/**
 * The listeners' face of the live plane. It opens transports that receive on the listener's side, and nothing here
 * ever produces: that a listener cannot speak is not a check but the absence of a way.
 */
export function createListenerMedia(
  rooms: Rooms,
  events: TypedEvents<ListenerMediaEvents>,
  routerRtpCapabilities: () => Record<string, unknown>,
  relays: Relays,
  times: LinkTimes = linkTimes,
): ListenerPlane {
  const listeners = new Map<string, Listener>();
  const lastFigures = new Map<string, Promise<SentFigures>>();
  const expiries = new Set<NodeJS.Timeout>();
  let gone: SentFigures = { bytes: 0, packets: 0 };

  function listenerOf(listeningId: string): Listener {
    const listener = listeners.get(listeningId);
    if (listener === undefined) {
      throw new AppError('listening.unknown', 'This listening is over. Please join again.');
    }
    return listener;
  }

  /** Takes a listener out and closes its transport; what was sent to it can be asked for a while longer. */
  function drop(listener: Listener): void {
    const { listeningId } = listener;
    if (listeners.get(listeningId) !== listener) return;
    listeners.delete(listeningId);
    listener.unwatch();
    listener.room.removeEar(listener.ear);
    // What is known counts at once, so that totals never go back; what came since, when the worker has answered.
    const { known } = listener.path;
    gone = { bytes: gone.bytes + known.bytes, packets: gone.packets + known.packets };
    const last = listener.path.close().then((figures) => {
      gone = {
        bytes: gone.bytes + figures.bytes - known.bytes,
        packets: gone.packets + figures.packets - known.packets,
      };
      return figures;
    });
    lastFigures.set(listeningId, last);
    const expiry = setTimeout(() => {
      expiries.delete(expiry);
      if (lastFigures.get(listeningId) === last) lastFigures.delete(listeningId);
    }, lastFiguresMs);
    expiry.unref();
    expiries.add(expiry);
  }

  function interrupt(listener: Listener, reason: 'media-restart' | 'connection-lost'): void {
    if (listeners.get(listener.listeningId) !== listener) return;
    drop(listener);
    events.emit('interrupted', {
      listeningId: listener.listeningId,
      callId: listener.room.callId,
      reason,
    });
  }

  async function openListener(
    room: CallRoom,
    listeningId: string,
    rtpCapabilities: Record<string, unknown>,
  ): Promise<Listener> {
    const capabilities = listeningCapabilities(rtpCapabilities);
    await room.ready();
    const place = rooms.placeListener(room);
    try {
      return await settleListener(room, place, listeningId, capabilities);
    } finally {
      place.release();
    }
  }

  async function settleListener(
    room: CallRoom,
    place: Place,
    listeningId: string,
    capabilities: types.RtpCapabilities,
  ): Promise<Listener> {
    const { callId } = room;
    const { host } = place;
    await host.turns.take();
    const transport = await openWebRtcTransport(host).catch((error: unknown) => {
      throw mediaFault(error, 'media.parameters', 'The transport could not be opened.');
    });
    const path = new ReceivePath(
      transport,
      capabilities,
      (consumerId, legId) => events.emit('consumer-closed', { listeningId, consumerId, legId }),
      place.reach,
    );
    const ear: Ear = {
      host,
      path,
      complete: false,
      wants: () => true,
      announce: (consumer) => events.emit('consumer-added', { listeningId, consumer }),
      hush: (on) => path.hush('pause', on),
      interrupted: () => interrupt(listener, 'media-restart'),
      dismiss: () => drop(listener),
    };
    const unwatch = watchLink(
      transport,
      {
        onUp: () => events.emit('connected', { listeningId }),
        // With its worker gone the transport is closed as well, and that has its own word.
        onGone: () => host.lost || interrupt(listener, 'connection-lost'),
      },
      times,
    );
    const listener: Listener = { listeningId, room, path, ear, unwatch };
    const before = listeners.get(listeningId);
    if (before !== undefined) drop(before);
    listeners.set(listeningId, listener);
    if (room.closed || host.lost || !room.hosts.includes(host)) {
      drop(listener);
      throw room.closed ? callOver(callId) : unavailable();
    }
    room.addEar(ear);
    return listener;
  }

  let slice = 0;
  const sampler = setInterval(() => {
    slice = (slice + 1) % sampleSlices;
    let place = 0;
    for (const { path } of listeners.values()) {
      if (place++ % sampleSlices === slice) void path.measure();
    }
  }, sampleEveryMs / sampleSlices);
  sampler.unref();

  return {
    routerRtpCapabilities: () => routerRtpCapabilities(),

    assertRoom(callId) {
      const room = rooms.require(callId);
      // Between two workers nobody can tell.
      if (room.host !== undefined) rooms.hostForListener(room);
    },

    async join({ listeningId, callId, rtpCapabilities }) {
      const room = rooms.require(callId);
      const listener = await openListener(room, listeningId, rtpCapabilities);
      try {
        const consumers = await consumeAll(listener.path, () => room.heardLegs());
        if (listeners.get(listeningId) !== listener || listener.path.transport.closed) throw unavailable();
        listener.ear.complete = true;
        return { transport: describeTransport(listener.path.transport, relays(listeningId)), consumers };
      } catch (error) {
        drop(listener);
        throw error;
      }
    },

    async connect(listeningId, dtlsParameters) {
      await connectTransport(listenerOf(listeningId).path.transport, dtlsParameters);
    },

    async resume(listeningId, consumerIds) {
      await listenerOf(listeningId).path.resume(consumerIds);
    },

    shift(listeningId, on) {
      listenerOf(listeningId).path.hush('shift', on);
    },

    async restartIce(listeningId) {
      return restartTransportIce(listenerOf(listeningId).path.transport);
    },

    leave(listeningId) {
      const listener = listeners.get(listeningId);
      if (listener !== undefined) drop(listener);
    },

    async sent(listeningId) {
      const listener = listeners.get(listeningId);
      if (listener === undefined) return (await lastFigures.get(listeningId)) ?? { bytes: 0, packets: 0 };
      // A worker that does not answer must not hold up whoever wants to end the listening.
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<SentFigures>((resolve) => {
        timer = setTimeout(() => resolve(listener.path.known), measureLimitMs);
      });
      return Promise.race([listener.path.measure(), limit]).finally(() => clearTimeout(timer));
    },

    listenersOf(callId) {
      let count = 0;
      for (const { room } of listeners.values()) if (room.callId === callId) count += 1;
      return count;
    },

    listenersOn(workerIndex) {
      let count = 0;
      for (const { ear } of listeners.values()) if (ear.host.index === workerIndex) count += 1;
      return count;
    },

    on: (event, listener) => events.on(event, listener),

    figures() {
      let { bytes, packets } = gone;
      for (const { path } of listeners.values()) {
        bytes += path.known.bytes;
        packets += path.known.packets;
      }
      return { listeners: listeners.size, packetsOut: packets, bytesOut: bytes };
    },

    close() {
      clearInterval(sampler);
      for (const expiry of expiries) clearTimeout(expiry);
      for (const listener of [...listeners.values()]) drop(listener);
    },
  };
}
