import { Device, type types } from 'mediasoup-client';
import type { Call } from '#contract/calls.ts';
import type { ConsumerOffer } from '#contract/media.ts';
import { softphoneEvents, softphoneRequests } from '#contract/softphone-media.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import type { Realtime } from '../../app/realtime.ts';

/** `alone` until the other side's voice is there; `recovering` while the path is being mended. */
export type SoftphonePhase =
  | 'idle'
  | 'asking-microphone'
  | 'joining'
  | 'alone'
  | 'talking'
  | 'recovering'
  | 'ended';

export interface SoftphoneState {
  readonly phase: SoftphonePhase;
  readonly call: Call | null;
  readonly held: boolean;
  /** No microphone could be had: refused by the person, or none there. */
  readonly microphone: 'unasked' | 'on' | 'refused' | 'missing';
  readonly error: ApiError | null;
}

interface Path {
  readonly send: types.Transport;
  readonly receive: types.Transport;
  readonly consumers: Map<string, { consumer: types.Consumer; element: HTMLAudioElement }>;
}

const plain = <T>(value: T): never => JSON.parse(JSON.stringify(value)) as never;

/** How long a broken path may try to come back by ICE restart before it is rebuilt. Milliseconds. */
const iceRestartMs = 2_500;

/** One side of a browser call: takes the microphone, talks and hears, mends the path by itself, hangs up. */
export class SoftphoneSession {
  readonly #realtime: Realtime;
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #state: SoftphoneState = { phase: 'idle', call: null, held: false, microphone: 'unasked', error: null };
  #callId: string | null = null;
  #device: Device | null = null;
  #path: Path | null = null;
  #microphone: MediaStream | null = null;
  #meter: { context: AudioContext; analyser: AnalyserNode; samples: Float32Array<ArrayBuffer> } | null = null;
  #recovery: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(realtime: Realtime) {
    this.#realtime = realtime;
    const mine = (callId: string) => callId === this.#callId && this.#state.phase !== 'ended';
    this.#cleanups.push(
      realtime.on(softphoneEvents.consumerAdded, ({ callId, consumer }) => {
        const path = this.#path;
        if (!mine(callId) || !path) return;
        void this.#hear(path, consumer)
          .then(() => realtime.request(softphoneRequests.resume, { callId, consumerIds: [consumer.id] }))
          .catch(() => this.#rebuild());
      }),
      realtime.on(softphoneEvents.consumerClosed, ({ callId, consumerId }) => {
        if (mine(callId)) this.#drop(consumerId);
      }),
      realtime.on(softphoneEvents.interrupted, ({ callId, reason }) => {
        if (!mine(callId)) return;
        if (reason === 'replaced') this.#finish();
        else this.#rebuild();
      }),
      realtime.on(softphoneEvents.ended, ({ callId }) => {
        if (mine(callId)) this.#finish();
      }),
      realtime.onConnection((connection) => {
        if (!this.#callId || this.#state.phase === 'ended') return;
        if (connection === 'connected') this.#rebuild();
        else this.#set({ phase: 'recovering' });
      }),
    );
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): SoftphoneState => this.#state;

  #set(change: Partial<SoftphoneState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  /** Takes the microphone and this side of the call. From a gesture. */
  async talk(callId: string): Promise<void> {
    this.#callId = callId;
    this.#set({ phase: 'asking-microphone', error: null, held: false });
    try {
      this.#microphone ??= await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
    } catch (thrown) {
      const refused = thrown instanceof DOMException && thrown.name === 'NotAllowedError';
      this.#set({ phase: 'idle', microphone: refused ? 'refused' : 'missing' });
      return;
    }
    this.#startMeter(this.#microphone);
    this.#set({ microphone: 'on', phase: 'joining' });
    await this.#join(0);
  }

