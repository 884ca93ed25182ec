import type { Device } from 'mediasoup-client';
import type { Call } from '#contract/calls.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import { timeShiftRequests } from '#contract/time-shift.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { loadDevice, plain } from '../../app/media-transport.ts';
import { maxTries, passes, pauseBefore } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import { ListeningPath } from './listening-path.ts';
import { beforeEntering, type ListeningState } from './listening-state.ts';
import { TimeShift } from './time-shift/time-shift.ts';
import { type VoiceBalance, VoiceMixer } from './voice-mixer.ts';

const lineEveryMs = 2_000;

/**
 * One visit to a live room: enters it, hears calls one after the other, live or shifted, and mends the path by itself —
 * ICE restart first, then a rebuilt transport, then again after a server restart. There is no way to send media in here.
 */
export class ListeningSession {
  readonly mixer: VoiceMixer;
  /** Back and forth in the call that is heard. */
  readonly shift: TimeShift;
  readonly #realtime: Realtime;
  readonly #slotId: string;
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #state: ListeningState = beforeEntering;
  #device: Device | null = null;
  #path: ListeningPath | null = null;
  /** By which the server knows what is heard now; outlives the path of a call that is over but not heard to its end. */
  #listeningId: string | null = null;
  /** The server's time (UTC ms) at a moment of this page's clock. */
  #clock = { serverMs: Date.now(), at: performance.now() };
  /** What the listener wants to hear, without an id the next call; kept over interruptions, null after leaving. */
  #wanted: { callId: string | undefined } | null = null;
  /** Grows with every attempt, so that a late answer of an older one is dropped. */
  #attempt = 0;
  /** What came for a listening whose join has not been answered yet: legs may appear in that very moment. */
  #early: { listeningId: string; apply: (path: ListeningPath) => void }[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #entry = 0;
  readonly #ended = new Set<string>();
  #closed = false;

