import type { Call } from '#contract/calls.ts';
import {
  type FollowMode,
  type FollowReason,
  type FollowState,
  followEvents,
  followRequests,
} from '#contract/follow.ts';
import type { PayloadOf } from '#contract/socket.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { passes } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningPhase } from './listening-state.ts';

/** The modes in which calls come by themselves. */
export type AutomaticMode = Exclude<FollowMode, 'chosen'>;

export interface FollowView {
  /** What the listener follows; null: they choose every call themselves. */
  readonly mode: AutomaticMode | null;
  /** Calls about this are preferred. */
  readonly scenarioId: string | null;
  /** What the server says of it. */
  readonly state: FollowState | null;
  /** The call that was given last, and why. */
  readonly given: { readonly call: Call; readonly why: readonly FollowReason[] } | null;
  readonly stoppedBy: FollowState['stoppedBy'];
  readonly error: ApiError | null;
}

const nothing: FollowView = {
  mode: null,
  scenarioId: null,
  state: null,
  given: null,
  stoppedBy: null,
  error: null,
};

/** A store or the network was away: asked again after so long. Milliseconds. */
const retryMs = 2_000;

type Offer = PayloadOf<typeof followEvents.offered>;

const hears = (phase: ListeningPhase) => phase === 'joining' || phase === 'live' || phase === 'recovering';

/** What following needs of the visit to the room. */
export type FollowedSession = Pick<ListeningSession, 'state' | 'subscribe' | 'listen' | 'wait' | 'leave'>;

/**
 * Calls that come by themselves, for one visit to a room: asks to be given them, hears what is offered, asks again after
 * a lost connection. It never takes anybody away from what they hear.
 */
export class FollowSession {
  readonly #realtime: Realtime;
  readonly #session: FollowedSession;
  readonly #slotId: string;
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[];
  #view = nothing;
  #phase: ListeningPhase;
  /** Grows with every question, so that a late answer to an older one is dropped. */
  #asked = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Offered while the call before it is sought again: taken when that one turns out to be over. */
  #kept: Offer | null = null;

  constructor(realtime: Realtime, session: FollowedSession, slotId: string) {
    this.#realtime = realtime;
    this.#session = session;
    this.#slotId = slotId;
    this.#phase = session.state.phase;
    this.#cleanups = [
      realtime.onConnection((connection) => {
        if (connection === 'connected' && this.#view.mode) void this.#ask();
      }),
      realtime.on(followEvents.offered, (offer) => this.#offered(offer)),
      realtime.on(followEvents.changed, (state) => this.#changed(state)),
      session.subscribe(() => this.#sessionChanged()),
    ];
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): FollowView => this.#view;

  /** From now on, or from the end of what is heard. Call it from a gesture, so that sound may start. */
  choose(mode: AutomaticMode, scenarioId: string | null = this.#view.scenarioId): void {
    this.#set({ mode, scenarioId, stoppedBy: null, error: null });
    if (!hears(this.#session.state.phase)) this.#session.wait();
    void this.#ask();
  }

  /** The listener chooses for themselves again; what they hear goes on. */
  stop(): void {
    this.#off({ stoppedBy: null, state: null });
    this.#tellOff();
  }

  close(): void {
    for (const cleanup of this.#cleanups) cleanup();
    this.#watchers.clear();
    clearTimeout(this.#retry);
    if (this.#view.mode) this.#tellOff();
    this.#view = nothing;
  }

  #set(change: Partial<FollowView>): void {
    this.#view = { ...this.#view, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  #off(change: Partial<FollowView>): void {
    this.#asked += 1;
    this.#kept = null;
    this.#set({ mode: null, ...change });
    if (this.#session.state.phase === 'waiting') this.#session.leave();
  }

  #tellOff(): void {
    if (this.#realtime.connection !== 'connected') return;
    const { unfollow } = followRequests;
    void this.#realtime.request(unfollow, { slotId: this.#slotId }).catch(() => undefined);
  }

  async #ask(): Promise<void> {
    const { mode, scenarioId } = this.#view;
    if (!mode || this.#realtime.connection !== 'connected') return;
    const asked = ++this.#asked;
    clearTimeout(this.#retry);
    try {
      const state = await this.#realtime.request(followRequests.follow, {
        slotId: this.#slotId,
        mode,
        ...(scenarioId !== null && { scenarioId }),
      });
      if (asked === this.#asked) this.#set({ state, error: null });
    } catch (thrown) {
      if (asked !== this.#asked) return;
      const error = asApiError(thrown);
      if (passes(error)) this.#retry = setTimeout(() => void this.#ask(), retryMs);
      else this.#off({ error, state: null });
    }
  }

  #offered(offer: Offer): void {
    if (offer.slotId !== this.#slotId || !this.#view.mode) return;
    const { phase } = this.#session.state;
    // A server that was away has forgotten what is heard here, and may have the next call before this page is told so.
    this.#kept = phase === 'recovering' ? offer : null;
    if (!hears(phase)) this.#take(offer);
  }

  #take({ callId, call, why }: Offer): void {
    this.#set({ given: { call, why } });
    this.#session.listen(callId);
  }

  #changed(state: FollowState): void {
    if (state.slotId !== this.#slotId || !this.#view.mode) return;
    if (state.mode === null) {
      this.#off({ state, stoppedBy: state.stoppedBy });
      return;
    }
    this.#set({ state });
    const { phase } = this.#session.state;
    if (state.phase === 'waiting' && (phase === 'idle' || phase === 'ended')) this.#session.wait();
  }

  /** Whoever stops listening or waiting wants to be left alone. */
  #sessionChanged(): void {
    const from = this.#phase;
    const { phase, error, stoppedBy } = this.#session.state;
    this.#phase = phase;
    if (!this.#view.mode || phase === from || error) return;
    const stopped = phase === 'idle' && (hears(from) || from === 'waiting');
    if (stopped && stoppedBy === null) this.stop();
    const kept = this.#kept;
    if (!kept || phase === 'recovering' || phase === 'joining') return;
    this.#kept = null;
    if (phase === 'ended' || phase === 'waiting') this.#take(kept);
  }
}