  async #join(tries: number): Promise<void> {
    const callId = this.#callId;
    const track = this.#microphone?.getAudioTracks()[0];
    if (!callId || !track || this.#state.phase === 'ended') return;
    const attempt = ++this.#attempt;
    const stale = () => attempt !== this.#attempt || this.#state.phase === 'ended';
    this.#closePath();
    try {
      const device = await this.#loadedDevice();
      const joined = await this.#realtime.request(softphoneRequests.join, {
        callId,
        rtpCapabilities: plain(device.recvRtpCapabilities),
      });
      if (stale()) return;
      const send = device.createSendTransport(joined.sendTransport as unknown as types.TransportOptions);
      const receive = device.createRecvTransport(
        joined.receiveTransport as unknown as types.TransportOptions,
      );
      const path: Path = { send, receive, consumers: new Map() };
      this.#path = path;
      for (const transport of [send, receive]) this.#wire(path, transport, callId);
      send.on('produce', ({ rtpParameters }, done, failed) => {
        this.#realtime
          .request(softphoneRequests.produce, { callId, kind: 'audio', rtpParameters: plain(rtpParameters) })
          .then(({ producerId }) => done({ id: producerId }), failed);
      });
      this.#set({ call: joined.call, phase: 'alone' });
      await send.produce({ track, stopTracks: false, codecOptions: { opusDtx: false, opusFec: true } });
      await Promise.all(joined.consumers.map((offer) => this.#hear(path, offer)));
      if (joined.consumers.length > 0) await this.#realtime.request(softphoneRequests.resume, { callId });
    } catch (thrown) {
      if (stale()) return;
      const error = asApiError(thrown);
      const passing =
        error.status === 0 || error.code === 'media.unavailable' || error.code.startsWith('client.');
      const over =
        error.code === 'call.ended' || error.code === 'customer-link.used' || error.code === 'not-found';
      if (over) this.#finish();
      else if (passing && tries < 8) {
        this.#set({ phase: 'recovering' });
        clearTimeout(this.#recovery);
        this.#recovery = setTimeout(() => void this.#join(tries + 1), Math.min(3_000, 200 * 2 ** tries));
      } else this.#set({ phase: 'idle', error });
    }
  }

  async #loadedDevice(): Promise<Device> {
    if (this.#device) return this.#device;
    const { routerRtpCapabilities } = await this.#realtime.request(softphoneRequests.capabilities, {});
    const device = new Device();
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as unknown as types.RtpCapabilities });
    this.#device = device;
    return device;
  }

  #wire(path: Path, transport: types.Transport, callId: string): void {
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      this.#realtime
        .request(softphoneRequests.connect, {
          callId,
          transportId: transport.id,
          dtlsParameters: plain(dtlsParameters),
        })
        .then(() => done(), failed);
    });
    transport.on('connectionstatechange', (state) => {
      if (this.#path !== path) return;
      if (state === 'connected') {
        clearTimeout(this.#recovery);
        if (this.#state.phase === 'recovering')
          this.#set({ phase: path.consumers.size > 0 ? 'talking' : 'alone' });
      } else if (state === 'disconnected' || state === 'failed') this.#mend(path, transport, callId);
    });
  }

  #mend(path: Path, transport: types.Transport, callId: string): void {
    this.#set({ phase: 'recovering' });
    clearTimeout(this.#recovery);
    this.#recovery = setTimeout(() => {
      if (this.#path === path && transport.connectionState !== 'connected') this.#rebuild();
    }, iceRestartMs);
    this.#realtime
      .request(
        softphoneRequests.restartIce,
        { callId, transportId: transport.id },
        { timeoutMs: iceRestartMs },
      )
      .then(({ iceParameters }) =>
        transport.restartIce({ iceParameters: iceParameters as unknown as types.IceParameters }),
      )
      .catch(() => {
        if (this.#path === path) this.#rebuild();
      });
  }

  #rebuild(): void {
    clearTimeout(this.#recovery);
    if (!this.#callId || this.#state.phase === 'ended') return;
    this.#set({ phase: 'recovering' });
    void this.#join(0);
  }

  async #hear(path: Path, offer: ConsumerOffer): Promise<void> {
    const consumer = await path.receive.consume({
      id: offer.id,
      producerId: offer.producerId,
      kind: 'audio',
      rtpParameters: offer.rtpParameters as unknown as types.RtpParameters,
    });
    if (this.#path !== path) return;
    const element = new Audio();
    element.srcObject = new MediaStream([consumer.track]);
    void element.play().catch(() => undefined);
    path.consumers.set(offer.id, { consumer, element });
    this.#set({ phase: 'talking' });
  }

  #drop(consumerId: string): void {
    const held = this.#path?.consumers.get(consumerId);
    if (!held) return;
    this.#path?.consumers.delete(consumerId);
    held.element.pause();
    held.element.srcObject = null;
    held.consumer.close();
    if (this.#path?.consumers.size === 0 && this.#state.phase === 'talking') this.#set({ phase: 'alone' });
  }

  async hold(held: boolean): Promise<void> {
    if (!this.#callId) return;
    await this.#realtime.request(softphoneRequests.mute, { callId: this.#callId, hold: held });
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = !held;
    this.#set({ held });
  }

  async hangUp(): Promise<void> {
    const callId = this.#callId;
    if (callId) await this.#realtime.request(softphoneRequests.hangUp, { callId }).catch(() => undefined);
    this.#finish();
  }

  /** Root mean square of one's own microphone, 0–1. */
  ownLevel(): number {
    if (!this.#meter) return 0;
    const { analyser, samples } = this.#meter;
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    return Math.sqrt(sum / samples.length);
  }

  #startMeter(stream: MediaStream): void {
    if (this.#meter) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    this.#meter = { context, analyser, samples: new Float32Array(1024) };
  }

  #closePath(): void {
    const path = this.#path;
    this.#path = null;
    if (!path) return;
    for (const { element } of path.consumers.values()) {
      element.pause();
      element.srcObject = null;
    }
    path.send.close();
    path.receive.close();
  }

  /** Lets go of everything, the microphone first. */
  #finish(): void {
    clearTimeout(this.#recovery);
    this.#attempt += 1;
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    this.#microphone = null;
    void this.#meter?.context.close();
    this.#meter = null;
    this.#closePath();
    this.#callId = null;
    this.#set({ phase: 'ended', held: false });
  }

  close(): void {
    if (this.#callId) this.#finish();
    for (const cleanup of this.#cleanups) cleanup();
    this.#watchers.clear();
  }
}
