import { Audio, PeerConnection, type Track } from 'node-datachannel';
import type { ConsumerOffer, TransportOffer } from '#contract/media.ts';
import { writeRtp } from '#kernel/rtp/packet.ts';
import { keepUntilClosed } from './native-tracks.ts';
import { dtlsParametersOf, sendAnswer } from './transport-sdp.ts';
import { WebrtcListener } from './webrtc-listener.ts';

/** How the softphone's requests reach the server. */
export interface SoftphoneSignalling {
  connect(transportId: string, dtlsParameters: Record<string, unknown>): Promise<unknown>;
  produce(rtpParameters: Record<string, unknown>): Promise<unknown>;
  resume(consumerIds: readonly string[]): Promise<unknown>;
}

const payloadType = 111;
const mid = 'microphone';
const frameMs = 20;
const frameTicks = 960;

/** One side of a browser call without a browser: ready Opus payloads go out as they are, what comes in can be measured. */
export class WebrtcSoftphone {
  readonly ears: WebrtcListener;
  readonly #transport: TransportOffer;
  readonly #signalling: SoftphoneSignalling;
  readonly #ssrc = 1 + Math.floor(Math.random() * 0xfffffffe);
  #peer: PeerConnection | undefined;
  #track: Track | undefined;
  #sequence = Math.floor(Math.random() * 65_536);
  #timestamp = Math.floor(Math.random() * 2 ** 32);
  #talking: NodeJS.Timeout | undefined;
  sent = 0;

  constructor(
    offer: { sendTransport: TransportOffer; receiveTransport: TransportOffer },
    signalling: SoftphoneSignalling,
  ) {
    this.#transport = offer.sendTransport;
    this.#signalling = signalling;
    this.ears = new WebrtcListener(
      offer.receiveTransport,
      {
        connect: (dtlsParameters) => signalling.connect(offer.receiveTransport.id, dtlsParameters),
        resume: (consumerIds) => signalling.resume(consumerIds),
      },
      { keepPayloads: 10_000 },
    );
  }

  hear(...consumers: readonly ConsumerOffer[]): Promise<void> {
    return this.ears.add(...consumers);
  }

  /** Opens the microphone: resolves when the server has taken it and packets can go out. */
  async openMicrophone(): Promise<void> {
    const peer = new PeerConnection('softphone', {
      iceServers: [],
      bindAddress: '127.0.0.1',
      disableAutoNegotiation: true,
    });
    this.#peer = peer;
    const audio = new Audio(mid, 'SendOnly');
    audio.addOpusCodec(payloadType);
    audio.addSSRC(this.#ssrc, 'softphone');
    const track = peer.addTrack(audio);
    this.#track = track;
    keepUntilClosed(track);
    const described = new Promise<string>((resolve) => peer.onLocalDescription((sdp) => resolve(sdp)));
    const open = new Promise<void>((resolve, reject) => {
      track.onOpen(resolve);
      peer.onStateChange((state) => {
        if (state === 'failed') reject(new Error('the softphone did not connect'));
      });
    });
    open.catch(() => undefined);
    peer.setLocalDescription('offer');
    const dtlsParameters = dtlsParametersOf(await described);
    await this.#signalling.connect(this.#transport.id, dtlsParameters);
    peer.setRemoteDescription(sendAnswer(this.#transport, mid, payloadType), 'answer');
    await Promise.all([open, this.#signalling.produce(this.rtpParameters())]);
  }

  /** What a browser would say of its microphone. */
  rtpParameters(): Record<string, unknown> {
    return {
      mid,
      codecs: [{ mimeType: 'audio/opus', payloadType, clockRate: 48_000, channels: 2, parameters: {} }],
      headerExtensions: [],
      encodings: [{ ssrc: this.#ssrc }],
      rtcp: { cname: 'softphone', reducedSize: true },
    };
  }

  /** Sends these payloads, one every 20 ms, and starts over at the end. */
  talk(payloads: readonly Buffer[]): void {
    const startedAt = performance.now();
    let spoken = 0;
    this.#talking = setInterval(() => {
      const due = Math.floor((performance.now() - startedAt) / frameMs);
      for (; spoken <= due; spoken++) this.#say(payloads[spoken % payloads.length]!);
    }, frameMs);
  }

  silence(): void {
    clearInterval(this.#talking);
  }

  close(): void {
    this.silence();
    this.#peer?.close();
    this.ears.close();
  }

  #say(payload: Buffer): void {
    if (!this.#track?.isOpen()) return;
    const packet = writeRtp({
      marker: this.sent === 0,
      payloadType,
      sequenceNumber: this.#sequence,
      timestamp: this.#timestamp,
      ssrc: this.#ssrc,
      payload,
    });
    this.#track.sendMessageBinary(packet);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + frameTicks) >>> 0;
    this.sent += 1;
  }
}
