import type { types } from 'mediasoup';
import type { ConsumerDescription, MediaDescription } from '#domains/calls/calls.ports.ts';
import { AppError } from '#kernel/errors.ts';
import { iceConsentTimeoutS } from './link-watch.ts';
import { entityGone, mediaFault, unavailable } from './media-faults.ts';
import type { IceServer } from './relay.ts';
import type { HeardLeg } from './room-leg.ts';
import type { MediaHost } from './worker-pool.ts';

/** Over the WebRtcServer's one port of the worker, UDP first, TCP where UDP is blocked. */
export function openWebRtcTransport(host: MediaHost): Promise<types.WebRtcTransport> {
  return host.router.createWebRtcTransport({
    webRtcServer: host.webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: iceConsentTimeoutS,
  });
}

/** A transport as its client needs it, with the relays it may go through. */
export function describeTransport(
  transport: types.WebRtcTransport,
  iceServers: readonly IceServer[],
): MediaDescription {
  return {
    iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    id: transport.id,
    iceParameters: { ...transport.iceParameters },
    iceCandidates: transport.iceCandidates.map((candidate) => ({ ...candidate })),
    dtlsParameters: { ...transport.dtlsParameters },
  };
}

/** Error: `media.parameters` for fingerprints the worker does not take, and for a second connect. */
export async function connectTransport(
  transport: types.WebRtcTransport,
  dtlsParameters: Record<string, unknown>,
): Promise<void> {
  try {
    await transport.connect({ dtlsParameters: dtlsParameters as unknown as types.DtlsParameters });
  } catch (error) {
    throw mediaFault(error, 'media.parameters', 'These DTLS parameters cannot be used.');
  }
}

/** Error: `media.unavailable` when the worker died meanwhile. */
export async function restartTransportIce(
  transport: types.WebRtcTransport,
): Promise<Record<string, unknown>> {
  try {
    return { ...(await transport.restartIce()) };
  } catch (error) {
    throw mediaFault(error, 'media.parameters', 'ICE cannot be restarted on this transport.');
  }
}

/** Audio that went out, in RTP packets and in bytes with RTP headers. */
export interface SentFigures {
  readonly bytes: number;
  readonly packets: number;
}

/** The call is paused; the listener hears it from disk instead. */
export type Hush = 'pause' | 'shift';

/**
 * The way to one pair of ears: a transport that only sends from here, and one consumer per leg, each paused until the
 * client says that it is ready.
 */
export class ReceivePath {
  readonly transport: types.WebRtcTransport;
  readonly #capabilities: types.RtpCapabilities;
  readonly #onConsumerClosed: (consumerId: string, legId: string) => void;
  readonly #reach: (leg: HeardLeg) => Promise<types.Producer>;
  /** By producer: consumed once, also when two ask at the same time. */
  readonly #asked = new Map<string, Promise<ConsumerDescription | undefined>>();
  readonly #consumers = new Map<string, types.Consumer>();
  /** What the client is ready for; it flows unless the path is hushed. */
  readonly #wanted = new Set<types.Consumer>();
  /** Why nothing may flow: each reason is taken back by itself. */
  readonly #hushes = new Set<Hush>();
  #known: SentFigures = { bytes: 0, packets: 0 };
  /** Packets of consumers that closed before the path did, as far as they were counted. */
  #packetsOfClosed = 0;
  readonly #packetsOf = new Map<string, number>();

  constructor(
    transport: types.WebRtcTransport,
    capabilities: types.RtpCapabilities,
    onConsumerClosed: (consumerId: string, legId: string) => void,
    /** The leg as it can be consumed on this transport's worker, where that is not the leg's own. */
    reach: (leg: HeardLeg) => Promise<types.Producer> = async (leg) => leg.producer,
  ) {
    this.transport = transport;
    this.#capabilities = capabilities;
    this.#onConsumerClosed = onConsumerClosed;
    this.#reach = reach;
  }

  get streams(): number {
    return this.#consumers.size;
  }

  has(leg: HeardLeg): boolean {
    return this.#asked.has(leg.producer.id);
  }

  /**
   * A paused consumer of this leg; undefined when the leg closed meanwhile.
   * Errors: `media.capabilities` (no codec in common), `media.unavailable`.
   */
  consume(leg: HeardLeg): Promise<ConsumerDescription | undefined> {
    let asked = this.#asked.get(leg.producer.id);
    if (asked === undefined) {
      asked = this.#consume(leg);
      this.#asked.set(leg.producer.id, asked);
    }
    return asked;
  }

