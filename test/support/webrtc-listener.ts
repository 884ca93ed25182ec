import { PeerConnection } from 'node-datachannel';
import type { ConsumerOffer, TransportOffer } from '#contract/media.ts';
import type { LegRole } from '#contract/primitives.ts';
import { decodeG711 } from '#kernel/rtp/g711.ts';
import { isRtcp, parseRtp, sequenceDistance } from '#kernel/rtp/packet.ts';
import { keepUntilClosed } from './native-tracks.ts';
import { dominantFrequency } from './tone.ts';
import { dtlsParametersOf, type IceParameters, receiveOffer, streamOf } from './transport-sdp.ts';

/** How the listener's requests reach the server: straight into the media plane, or over its socket. */
export interface ListenerSignalling {
  connect(dtlsParameters: Record<string, unknown>): Promise<unknown>;
  resume(consumerIds: readonly string[]): Promise<unknown>;
}

export interface ListenerOptions {
  /** Payloads kept per leg, the latest: 25 are half a second. */
  readonly keepPayloads?: number;
  /** Called for each RTP packet, before anything else is done with it. `at`: `performance.now()`. */
  readonly onPacket?: (legId: string, payload: Buffer, at: number) => void;
}

/** What one leg brought so far. */
export interface HeardStream {
  readonly legId: string;
  readonly role: LegRole;
  readonly ssrc: number;
  readonly mimeType: string;
  packets: number;
  /** Gaps in the sequence numbers, less what came late. */
  lost: number;
  /** `performance.now()` of the first and the latest packet. */
  firstAt: number | undefined;
  lastAt: number | undefined;
  readonly payloads: Buffer[];
}

/** All RTP capabilities that this listener has: it decodes nothing but G.711, and takes what it is given. */
export const listenerCapabilities: Record<string, unknown> = {
  codecs: [
    { kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 111, clockRate: 48_000, channels: 2 },
    { kind: 'audio', mimeType: 'audio/PCMU', preferredPayloadType: 0, clockRate: 8_000 },
    { kind: 'audio', mimeType: 'audio/PCMA', preferredPayloadType: 8, clockRate: 8_000 },
  ],
  headerExtensions: [],
};

const connectWithinMs = 10_000;

/**
 * One listener by libdatachannel: a real ICE agent, DTLS and SRTP, at a fiftieth of a browser's cost. It sees raw RTP,
 * so that what is heard can be measured packet by packet.
 */
export class WebrtcListener {
  readonly #transport: TransportOffer;
  readonly #signalling: ListenerSignalling;
  readonly #options: ListenerOptions;
  readonly #consumers: { consumer: ConsumerOffer; open: boolean }[] = [];
  readonly #streams = new Map<string, HeardStream>();
  readonly #highest = new Map<string, number>();
  #ice: IceParameters;
  #peer: PeerConnection | undefined;
  #version = 0;
  #connected = false;

  constructor(transport: TransportOffer, signalling: ListenerSignalling, options: ListenerOptions = {}) {
    this.#transport = transport;
    this.#signalling = signalling;
    this.#options = options;
    this.#ice = transport.iceParameters as unknown as IceParameters;
  }

  /** Joins by an offer of a transport and paused consumers: resolves when it is connected and they are resumed. */
  static async hear(
    offer: { transport: TransportOffer; consumers: readonly ConsumerOffer[] },
    signalling: ListenerSignalling,
    options: ListenerOptions = {},
  ): Promise<WebrtcListener> {
    const listener = new WebrtcListener(offer.transport, signalling, options);
    try {
      await listener.add(...offer.consumers);
    } catch (error) {
      listener.close();
      throw error;
    }
    return listener;
  }

