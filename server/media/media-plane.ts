import { ortc, setLogEventListeners } from 'mediasoup';
import type {
  CallMedia,
  CallMediaEvents,
  SoftphoneMedia,
  SoftphoneMediaEvents,
} from '#domains/calls/calls.ports.ts';
import type { ProbeMedia } from '#domains/listening/line-probe.ports.ts';
import type { ListenerMedia, ListenerMediaEvents } from '#domains/listening/listening.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import type { ServerConfig } from '#kernel/config.ts';
import type { Log } from '#kernel/log.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { createCallMedia, tellLegHeard, watchSilence } from './call-media.ts';
import { createProbeMedia } from './line-probe.ts';
import type { LinkTimes } from './link-watch.ts';
import { createListenerMedia } from './listener-media.ts';
import type { RecorderTap, TelephonyIngress } from './media.ports.ts';
import { limitsFor, type PlacementLimits } from './placement.ts';
import { type RelayConfig, relayServers } from './relay.ts';
import { Rooms } from './rooms.ts';
import { routerCodecs } from './router-codecs.ts';
import { createSoftphoneMedia } from './softphone-media.ts';
import { WorkerPool, type WorkerPoolConfig } from './worker-pool.ts';

export interface MediaPlaneOptions {
  readonly config: WorkerPoolConfig &
    RelayConfig &
    Pick<ServerConfig, 'CALL_MEDIA_TIMEOUT_MS' | 'MEDIA_WORKER_STREAMS'>;
  readonly ingress: TelephonyIngress;
  readonly tap: RecorderTap;
  readonly log: Log;
  readonly clock: Clock;
  /** How long a lost connection may come back; shorter in tests. */
  readonly linkTimes?: LinkTimes;
  /** Milliseconds after which a worker that neither answers nor works is killed and replaced; shorter in tests. */
  readonly hangMs?: number;
  /** How much a worker is given to carry; by the configuration unless told. */
  readonly limits?: PlacementLimits;
}

/** One SFU worker, for the operations page and metrics. */
export interface WorkerFigures {
  readonly index: number;
  readonly pid: number;
  readonly calls: number;
  readonly listeners: number;
  /** Audio streams in and out. */
  readonly streams: number;
  /** Of one core. */
  readonly cpuPercent: number;
}

/** Cheap to read: nothing is asked of workers. All but the first four count since the start. */
export interface MediaFigures {
  readonly calls: number;
  readonly legs: number;
  readonly listeners: number;
  readonly workers: number;
  readonly workerDeaths: number;
  readonly callsMoved: number;
  /** Calls and listeners that were turned away with `media.full`. */
  readonly refused: number;
  /** RTP packets of all legs. */
  readonly packetsIn: number;
  readonly packetsForwarded: number;
  readonly packetsLost: number;
  /** To listeners, up to ten seconds old. */
  readonly packetsOut: number;
  readonly bytesOut: number;
}

export interface MediaPlane {
  readonly calls: CallMedia;
  readonly softphone: SoftphoneMedia;
  readonly listeners: ListenerMedia;
  readonly probes: ProbeMedia;
  workers(): WorkerFigures[];
  stats(): MediaFigures;
  /** Ends every call, closes every transport; resolves when the worker processes have ended. */
  close(): Promise<void>;
}

/** Starts the SFU workers. Throws when they cannot be started. */
export async function createMediaPlane(options: MediaPlaneOptions): Promise<MediaPlane> {
  const { config, ingress, tap, log, clock } = options;
  const onFault = (event: PropertyKey, fault: unknown) =>
    log.error({ event: String(event), err: fault }, 'a listener of the media plane failed');
  const callEvents = new TypedEvents<CallMediaEvents>(onFault);
  const softphoneEvents = new TypedEvents<SoftphoneMediaEvents>(onFault);
  const listenerEvents = new TypedEvents<ListenerMediaEvents>(onFault);

  setLogEventListeners({
    onwarn: (namespace, message) => log.debug({ namespace }, message),
    onerror: (namespace, message, error) => log.warn({ namespace, err: error }, message),
  });

  // The same on every worker, so that it can be told before a call is chosen.
  const capabilities = ortc.generateRouterRtpCapabilities(routerCodecs);
  const routerRtpCapabilities = () => structuredClone(capabilities) as unknown as Record<string, unknown>;

  const limits = options.limits ?? limitsFor(config.MEDIA_WORKER_STREAMS);
  const relays = (name: string) => relayServers(config, name, clock());

  const pool = new WorkerPool(config, log, options.hangMs);
  const rooms = new Rooms({
    pool,
    ingress,
    tap,
    clock,
    log,
    limits,
    onLegHeard: (room, legId, at) => tellLegHeard(callEvents, room, legId, at),
  });
  await pool.start();
  const stopSilenceWatch = watchSilence(rooms, callEvents, {
    timeoutMs: config.CALL_MEDIA_TIMEOUT_MS,
    clock,
  });
  const listeners = createListenerMedia(
    rooms,
    listenerEvents,
    routerRtpCapabilities,
    relays,
    options.linkTimes,
  );

  const probes = createProbeMedia({
    ...{ config, relays, hosts: () => pool.hosts, loads: () => rooms.loads() },
    limits,
  });

  let closing: Promise<void> | undefined;
  async function closeAll(): Promise<void> {
    stopSilenceWatch();
    listeners.close();
    probes.close();
    await rooms.closeAll();
    await pool.close();
  }

  return {
    calls: createCallMedia(rooms, callEvents),
    softphone: createSoftphoneMedia(rooms, softphoneEvents, routerRtpCapabilities, relays),
    listeners,
    probes,

    workers() {
      return rooms.loads().map(({ index, calls, streams, cpuPercent }) => ({
        index,
        pid: pool.hosts.find((host) => host.index === index)?.pid ?? 0,
        calls,
        listeners: listeners.listenersOn(index),
        streams,
        cpuPercent: Math.round(cpuPercent * 10) / 10,
      }));
    },

    stats() {
      let legs = 0;
      let { received: packetsIn, forwarded: packetsForwarded, lost: packetsLost } = rooms.past;
      for (const room of rooms.all()) {
        for (const leg of room.legs.values()) {
          const { received, forwarded, lost } = leg.stats();
          legs += 1;
          packetsIn += received;
          packetsForwarded += forwarded;
          packetsLost += lost;
        }
      }
      return {
        calls: rooms.size,
        legs,
        workers: pool.hosts.length,
        workerDeaths: pool.deaths,
        callsMoved: rooms.moved,
        refused: rooms.refused,
        packetsIn,
        packetsForwarded,
        packetsLost,
        ...listeners.figures(),
      };
    },

    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
