import { pino } from 'pino';
import type { CaptureLeg } from '#contract/capture.ts';
import type { Codec, LegRole } from '#contract/primitives.ts';
import { createMediaPlane, type MediaPlane } from '#media/media-plane.ts';
import { type PlacementLimits, placementLimits } from '#media/placement.ts';
import { findMediaWorker } from '#scripts/setup/media-worker.ts';
import type { RtpTarget } from '#support/rtp-sender.ts';
import { type ListenerOptions, listenerCapabilities, WebrtcListener } from '#support/webrtc-listener.ts';
import { openThreadedIngress, type ThreadedIngress } from '#telephony/threaded-ingress.ts';

export interface TappedLeg {
  readonly leg: CaptureLeg;
  readonly packets: { bytes: Buffer; at: number }[];
  readonly holds: { on: boolean; at: number }[];
  endedAt: number | undefined;
}

interface TappedCall {
  readonly legs: TappedLeg[];
  readonly pauses: { on: boolean; at: number }[];
  endedAt: number | undefined;
}

/** What the recorder would get, kept in memory. */
export class MemoryTap {
  readonly calls = new Map<string, TappedCall>();

  openCall(callId: string) {
    const call: TappedCall = { legs: [], pauses: [], endedAt: undefined };
    this.calls.set(callId, call);
    return {
      addLeg: (leg: CaptureLeg) => {
        const tapped: TappedLeg = { leg, packets: [], holds: [], endedAt: undefined };
        call.legs.push(tapped);
        return {
          packet: (bytes: Buffer, at: number) => void tapped.packets.push({ bytes: Buffer.from(bytes), at }),
          hold: (on: boolean, at: number) => void tapped.holds.push({ on, at }),
          end: (at: number) => {
            tapped.endedAt = at;
          },
        };
      },
      pause: (on: boolean, at: number) => void call.pauses.push({ on, at }),
      end: (at: number) => {
        call.endedAt = at;
      },
    };
  }

  leg(callId: string, legId: string): TappedLeg {
    const found = this.calls.get(callId)?.legs.find(({ leg }) => leg.legId === legId);
    if (found === undefined) throw new Error(`the tap knows no leg ${legId}`);
    return found;
  }
}

export interface LivePlane {
  readonly plane: MediaPlane;
  readonly ingress: ThreadedIngress;
  readonly tap: MemoryTap;
  /** Opens a call with RTP legs; answers where to send each. */
  openCall(callId: string, legs: readonly TestLeg[]): Promise<Record<string, RtpTarget>>;
  /** A listener that hears the call through real ICE, DTLS and SRTP. It is closed with the plane. */
  hear(callId: string, options?: ListenerOptions & { listeningId?: string }): Promise<TestListener>;
  close(): Promise<void>;
}

export interface TestLeg {
  readonly legId: string;
  readonly role: LegRole;
  readonly codec?: Codec;
}

export interface TestListener {
  readonly listeningId: string;
  readonly ears: WebrtcListener;
  leave(): void;
}

const payloadTypes = { PCMU: 0, PCMA: 8, opus: 111 } as const;

/** The live plane with real worker processes, the real ingress and a tap in memory. */
export async function startLivePlane(
  options: {
    workers?: number;
    port?: number;
    mediaTimeoutMs?: number;
    graceMs?: number;
    hangMs?: number;
    limits?: PlacementLimits;
  } = {},
): Promise<LivePlane> {
  const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const workerBin = await findMediaWorker();
  if (workerBin === undefined) throw new Error('there is no mediasoup worker: run the set-up first');
  // Above the ports of the embedded stack's default ingress, below the kernel's ephemeral ones.
  const ingress = await openThreadedIngress({ listenIp: '127.0.0.1', portMin: 30_000, portMax: 32_700, log });
  const tap = new MemoryTap();
  const plane = await createMediaPlane({
    config: {
      MEDIASOUP_WORKER_BIN: workerBin,
      MEDIA_WORKERS: options.workers ?? 1,
      MEDIA_LISTEN_IP: '127.0.0.1',
      MEDIA_ANNOUNCED_ADDRESS: undefined,
      MEDIA_PORT: options.port ?? 0,
      MEDIA_WORKER_STREAMS: placementLimits.streamsForListeners,
      TURN_URLS: [],
      TURN_SECRET: undefined,
      TURN_TTL_S: 3_600,
      CALL_MEDIA_TIMEOUT_MS: options.mediaTimeoutMs ?? 30_000,
    },
    ingress,
    tap,
    log,
    clock: () => Date.now(),
    ...(options.limits && { limits: options.limits }),
    ...(options.hangMs === undefined ? {} : { hangMs: options.hangMs }),
    ...(options.graceMs === undefined ? {} : { linkTimes: { connectMs: 30_000, graceMs: options.graceMs } }),
  });
  const listeners = new Set<WebrtcListener>();
  let lastListening = 0;

  return {
    plane,
    ingress,
    tap,

    async openCall(callId, legs) {
      await plane.calls.openCall(callId);
      const targets: Record<string, RtpTarget> = {};
      for (const { legId, role, codec = 'PCMU' } of legs) {
        targets[legId] = await plane.calls.addRtpLeg(callId, {
          legId,
          role,
          codec,
          payloadType: payloadTypes[codec],
          telephoneEventPayloadType: 101,
        });
      }
      return targets;
    },

    async hear(callId, given = {}) {
      lastListening += 1;
      const listeningId = given.listeningId ?? `listening-${lastListening}`;
      const media = plane.listeners;
      const offer = await media.join({ listeningId, callId, rtpCapabilities: listenerCapabilities });
      const ears = await WebrtcListener.hear(
        offer,
        {
          connect: (dtlsParameters) => media.connect(listeningId, dtlsParameters),
          resume: (consumerIds) => media.resume(listeningId, consumerIds),
        },
        given,
      );
      listeners.add(ears);
      return {
        listeningId,
        ears,
        leave() {
          media.leave(listeningId);
          ears.close();
          listeners.delete(ears);
        },
      };
    },

    async close() {
      for (const ears of listeners) ears.close();
      await plane.close();
      await ingress.close();
    },
  };
}
