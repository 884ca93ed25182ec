import type { types } from 'mediasoup';
import type { MediaGate } from '#contract/line-probe.ts';
import type { ProbeMedia } from '#domains/listening/line-probe.ports.ts';
import type { ServerConfig } from '#kernel/config.ts';
import { AppError } from '#kernel/errors.ts';
import { mediaFault, unavailable } from './media-faults.ts';
import { type HostLoad, hasRoomForListener, type PlacementLimits, placementLimits } from './placement.ts';
import { connectTransport, describeTransport, openWebRtcTransport } from './receive-path.ts';
import type { Relays } from './relay.ts';
import { listeningCapabilities } from './router-codecs.ts';
import { SilenceSource } from './silence-source.ts';
import type { MediaHost } from './worker-pool.ts';

export interface ProbeMediaOptions {
  readonly hosts: () => readonly MediaHost[];
  readonly loads: () => readonly HostLoad[];
  readonly relays: Relays;
  readonly config: Pick<ServerConfig, 'MEDIA_PORT' | 'MEDIA_WORKERS'>;
  readonly limits?: PlacementLimits;
}

export interface ProbePlane extends ProbeMedia {
  /** Probes that run now. */
  readonly running: number;
  close(): void;
}

/** Each costs a listener's stream for some seconds: a crowd at the door must not become a load. */
export const mostProbes = 32;

interface Source {
  readonly opening: Promise<SilenceSource>;
  probes: number;
}

interface Probe {
  readonly transport: types.WebRtcTransport;
  readonly consumer: types.Consumer;
}

/**
 * Ways to the live plane with silence on them: opened as a listener's transport is, on the ports and through the relays
 * that a listener would use, so that what a probe finds is what a listener will find.
 */
export function createProbeMedia(options: ProbeMediaOptions): ProbePlane {
  const sources = new Map<MediaHost, Source>();
  const probes = new Map<string, Probe>();
  /** Those that are being opened count as well. */
  let running = 0;

  function choose(): MediaHost {
    if (options.hosts().length === 0) throw unavailable();
    const limits = options.limits ?? placementLimits;
    const [load] = options
      .loads()
      .filter((one) => hasRoomForListener(one, 1, limits))
      .sort((a, b) => a.cpuPercent - b.cpuPercent);
    const host = options.hosts().find(({ index }) => index === load?.index);
    if (host === undefined || running >= mostProbes) {
      throw new AppError('media.full', 'The line cannot be checked right now. Please try again in a moment.');
    }
    return host;
  }

  async function silenceOn(host: MediaHost): Promise<SilenceSource> {
    let source = sources.get(host);
    if (!source) {
      source = { opening: SilenceSource.open(host), probes: 0 };
      sources.set(host, source);
    }
    source.probes += 1;
    return source.opening;
  }

  function leave(host: MediaHost): void {
    const source = sources.get(host);
    if (!source) return;
    source.probes -= 1;
    if (source.probes > 0) return;
    sources.delete(host);
    source.opening.then(
      (silence) => silence.close(),
      () => undefined,
    );
  }

  function probeOf(probeId: string): Probe {
    const probe = probes.get(probeId);
    if (!probe) throw new AppError('listening.unknown', 'This line check is over. Please try again.');
    return probe;
  }

  function gateOf(candidates: readonly types.IceCandidate[]): MediaGate {
    const { MEDIA_PORT: first, MEDIA_WORKERS: workers } = options.config;
    const ports =
      first === 0
        ? [...new Set(candidates.map(({ port }) => port))]
        : Array.from({ length: workers }, (_, index) => first + index);
    return { address: candidates[0]?.address ?? '', ports: ports.slice(0, 64) };
  }

  return {
    async open({ probeId, rtpCapabilities, forMs }) {
      const capabilities = listeningCapabilities(rtpCapabilities);
      const host = choose();
      running += 1;
      let transport: types.WebRtcTransport | undefined;
      let expiry: NodeJS.Timeout | undefined;
      let over = false;
      // However it ends: by word, by time, or with its worker.
      const end = () => {
        if (over) return;
        over = true;
        clearTimeout(expiry);
        probes.delete(probeId);
        running -= 1;
        leave(host);
      };
      try {
        const silence = await silenceOn(host);
        transport = await openWebRtcTransport(host);
        transport.observer.once('close', end);
        const consumer = await transport.consume({
          producerId: silence.producer.id,
          rtpCapabilities: capabilities,
          paused: true,
        });
        const opened = transport;
        expiry = setTimeout(() => opened.close(), forMs);
        expiry.unref();
        probes.set(probeId, { transport, consumer });
        return {
          transport: describeTransport(transport, options.relays(probeId)),
          consumer: {
            id: consumer.id,
            producerId: consumer.producerId,
            kind: 'audio',
            rtpParameters: { ...consumer.rtpParameters },
          },
          gate: gateOf(transport.iceCandidates),
        };
      } catch (error) {
        transport?.close();
        end();
        throw mediaFault(error, 'media.capabilities', 'This browser cannot play telephone sound.');
      }
    },

    connect: async (probeId, dtlsParameters) => connectTransport(probeOf(probeId).transport, dtlsParameters),

    async resume(probeId) {
      try {
        await probeOf(probeId).consumer.resume();
      } catch (error) {
        throw mediaFault(error, 'media.parameters', 'The line check could not be started.');
      }
    },

    end: (probeId) => probes.get(probeId)?.transport.close(),

    get running() {
      return running;
    },

    close() {
      for (const { transport } of [...probes.values()]) transport.close();
    },
  };
}
