import type { Call } from '#contract/calls.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import { asApiError } from '../../app/api-error.ts';
import { passes } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import { CallListening } from './call-listening.ts';
import { beforeEntering, type ListeningState } from './listening-state.ts';
import { NextTry } from './next-try.ts';
import { TimeShift } from './time-shift/time-shift.ts';
import { type VoiceBalance, VoiceMixer } from './voice-mixer.ts';

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
  readonly #listening: CallListening;
  readonly #nextTry = new NextTry();
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #state: ListeningState = beforeEntering;
  /** The server's time (UTC ms) at a moment of this page's clock. */
  #clock = { serverMs: Date.now(), at: performance.now() };
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
      listeningId: () => (realtime.connection === 'connected' ? this.#listening.id : null),
      liveMs: () => this.#liveMs(),
      delayMs: () => this.#state.delayMs,
      onChange: (change) => this.#set(change),
      onLost: () => this.#listening.rebuild(),
      onOver: () => this.#heardToTheEnd(),
      // Comes when it is needed, and not with the page.
      openPlayer: async (options) => {
        const { ShiftPlayer } = await import('./time-shift/shift-player.ts');
        return ShiftPlayer.open(options);
      },
    });
    this.#listening = new CallListening({
      realtime,
      slotId,
      mixer: this.mixer,
      shift: this.shift,
      nextTry: this.#nextTry,
      delayMs: () => this.#state.delayMs,
      onChange: (change) => this.#set(change),
      onStopped: (reason) => this.#stopped(reason),
      onOutdated: () => void this.#comeIn(),
    });
    this.#cleanups.push(
      realtime.onConnection((connection) => {
        // The server ends what a lost socket listened to; coming in again builds it anew.
        this.#listening.forget();
        if (connection === 'connected') void this.#comeIn();
        else if (this.#listening.isWanted && this.#state.phase !== 'waiting')
          this.#set({ phase: 'recovering' });
      }),
      realtime.on(listeningEvents.roster, ({ slotId: of, roster }) => {
        if (of === slotId) this.#set({ roster });
      }),
      realtime.on(listeningEvents.callStarted, ({ call }) => this.#callChanged(call)),
      realtime.on(listeningEvents.callUpdated, ({ call }) => this.#callChanged(call)),
      realtime.on(listeningEvents.callEnded, ({ call }) => this.#callEnded(call)),
    );
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
    this.#listening.choose(callId);
    const chosen = this.#state.calls.find((call) => call.id === callId);
    this.#set({
      phase: 'joining',
      voices: [],
      line: null,
      error: null,
      stoppedBy: null,
      ...(chosen && { call: chosen }),
    });
    this.#listening.join();
  }

  /** Waits for a call that somebody else finds for the listener. Call it from a gesture, so that sound may start. */
  wait(): void {
    this.mixer.start();
    this.#listening.giveUp();
    this.#set({ phase: 'waiting', voices: [], line: null, call: null, error: null, stoppedBy: null });
  }

  /** Stops hearing; the seat stays. */
  leave(): void {
    const { id } = this.#listening;
    this.#listening.giveUp();
    this.#set({ phase: 'idle', voices: [], line: null, call: null });
    if (id) this.#listening.tellLeft(id);
  }

  /** Resolves when the server knows: a room that is entered next over the same socket must not be left by this. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#listening.close();
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
    this.#nextTry.cancel();
    try {
      const askedAt = performance.now();
      const entered = await this.#realtime.request(listeningRequests.enter, { slotId: this.#slotId });
      this.#clock = { serverMs: entered.now, at: (askedAt + performance.now()) / 2 };
      const { slot, calls, roster, delayMs } = entered;
      // Who hears with a delay has no line of their own, and needs no WebRTC.
      if (delayMs === null) await this.#listening.prepare(entered.routerRtpCapabilities);
      if (stale()) return;
      const { phase } = this.#state;
      const outside = phase === 'outside' || phase === 'refused';
      this.#set({ slot, calls, roster, delayMs, ...(outside && { phase: 'idle', error: null }) });
      if (this.#listening.isWanted) this.#listening.join();
    } catch (thrown) {
      if (stale()) return;
      const error = asApiError(thrown);
      if (!passes(error)) {
        this.#listening.giveUp();
        this.#set({ phase: 'refused', voices: [], line: null, error });
        return;
      }
      if (this.#state.phase === 'outside') this.#set({ error });
      if (this.#realtime.connection === 'connected') {
        this.#nextTry.after(2_000, () => void this.#comeIn());
      }
    }
  }

  #heardToTheEnd(): void {
    const { id } = this.#listening;
    this.#listening.giveUp();
    this.#set({ phase: 'ended', voices: [], line: null });
    if (id) this.#listening.tellLeft(id);
  }

  #liveMs(): number | null {
    const { call } = this.#state;
    if (!call?.startedAt) return null;
    const now = this.#clock.serverMs + performance.now() - this.#clock.at;
    return Math.max(0, (call.endedAt ?? now) - call.startedAt);
  }

  /** The server took the ears away. Coming in again tells whether the seat went with them. */
  #stopped(reason: 'seat-lost' | 'slot-over'): void {
    this.#listening.giveUp();
    const stoppedBy = reason === 'slot-over' ? 'slot-over' : 'another-window';
    this.#set({ phase: 'idle', voices: [], line: null, call: null, stoppedBy });
    void this.#comeIn();
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
    if (this.#state.phase === 'waiting' && this.#listening.wants(call.id) && call.state === 'live') {
      this.#set({ phase: 'joining', call });
      this.#listening.join();
    }
  }

  #callEnded(call: Call): void {
    const heard = this.#state.call?.id === call.id;
    if (call.lineId !== this.#state.slot?.lineId && !heard) return;
    this.#ended.add(call.id);
    const calls = this.#state.calls.filter((known) => known.id !== call.id);
    this.#set({ calls, ...(heard && { call }) });
    if (!heard || !this.#listening.isWanted) return;
    if (call.startedAt && call.endedAt && this.shift.goesOnAfter(call.endedAt - call.startedAt)) {
      this.#listening.dropPath();
      return;
    }
    this.#listening.giveUp();
    this.#set({ phase: 'ended', voices: [], line: null });
  }
}
