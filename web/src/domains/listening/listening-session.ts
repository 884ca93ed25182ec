import { Device, type types } from 'mediasoup-client';
import type { Call } from '#contract/calls.ts';
import { listeningEvents, listeningRequests, type RosterEntry } from '#contract/listening.ts';
import type { ConsumerOffer } from '#contract/media.ts';
import type { LegRole } from '#contract/primitives.ts';
import type { Slot } from '#contract/seats.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import type { Realtime } from '../../app/realtime.ts';
import { LineMeter, type LineSample } from './line-quality.ts';
import { VoiceMixer } from './voice-mixer.ts';

/**
 * `outside` before the room is entered, `idle` in the room, `joining` until the first packet, `live`,
 * `recovering` while the path is being mended, `ended` after the call's end, `refused` with `error`.
 */
export type ListeningPhase = 'outside' | 'idle' | 'joining' | 'live' | 'recovering' | 'ended' | 'refused';

export interface ListeningState {
  readonly phase: ListeningPhase;
  readonly slot: Slot | null;
  /** The call that is heard, or was heard last. */
  readonly call: Call | null;
  /** Live calls of the line, the youngest first. */
  readonly calls: readonly Call[];
  readonly roster: readonly RosterEntry[];
  /** Legs whose track is there. */
  readonly voices: readonly LegRole[];
  readonly line: LineSample | null;
  readonly error: ApiError | null;
  /** Server time minus local time, ms. */
  readonly clockOffsetMs: number;
}

/** How long a broken path may try to come back by ICE restart before it is rebuilt. Milliseconds. */
const iceRestartMs = 2_500;
const lineEveryMs = 2_000;

interface Path {
  readonly listeningId: string;
  readonly transport: types.Transport;
  readonly consumers: Map<string, { consumer: types.Consumer; legId: string; role: LegRole }>;
  readonly meter: LineMeter;
}

/**
 * One visit to a live room: enters it, hears calls one after the other, and mends the path by itself — ICE restart
 * first, then a rebuilt transport, then again after a server restart. There is no way to send media in here.
 */