  constructor(realtime: Realtime, slotId: string, balance?: VoiceBalance) {
    this.#realtime = realtime;
    this.#slotId = slotId;
    this.mixer = new VoiceMixer((sound) => this.#set({ sound }), balance);
    this.shift = new TimeShift({
      request: (request, input, options) => realtime.request(request, input, options),
      mixer: this.mixer,
      listeningId: () => (realtime.connection === 'connected' ? this.#listeningId : null),
      liveMs: () => this.#liveMs(),
      delayMs: () => this.#state.delayMs,
      onChange: (change) => this.#set(change),
      onLost: () => this.#rebuild(),
      onOver: () => this.#heardToTheEnd(),
      // Comes when it is needed, and not with the page.
      openPlayer: async (options) => {
        const { ShiftPlayer } = await import('./time-shift/shift-player.ts');
        return ShiftPlayer.open(options);
      },
    });
    this.#cleanups.push(
      realtime.onConnection((connection) => {
        // The server ends what a lost socket listened to; coming in again builds it anew.
        this.#listeningId = null;
        if (connection === 'connected') void this.#comeIn();
        else if (this.#wanted && this.#state.phase !== 'waiting') this.#set({ phase: 'recovering' });
      }),
      realtime.on(listeningEvents.roster, ({ slotId: of, roster }) => {
        if (of === slotId) this.#set({ roster });
      }),
      realtime.on(listeningEvents.callStarted, ({ call }) => this.#callChanged(call)),
      realtime.on(listeningEvents.callUpdated, ({ call }) => this.#callChanged(call)),
      realtime.on(listeningEvents.callEnded, ({ call }) => this.#callEnded(call)),
      realtime.on(listeningEvents.consumerAdded, ({ listeningId, consumer }) =>
        this.#onPath(listeningId, (path) => {
          path.hear([consumer]).catch(() => this.#path === path && this.#rebuild());
        }),
      ),
      realtime.on(listeningEvents.consumerClosed, ({ listeningId, consumerId }) =>
        this.#onPath(listeningId, (path) => path.drop(consumerId)),
      ),
      realtime.on(listeningEvents.interrupted, ({ listeningId, reason }) => {
        const interrupt = () => {
          if (reason === 'seat-lost' || reason === 'slot-over') this.#stopped(reason);
          else this.#rebuild();
        };
        if (this.#listeningId === listeningId) interrupt();
        else this.#onPath(listeningId, interrupt);
      }),
    );
    const timer = setInterval(() => void this.#measure(), lineEveryMs);
    this.#cleanups.push(() => clearInterval(timer));
    if (realtime.connection === 'connected') void this.#comeIn();
  }

  get state(): ListeningState {
    return this.#state;
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): ListeningState => this.#state;

  /** Enters the room anew, after a refusal that may have passed. */
  async enter(): Promise<void> {
    await this.#comeIn();
  }

  /** Hears this call, or the line's next one as soon as there is one. Call it from a gesture, so that sound may start. */
  listen(callId?: string): void {
    this.mixer.start();
    this.#closePath();
    this.shift.begin();
    this.#attempt += 1;
    this.#wanted = { callId };
    const chosen = this.#state.calls.find((call) => call.id === callId);
    this.#set({
      phase: 'joining',
      voices: [],
      line: null,
      error: null,
      stoppedBy: null,
      ...(chosen && { call: chosen }),
    });
    void this.#join(0);
  }

  /** Waits for a call that somebody else finds for the listener. Call it from a gesture, so that sound may start. */
  wait(): void {
    this.mixer.start();
    this.#giveUp();
    this.#set({ phase: 'waiting', voices: [], line: null, call: null, error: null, stoppedBy: null });
  }

  /** Stops hearing; the seat stays. */
  leave(): void {
    const listeningId = this.#listeningId;
    this.#giveUp();
    this.#set({ phase: 'idle', voices: [], line: null, call: null });
    if (listeningId) this.#tellLeft(listeningId);
  }

  /** Resolves when the server knows: a room that is entered next over the same socket must not be left by this. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#giveUp();
    this.#closed = true;
    for (const cleanup of this.#cleanups) cleanup();
    this.#watchers.clear();
    this.mixer.close();
    if (this.#realtime.connection !== 'connected') return;
    await this.#realtime.request(listeningRequests.exit, { slotId: this.#slotId }).catch(() => undefined);
  }

  #set(change: Partial<ListeningState>): void {
    if (this.#closed) return;
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  /** The socket is there, for the first time or again, perhaps to a server that was restarted. */
  async #comeIn(): Promise<void> {
    const entry = ++this.#entry;
    const stale = () => entry !== this.#entry || this.#closed;
    clearTimeout(this.#retry);
    try {
      const askedAt = performance.now();
      const entered = await this.#realtime.request(listeningRequests.enter, { slotId: this.#slotId });
      this.#clock = { serverMs: entered.now, at: (askedAt + performance.now()) / 2 };
      const { slot, calls, roster, delayMs } = entered;
      // Who hears with a delay has no line of their own, and needs no WebRTC.
      if (delayMs === null) this.#device ??= await loadDevice(entered.routerRtpCapabilities);
      if (stale()) return;
      const { phase } = this.#state;
      const outside = phase === 'outside' || phase === 'refused';
      this.#set({ slot, calls, roster, delayMs, ...(outside && { phase: 'idle', error: null }) });
      if (this.#wanted) void this.#join(0);
    } catch (thrown) {
      if (stale()) return;
      const error = asApiError(thrown);
      if (!passes(error)) {
        this.#giveUp();
        this.#set({ phase: 'refused', voices: [], line: null, error });
        return;
      }
      if (this.#state.phase === 'outside') this.#set({ error });
      if (this.#realtime.connection === 'connected') {
        this.#retry = setTimeout(() => void this.#comeIn(), 2_000);
      }
    }
  }

  async #join(tries: number): Promise<void> {
    const wanted = this.#wanted;
    // Without a connection or outside the room the next #comeIn carries on.
    if (!wanted || this.#closed || this.#realtime.connection !== 'connected') return;
    clearTimeout(this.#retry);
    const attempt = ++this.#attempt;
    const stale = () => attempt !== this.#attempt || this.#closed;
    this.#early = [];
    try {
      if (this.#state.delayMs === null) await this.#joinLive(wanted.callId, stale);
      else await this.#joinDelayed(wanted.callId, stale);
      if (!stale()) this.shift.attached();
    } catch (thrown) {
      if (!stale()) this.#joinFailed(asApiError(thrown), tries);
    }
  }

  async #joinLive(callId: string | undefined, stale: () => boolean): Promise<void> {
    const device = this.#device;
    if (!device) return;
    const joined = await this.#realtime.request(listeningRequests.join, {
      slotId: this.#slotId,
      ...(callId === undefined ? {} : { callId }),
      rtpCapabilities: plain(device.recvRtpCapabilities),
    });
    if (stale()) {
      this.#tellLeft(joined.listeningId);
      return;
    }
    this.#closePath();
    this.#joined(joined);
    const path: ListeningPath = new ListeningPath({
      device,
      realtime: this.#realtime,
      mixer: this.mixer,
      joined,
      watcher: {
        onUp: () => this.#path === path && this.#set({ phase: 'live' }),
        // Who hears the call shifted does not need the line for it.
        onBroken: () => this.#path === path && !this.shift.active && this.#set({ phase: 'recovering' }),
        onLost: () => this.#path === path && this.#rebuild(),
        onVoices: (voices) => this.#path === path && this.#set({ voices }),
      },
    });
    this.#path = path;
    const early = this.#early.filter(({ listeningId }) => listeningId === path.listeningId);
    this.#early = [];
    const heard = path.hear(joined.consumers);
    for (const { apply } of early) apply(path);
    await heard;
    if (this.shift.active && this.#path === path) this.#set({ phase: 'live' });
  }

  async #joinDelayed(callId: string | undefined, stale: () => boolean): Promise<void> {
    const joined = await this.#realtime.request(timeShiftRequests.joinDelayed, {
      slotId: this.#slotId,
      ...(callId === undefined ? {} : { callId }),
    });
    if (stale()) {
      this.#tellLeft(joined.listeningId);
      return;
    }
    this.#joined(joined);
    const voices = [...new Set(joined.call.legs.map(({ role }) => role))];
    this.#set({ delayMs: joined.delayMs, voices, phase: 'live' });
  }

  #joined({ listeningId, call }: { listeningId: string; call: Call }): void {
    this.#listeningId = listeningId;
    this.#wanted = { callId: call.id };
    this.#set({ call });
  }

  #joinFailed(error: ApiError, tries: number): void {
    this.#closePath();
    // A seat that became a delayed one since the room was entered: entering again tells by how much.
    if (error.code === 'listening.delayed' && this.#state.delayMs === null) {
      this.#retry = setTimeout(() => void this.#comeIn(), pauseBefore(tries));
    } else if (error.code === 'listening.none-live') {
      this.#set({ phase: 'waiting', voices: [], line: null });
    } else if (passes(error) && tries < maxTries) {
      this.#set({ phase: 'recovering', voices: [] });
      this.#retry = setTimeout(() => void this.#join(tries + 1), pauseBefore(tries));
    } else {
      this.#giveUp();
      const over = error.code === 'call.ended' || error.code === 'not-found';
      this.#set({ phase: over ? 'ended' : 'idle', voices: [], line: null, error: over ? null : error });
    }
  }

  /** Builds the listening anew for the same call. What is shifted plays on from what was fetched. */
  #rebuild(): void {
    if (!this.#wanted || !this.#listeningId) return;
    this.#closePath();
    if (!this.shift.active) this.#set({ phase: 'recovering', voices: [] });
    void this.#join(0);
  }

  #heardToTheEnd(): void {
    const listeningId = this.#listeningId;
    this.#giveUp();
    this.#set({ phase: 'ended', voices: [], line: null });
    if (listeningId) this.#tellLeft(listeningId);
  }

