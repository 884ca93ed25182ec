import type { Device, types } from 'mediasoup-client';
import type { ConsumerOffer } from '#contract/media.ts';
import type { OutputOf } from '#contract/socket.ts';
import { softphoneRequests } from '#contract/softphone-media.ts';
import { AudioLevel } from '../../app/audio-level.ts';
import { mendTransport, plain } from '../../app/media-transport.ts';
import type { Realtime } from '../../app/realtime.ts';

export type JoinedCall = OutputOf<typeof softphoneRequests.join>;

export interface SoftphonePathWatcher {
  /** What we say is on its way, for the first time or again. */
  onUp(): void;
  onBroken(): void;
  /** It must be built anew. */
  onLost(): void;
  /** The other side came or went. */
  onOthers(): void;
  /** The browser does not let the other side's voice be played until there is a gesture. */
  onSoundBlocked(): void;
}

interface Other {
  readonly consumer: types.Consumer;
  readonly element: HTMLAudioElement;
  readonly level: AudioLevel;
}

/** One side's way into a call and out of it, from its join to its end: a transport to send, one to receive. */
export class SoftphonePath {
  readonly #realtime: Realtime;
  readonly #callId: string;
  readonly #watcher: SoftphonePathWatcher;
  readonly #send: types.Transport;
  readonly #receive: types.Transport;
  /** Asked for, so that an offer that comes twice is taken once. */
  readonly #asked = new Set<string>();
  readonly #others = new Map<string, Other>();
  readonly #stops: (() => void)[];
  readonly #broken = new Set<types.Transport>();
  #meters: AudioContext | null = null;
  #producer: types.Producer | null = null;
  #sending = false;
  #receiving = false;
  #closed = false;

  constructor(deps: {
    device: Device;
    realtime: Realtime;
    callId: string;
    joined: JoinedCall;
    watcher: SoftphonePathWatcher;
  }) {
    const { device, realtime, callId, joined } = deps;
    this.#realtime = realtime;
    this.#callId = callId;
    this.#watcher = deps.watcher;
    this.#send = device.createSendTransport(joined.sendTransport as unknown as types.TransportOptions);
    this.#receive = device.createRecvTransport(joined.receiveTransport as unknown as types.TransportOptions);
    this.#send.on('produce', ({ rtpParameters }, done, failed) => {
      realtime
        .request(softphoneRequests.produce, { callId, kind: 'audio', rtpParameters: plain(rtpParameters) })
        .then(({ producerId }) => done({ id: producerId }), failed);
    });
    this.#stops = [this.#wire(this.#send), this.#wire(this.#receive)];
  }

  /** Lets this microphone be heard. Errors: those of `softphone:connect` and `softphone:produce`. */
  async speak(track: MediaStreamTrack): Promise<void> {
    this.#producer = await this.#send.produce({
      track,
      stopTracks: false,
      // Packets flow in silence too (no DTX): the recorder and the listeners count on them.
      codecOptions: { opusDtx: false, opusFec: true },
    });
  }

  /** Another microphone in place of the one that was lost. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    await this.#producer?.replaceTrack({ track });
  }

  /** Plays the other side. Errors: those of `softphone:connect` and `softphone:resume`. */
  async hear(offers: readonly ConsumerOffer[]): Promise<void> {
    if (offers.length === 0) return;
    await Promise.all(offers.map((offer) => this.#consume(offer)));
    if (this.#closed) return;
    const consumerIds = offers.map(({ id }) => id);
    await this.#realtime.request(softphoneRequests.resume, { callId: this.#callId, consumerIds });
  }

  drop(consumerId: string): void {
    const other = this.#others.get(consumerId);
    if (!other) return;
    this.#others.delete(consumerId);
    silence(other);
    other.consumer.close();
    this.#watcher.onOthers();
  }

  /** Is the other side's voice there? */
  get accompanied(): boolean {
    return this.#others.size > 0;
  }

  /** Root mean square of the other side's voice in the last 21 ms, 0–1. */
  otherLevel(): number {
    let loudest = 0;
    for (const { level } of this.#others.values()) loudest = Math.max(loudest, level.read());
    return loudest;
  }

  /** Packets that came from the other side so far; null while the way is not up or nobody is there. */
  async receivedPackets(): Promise<number | null> {
    if (this.#closed || !this.#receiving || !this.accompanied) return null;
    try {
      let packets = 0;
      for (const entry of (await this.#receive.getStats()).values()) {
        if (entry.type === 'inbound-rtp') packets += Number(entry.packetsReceived ?? 0);
      }
      return packets;
    } catch {
      // Closed between the question and the answer.
      return null;
    }
  }

  /** From a gesture, after `onSoundBlocked`. */
  play(): void {
    void this.#meters?.resume().catch(() => undefined);
    for (const { element } of this.#others.values()) void element.play().catch(() => undefined);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    for (const other of this.#others.values()) silence(other);
    this.#others.clear();
    this.#send.close();
    this.#receive.close();
    void this.#meters?.close();
  }

  #wire(transport: types.Transport): () => void {
    const callId = this.#callId;
    const transportId = transport.id;
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      this.#realtime
        .request(softphoneRequests.connect, { callId, transportId, dtlsParameters: plain(dtlsParameters) })
        .then(() => done(), failed);
    });
    return mendTransport(transport, {
      restartIce: async () => {
        const { iceParameters } = await this.#realtime.request(softphoneRequests.restartIce, {
          callId,
          transportId,
        });
        return iceParameters as unknown as types.IceParameters;
      },
      onUp: () => {
        this.#broken.delete(transport);
        if (transport === this.#send) this.#sending = true;
        else this.#receiving = true;
        if (this.#sending && this.#broken.size === 0) this.#watcher.onUp();
      },
      onBroken: () => {
        this.#broken.add(transport);
        this.#watcher.onBroken();
      },
      onLost: () => this.#watcher.onLost(),
    });
  }

  async #consume(offer: ConsumerOffer): Promise<void> {
    if (this.#closed || this.#asked.has(offer.id)) return;
    this.#asked.add(offer.id);
    const consumer = await this.#receive.consume({
      id: offer.id,
      producerId: offer.producerId,
      kind: 'audio',
      rtpParameters: offer.rtpParameters as unknown as types.RtpParameters,
    });
    if (this.#closed) return;
    const stream = new MediaStream([consumer.track]);
    // Played by an element and not through the meter's context: that is what echo cancellation listens to.
    const element = new Audio();
    element.srcObject = stream;
    element.play().catch(() => !this.#closed && this.#watcher.onSoundBlocked());
    this.#meters ??= new AudioContext();
    const level = new AudioLevel(this.#meters.createMediaStreamSource(stream));
    this.#others.set(offer.id, { consumer, element, level });
    this.#watcher.onOthers();
  }
}

function silence({ element, level }: Other): void {
  level.close();
  element.pause();
  element.srcObject = null;
}