export class ListeningSession {
  readonly mixer = new VoiceMixer();
  readonly #realtime: Realtime;
  readonly #slotId: string;
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #state: ListeningState = {
    phase: 'outside',
    slot: null,
    call: null,
    calls: [],
    roster: [],
    voices: [],
    line: null,
    error: null,
    clockOffsetMs: 0,
  };
  #device: Device | null = null;
  #path: Path | null = null;
  /** What the listener wants to hear; kept over interruptions, null after leaving. */
  #wanted: { callId: string | undefined } | null = null;
  /** Grows with every attempt, so that a late answer of an older one is dropped. */
  #attempt = 0;
  #recovery: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(realtime: Realtime, slotId: string) {
    this.#realtime = realtime;
    this.#slotId = slotId;
    this.#cleanups.push(
      realtime.onConnection((connection) => {
        if (connection === 'connected') void this.#reenter();
        else if (this.#state.phase === 'live') this.#set({ phase: 'recovering' });
      }),
      realtime.on(listeningEvents.roster, ({ slotId: of, roster }) => {
        if (of === this.#slotId) this.#set({ roster });
      }),
      realtime.on(listeningEvents.callStarted, ({ call }) => this.#callChanged(call)),
      realtime.on(listeningEvents.callUpdated, ({ call }) => this.#callChanged(call)),
      realtime.on(listeningEvents.callEnded, ({ call }) => this.#callEnded(call)),
      realtime.on(listeningEvents.consumerAdded, ({ listeningId, consumer }) => {
        const path = this.#path;
        if (path?.listeningId !== listeningId) return;
        void this.#consume(path, consumer)
          .then(() =>
            this.#realtime.request(listeningRequests.resume, { listeningId, consumerIds: [consumer.id] }),
          )
          .catch(() => this.#recover());
      }),
      realtime.on(listeningEvents.consumerClosed, ({ listeningId, consumerId }) => {
        if (this.#path?.listeningId === listeningId) this.#dropConsumer(this.#path, consumerId);
      }),
      realtime.on(listeningEvents.interrupted, ({ listeningId, reason }) => {
        if (this.#path?.listeningId !== listeningId) return;
        this.#closePath();
        if (reason === 'seat-lost' || reason === 'slot-over') {
          this.#wanted = null;
          this.#set({ phase: 'idle', voices: [], line: null });
          void this.enter();
        } else if (reason === 'server-stop') this.#set({ phase: 'recovering', voices: [] });
        else this.#recover();
      }),
    );
    const timer = setInterval(() => void this.#measure(), lineEveryMs);
    this.#cleanups.push(() => clearInterval(timer));
  }

  get state(): ListeningState {
    return this.#state;
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): ListeningState => this.#state;

  #set(change: Partial<ListeningState>): void {
    if (this.#closed) return;
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  /** Enters the room, or enters it again to see it as it is now. */
  async enter(): Promise<void> {
    try {
      const entered = await this.#realtime.request(listeningRequests.enter, { slotId: this.#slotId });
      if (!this.#device) {
        const device = new Device();
        await device.load({
          routerRtpCapabilities: entered.routerRtpCapabilities as unknown as types.RtpCapabilities,
        });
        this.#device ??= device;
      }
      const { phase } = this.#state;
      this.#set({
        slot: entered.slot,
        calls: entered.calls,
        roster: entered.roster,
        clockOffsetMs: entered.now - Date.now(),
        error: null,
        phase: phase === 'outside' || phase === 'refused' ? 'idle' : phase,
      });
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.code === 'client.timeout') return;
      this.#set({ phase: 'refused', error });
    }
  }

  /** Hears this call, or the line's next one. Call it from a gesture, so that the browser lets audio start. */
  async listen(callId?: string): Promise<void> {
    this.#wanted = { callId };
    this.#set({ phase: 'joining', error: null, voices: [], line: null });
    await this.mixer.start().catch(() => undefined);
    await this.#join(0);
  }

  /** Stops hearing; the seat stays. */
  async leave(): Promise<void> {
    this.#wanted = null;
    clearTimeout(this.#recovery);
    const listeningId = this.#path?.listeningId;
    this.#closePath();
    this.#set({ phase: 'idle', voices: [], line: null, call: null });
    if (listeningId)
      await this.#realtime.request(listeningRequests.leave, { listeningId }).catch(() => undefined);
  }

  close(): void {
    void this.#realtime.request(listeningRequests.exit, { slotId: this.#slotId }).catch(() => undefined);
    this.#closePath();
    this.#closed = true;
    this.#wanted = null;
    clearTimeout(this.#recovery);
    for (const cleanup of this.#cleanups) cleanup();
    void this.mixer.close();
  }

  async #join(tries: number): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted || this.#closed) return;
    const attempt = ++this.#attempt;
    const stale = () => attempt !== this.#attempt || this.#closed;
    this.#closePath();
    try {
      if (!this.#device) await this.enter();
      const device = this.#device;
      if (!device || stale()) return;
      const joined = await this.#realtime.request(listeningRequests.join, {
        slotId: this.#slotId,
        ...(wanted.callId === undefined ? {} : { callId: wanted.callId }),
        rtpCapabilities: plain(device.recvRtpCapabilities),
      });
      if (stale()) return;
      this.#wanted = { callId: joined.call.id };
      const transport = device.createRecvTransport(joined.transport as unknown as types.TransportOptions);
      const path: Path = {
        listeningId: joined.listeningId,
        transport,
        consumers: new Map(),
        meter: new LineMeter(),
      };
      this.#path = path;
      transport.on('connect', ({ dtlsParameters }, done, failed) => {
        this.#realtime
          .request(listeningRequests.connect, {
            listeningId: path.listeningId,
            dtlsParameters: plain(dtlsParameters),
          })
          .then(() => done(), failed);
      });
      transport.on('connectionstatechange', (state) => {
        if (this.#path !== path) return;
        if (state === 'connected') {
          clearTimeout(this.#recovery);
          if (this.#state.phase !== 'ended') this.#set({ phase: 'live' });
        } else if (state === 'disconnected' || state === 'failed') this.#mend(path);
      });
      this.#set({ call: joined.call });
      await Promise.all(joined.consumers.map((offer) => this.#consume(path, offer)));
      await this.#realtime.request(listeningRequests.resume, { listeningId: path.listeningId });
    } catch (thrown) {
      if (stale()) return;
      this.#joinFailed(asApiError(thrown), tries);
    }
  }

  #joinFailed(error: ApiError, tries: number): void {
    const passing =
      error.code === 'client.timeout' ||
      error.code === 'client.unexpected' ||
      error.code === 'media.unavailable' ||
      error.code === 'listening.unknown' ||
      error.code.startsWith('store.');
    if (passing && tries < 8) {
      this.#set({ phase: 'recovering', error: null });
      clearTimeout(this.#recovery);
      this.#recovery = setTimeout(() => void this.#join(tries + 1), Math.min(3_000, 200 * 2 ** tries));
      return;
    }
    this.#wanted = null;
    if (error.code === 'call.ended' || error.code === 'not-found')
      this.#set({ phase: 'ended', voices: [], line: null });
    else this.#set({ phase: 'idle', voices: [], line: null, error });
  }

  async #consume(path: Path, offer: ConsumerOffer): Promise<void> {
    const consumer = await path.transport.consume({
      id: offer.id,
      producerId: offer.producerId,
      kind: 'audio',
      rtpParameters: offer.rtpParameters as unknown as types.RtpParameters,
    });
    if (this.#path !== path) return;
    path.consumers.set(offer.id, { consumer, legId: offer.legId, role: offer.role });
    this.mixer.add(offer.legId, offer.role, consumer.track);
    this.#set({ voices: this.#voicesOf(path) });
  }

  #dropConsumer(path: Path, consumerId: string): void {
    const held = path.consumers.get(consumerId);
    if (!held) return;
    path.consumers.delete(consumerId);
    held.consumer.close();
    this.mixer.remove(held.legId);
    this.#set({ voices: this.#voicesOf(path) });
  }

  #voicesOf(path: Path): LegRole[] {
    return [...new Set([...path.consumers.values()].map((held) => held.role))];
  }

  #closePath(): void {
    const path = this.#path;
    this.#path = null;
    if (!path) return;
    this.mixer.clear();
    path.transport.close();
  }

  /** The network hiccuped: new ICE credentials on the same transport first; a rebuilt one if that does not help. */
  #mend(path: Path): void {
    if (this.#state.phase === 'recovering' && this.#recovery !== undefined) return;
    this.#set({ phase: 'recovering' });
    clearTimeout(this.#recovery);
    this.#recovery = setTimeout(() => {
      this.#recovery = undefined;
      if (this.#path === path && path.transport.connectionState !== 'connected') this.#recover();
    }, iceRestartMs);
    this.#realtime
      .request(listeningRequests.restartIce, { listeningId: path.listeningId }, { timeoutMs: iceRestartMs })
      .then(({ iceParameters }) =>
        path.transport.restartIce({ iceParameters: iceParameters as unknown as types.IceParameters }),
      )
      .catch(() => {
        if (this.#path === path) this.#recover();
      });
  }

  /** Builds the path anew for the same call. */
  #recover(): void {
    clearTimeout(this.#recovery);
    this.#recovery = undefined;
    if (!this.#wanted) return;
    this.#set({ phase: 'recovering', voices: [] });
    void this.#join(0);
  }

  /** The socket is back, perhaps to a server that was restarted: the room as it is now, then the wanted call. */
  async #reenter(): Promise<void> {
    if (this.#closed) return;
    await this.enter();
    if (this.#state.phase === 'refused' || !this.#wanted) return;
    this.#recover();
  }

  #callChanged(call: Call): void {
    if (call.lineId !== this.#state.slot?.lineId) return;
    const others = this.#state.calls.filter((known) => known.id !== call.id);
    const calls = [...others, call].sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0));
    this.#set({ calls, ...(this.#state.call?.id === call.id ? { call } : {}) });
  }

  #callEnded(call: Call): void {
    const calls = this.#state.calls.filter((known) => known.id !== call.id);
    if (this.#state.call?.id !== call.id) {
      this.#set({ calls });
      return;
    }
    this.#wanted = null;
    this.#attempt += 1;
    clearTimeout(this.#recovery);
    this.#closePath();
    this.#set({ calls, call, phase: 'ended', voices: [], line: null });
  }

  async #measure(): Promise<void> {
    const path = this.#path;
    if (path?.transport.connectionState !== 'connected') return;
    const line = path.meter.sample(await path.transport.getStats());
    if (this.#path !== path) return;
    this.#set({ line });
    const { roundTripMs, jitterMs, lossRatio, receivedPackets } = line;
    void this.#realtime
      .request(listeningRequests.quality, {
        listeningId: path.listeningId,
        roundTripMs,
        jitterMs,
        lossRatio,
        receivedPackets,
      })
      .catch(() => undefined);
  }
}

/** A structured copy without undefined members: what the strict schemas at the door expect. */
function plain<T>(value: T): never {
  return JSON.parse(JSON.stringify(value)) as never;
}