  #liveMs(): number | null {
    const { call } = this.#state;
    if (!call?.startedAt) return null;
    const now = this.#clock.serverMs + performance.now() - this.#clock.at;
    return Math.max(0, (call.endedAt ?? now) - call.startedAt);
  }

  /** The server took the ears away. Coming in again tells whether the seat went with them. */
  #stopped(reason: 'seat-lost' | 'slot-over'): void {
    this.#giveUp();
    const stoppedBy = reason === 'slot-over' ? 'slot-over' : 'another-window';
    this.#set({ phase: 'idle', voices: [], line: null, call: null, stoppedBy });
    void this.#comeIn();
  }

  /** Nothing is wanted any more, and what is under way comes to nothing. */
  #giveUp(): void {
    this.#wanted = null;
    this.#attempt += 1;
    clearTimeout(this.#retry);
    this.#closePath();
    this.shift.stop();
  }

  #closePath(): void {
    this.#path?.close();
    this.#path = null;
    this.#listeningId = null;
  }

  #tellLeft(listeningId: string): void {
    void this.#realtime.request(listeningRequests.leave, { listeningId }).catch(() => undefined);
  }

  #onPath(listeningId: string, apply: (path: ListeningPath) => void): void {
    if (this.#path?.listeningId === listeningId) apply(this.#path);
    else if (this.#wanted) this.#early.push({ listeningId, apply });
  }

  #callChanged(call: Call): void {
    // An update may overtake the end on its way through several servers.
    const ofLine = call.lineId === this.#state.slot?.lineId;
    // A call that is heard may be another line's.
    const heard = this.#state.call?.id === call.id;
    if ((!ofLine && !heard) || this.#ended.has(call.id)) return;
    const others = this.#state.calls.filter((known) => known.id !== call.id);
    const calls = ofLine && call.state === 'live' ? [...others, call] : others;
    calls.sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0));
    this.#set({ calls, ...(heard && { call }) });
    const awaited = this.#wanted && (this.#wanted.callId ?? call.id) === call.id;
    if (this.#state.phase === 'waiting' && awaited && call.state === 'live') {
      this.#set({ phase: 'joining', call });
      void this.#join(0);
    }
  }

  #callEnded(call: Call): void {
    const heard = this.#state.call?.id === call.id;
    if (call.lineId !== this.#state.slot?.lineId && !heard) return;
    this.#ended.add(call.id);
    const calls = this.#state.calls.filter((known) => known.id !== call.id);
    this.#set({ calls, ...(heard && { call }) });
    if (!heard || !this.#wanted) return;
    if (call.startedAt && call.endedAt && this.shift.goesOnAfter(call.endedAt - call.startedAt)) {
      this.#path?.close();
      this.#path = null;
      return;
    }
    this.#giveUp();
    this.#set({ phase: 'ended', voices: [], line: null });
  }

  async #measure(): Promise<void> {
    const path = this.#path;
    // Nothing is sent to who hears the call shifted: that says nothing of the line.
    if (this.shift.active) return;
    const line = await path?.sample();
    if (!path || !line || this.#path !== path) return;
    this.#set({ line });
    const { roundTripMs, jitterMs, lossRatio, receivedPackets } = line;
    const { listeningId } = path;
    const report = { listeningId, roundTripMs, jitterMs, lossRatio, receivedPackets };
    await this.#realtime.request(listeningRequests.quality, report).catch(() => undefined);
  }
}