  async resume(consumerIds?: readonly string[]): Promise<void> {
    const chosen =
      consumerIds === undefined
        ? [...this.#consumers.values()]
        : consumerIds.flatMap((id) => this.#consumers.get(id) ?? []);
    for (const consumer of chosen) this.#wanted.add(consumer);
    if (this.#hushes.size > 0) return;
    try {
      await Promise.all(chosen.map((consumer) => consumer.resume()));
    } catch (error) {
      // A leg that leaves while it is being resumed is no fault: its consumer-closed is under way.
      if (!entityGone(error)) throw mediaFault(error, 'media.parameters', 'The media could not be resumed.');
    }
  }

  /**
   * Nothing flows, whatever the client asks for, until every reason is taken back; then flows what the client was ready
   * for. The worker takes requests in order, so a resume that is still under way is followed by this pause.
   */
  hush(why: Hush, on: boolean): void {
    const before = this.#hushes.size > 0;
    if (on) this.#hushes.add(why);
    else this.#hushes.delete(why);
    const hushed = this.#hushes.size > 0;
    if (hushed === before) return;
    const consumers = hushed ? this.#consumers.values() : this.#wanted;
    for (const consumer of consumers) {
      // A consumer that closes meanwhile, or whose worker dies, sends nothing either.
      void (hushed ? consumer.pause() : consumer.resume()).catch(() => undefined);
    }
  }

  /** What the worker counted last, without asking it. */
  get known(): SentFigures {
    return this.#known;
  }

  /** Asks the worker; answers what is known if it is gone. */
  async measure(): Promise<SentFigures> {
    if (this.transport.closed) return this.#known;
    const consumers = [...this.#consumers.values()];
    try {
      const [[total], ...counts] = await Promise.all([
        this.transport.getStats(),
        ...consumers.map(async (consumer) => {
          const own = (await consumer.getStats()).find((stat) => stat.type === 'outbound-rtp');
          return { id: consumer.id, packets: own?.packetCount ?? 0 };
        }),
      ]);
      for (const { id, packets } of counts) {
        if (this.#packetsOf.has(id)) this.#packetsOf.set(id, packets);
      }
      let packets = this.#packetsOfClosed;
      for (const count of this.#packetsOf.values()) packets += count;
      this.#known = {
        bytes: Math.max(this.#known.bytes, total?.rtpBytesSent ?? 0),
        packets: Math.max(this.#known.packets, packets),
      };
    } catch {
      // The worker died or a consumer closed between the asking and the answer: the figures of before stand.
    }
    return this.#known;
  }

  /** Closes at once; the answer carries the last figures, for which the worker is asked before it closes. */
  close(): Promise<SentFigures> {
    const last = this.measure();
    this.transport.close();
    return last;
  }

  async #consume(leg: HeardLeg): Promise<ConsumerDescription | undefined> {
    let consumer: types.Consumer;
    try {
      const producer = await this.#reach(leg).catch((error: unknown) => {
        // Without the pipe to this worker there is nothing to consume, which says nothing of the client's codecs.
        throw entityGone(error) ? error : unavailable(error);
      });
      consumer = await this.transport.consume({
        producerId: producer.id,
        rtpCapabilities: this.#capabilities,
        paused: true,
      });
    } catch (error) {
      if (entityGone(error) || leg.producer.closed) return undefined;
      throw mediaFault(error, 'media.capabilities', 'This browser cannot play the call’s audio codec.');
    }
    const { id, producerId } = consumer;
    this.#consumers.set(id, consumer);
    this.#packetsOf.set(id, 0);
    consumer.on('producerclose', () => {
      this.#consumers.delete(id);
      this.#wanted.delete(consumer);
      this.#packetsOfClosed += this.#packetsOf.get(id) ?? 0;
      this.#packetsOf.delete(id);
      this.#onConsumerClosed(id, leg.legId);
    });
    return {
      id,
      producerId,
      kind: 'audio',
      rtpParameters: { ...consumer.rtpParameters },
      legId: leg.legId,
      role: leg.role,
    };
  }
}

/**
 * Consumes whatever can be heard, until nothing is left out: legs may appear while others are being consumed.
 * After it resolves the caller marks the path as complete in the same turn.
 */
export async function consumeAll(
  path: ReceivePath,
  legs: () => readonly HeardLeg[],
): Promise<ConsumerDescription[]> {
  const consumers: ConsumerDescription[] = [];
  for (;;) {
    const missing = legs().filter((leg) => !path.has(leg));
    if (missing.length === 0) return consumers;
    for (const consumer of await Promise.all(missing.map((leg) => path.consume(leg)))) {
      if (consumer !== undefined) consumers.push(consumer);
    }
  }
}

/** For callers that asked for an unknown transport. */
export function noSuchTransport(): AppError {
  return new AppError('media.parameters', 'There is no such transport. Please join again.');
}