  /** Takes more consumers and resumes them. The connection is made with the first. */
  async add(...consumers: readonly ConsumerOffer[]): Promise<void> {
    if (consumers.length === 0) return;
    for (const consumer of consumers) {
      this.#consumers.push({ consumer, open: true });
      const { codecs, encodings } = streamOf(consumer);
      this.#streams.set(consumer.id, {
        legId: consumer.legId,
        role: consumer.role,
        ssrc: encodings[0]!.ssrc,
        mimeType: codecs[0]!.mimeType,
        packets: 0,
        lost: 0,
        firstAt: undefined,
        lastAt: undefined,
        payloads: [],
      });
    }
    if (this.#connected) this.#negotiate();
    else await this.#connect();
    await this.#signalling.resume(consumers.map(({ id }) => id));
  }

  /** The server closed this consumer. */
  remove(consumerId: string): void {
    const known = this.#consumers.find(({ consumer }) => consumer.id === consumerId);
    if (known === undefined) return;
    known.open = false;
    this.#streams.delete(consumerId);
    this.#negotiate();
  }

  /** The stream of a leg. Throws when there is none. */
  leg(legId: string): HeardStream {
    const stream = [...this.#streams.values()].find((candidate) => candidate.legId === legId);
    if (stream === undefined) throw new Error(`no stream of leg ${legId}`);
    return stream;
  }

  get streams(): HeardStream[] {
    return [...this.#streams.values()];
  }

  get packets(): number {
    return this.streams.reduce((sum, { packets }) => sum + packets, 0);
  }

  /** The strongest frequency of the latest half second, Hz; undefined in silence or before anything came. G.711 only. */
  frequencyOf(legId: string): number | undefined {
    const { mimeType, payloads } = this.leg(legId);
    const law = mimeType.endsWith('/PCMA') ? 'PCMA' : 'PCMU';
    if (!mimeType.endsWith(law)) throw new Error(`${mimeType} is not decoded here`);
    return dominantFrequency(decodeG711(law, Buffer.concat(payloads)), 8_000);
  }

  /** Forgets what was heard, to look at what comes from now on. */
  forget(): void {
    for (const stream of this.#streams.values()) {
      stream.packets = 0;
      stream.lost = 0;
      stream.firstAt = undefined;
      stream.payloads.length = 0;
    }
    this.#highest.clear();
  }

  get state(): string {
    return this.#peer?.state() ?? 'new';
  }

  /** Says goodbye by DTLS and is gone. */
  close(): void {
    this.#peer?.close();
  }

  async #connect(): Promise<void> {
    const peer = new PeerConnection('listener', {
      iceServers: [],
      // Benches put their listeners on another host.
      bindAddress: process.env.LISTENER_ADDRESS ?? '127.0.0.1',
    });
    this.#peer = peer;
    peer.onTrack((track) => {
      keepUntilClosed(track);
      track.onMessage((bytes) => this.#onPacket(bytes));
    });
    const described = new Promise<string>((resolve) => peer.onLocalDescription((sdp) => resolve(sdp)));
    const connected = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the listener did not connect within ${connectWithinMs} ms: ${peer.state()}`)),
        connectWithinMs,
      );
      peer.onStateChange((state) => {
        if (state !== 'connected' && state !== 'failed' && state !== 'closed') return;
        clearTimeout(timer);
        if (state === 'connected') resolve();
        else reject(new Error(`the listener’s connection ${state}`));
      });
    });
    connected.catch(() => undefined);
    this.#negotiate();
    await this.#signalling.connect(dtlsParametersOf(await described));
    await connected;
    this.#connected = true;
  }

  #negotiate(): void {
    this.#version += 1;
    this.#peer?.setRemoteDescription(
      receiveOffer(this.#transport, this.#ice, this.#consumers, this.#version),
      'offer',
    );
  }

  #onPacket(bytes: Buffer): void {
    const at = performance.now();
    if (isRtcp(bytes)) return;
    const packet = parseRtp(bytes);
    if (packet === undefined) return;
    for (const [consumerId, stream] of this.#streams) {
      if (stream.ssrc !== packet.ssrc) continue;
      this.#options.onPacket?.(stream.legId, packet.payload, at);
      stream.packets += 1;
      stream.firstAt ??= at;
      stream.lastAt = at;
      stream.payloads.push(packet.payload);
      if (stream.payloads.length > (this.#options.keepPayloads ?? 25)) stream.payloads.shift();
      const highest = this.#highest.get(consumerId);
      const step = highest === undefined ? 1 : sequenceDistance(packet.sequenceNumber, highest);
      if (step > 0) this.#highest.set(consumerId, packet.sequenceNumber);
      stream.lost += step > 0 ? step - 1 : -1;
      return;
    }
  }
}
