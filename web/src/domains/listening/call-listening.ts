import type { Device } from 'mediasoup-client';
import type { Call } from '#contract/calls.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import { timeShiftRequests } from '#contract/time-shift.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { loadDevice, plain } from '../../app/media-transport.ts';
import { maxTries, passes, pauseBefore } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import { ListeningPath } from './listening-path.ts';
import type { ListeningState } from './listening-state.ts';
import type { NextTry } from './next-try.ts';
import type { TimeShift } from './time-shift/time-shift.ts';
import type { VoiceMixer } from './voice-mixer.ts';

const lineEveryMs = 2_000;

/** The visit to a room in which calls are heard. */
export interface RoomVisit {
  readonly realtime: Realtime;
  readonly slotId: string;
  readonly mixer: VoiceMixer;
  readonly shift: TimeShift;
  /** Shared with the entering of the room: a try of the one takes back the next try of the other. */
  readonly nextTry: NextTry;
  /** For a delayed seat: how far behind it hears. */
  delayMs(): number | null;
  onChange(change: Partial<ListeningState>): void;
  /** The server took the ears away. */
  onStopped(reason: 'seat-lost' | 'slot-over'): void;
  /** The room must be entered anew: the seat is not what it was. */
  onOutdated(): void;
}

/**
 * Hears the call that is wanted, live or with a seat's delay, and comes back to it until that is given up: by a path that
 * is built anew after whatever took the one before.
 */
export class CallListening {
  readonly #visit: RoomVisit;
  readonly #cleanups: (() => void)[];
  #device: Device | null = null;
  #path: ListeningPath | null = null;
  /** By which the server knows what is heard now; outlives the path of a call that is over but not heard to its end. */
  #listeningId: string | null = null;
  /** What the listener wants to hear, without an id the next call; kept over interruptions, null after leaving. */
  #wanted: { callId: string | undefined } | null = null;
  /** The last call that was heard. */
  #heardCallId: string | null = null;
  /** Grows with every attempt, so that a late answer of an older one is dropped. */
  #attempt = 0;
  /** What came for a listening whose join has not been answered yet: legs may appear in that very moment. */
  #early: { listeningId: string; apply: (path: ListeningPath) => void }[] = [];
  #closed = false;

  constructor(visit: RoomVisit) {
    this.#visit = visit;
    const { realtime } = visit;
    const timer = setInterval(() => void this.#measure(), lineEveryMs);
    this.#cleanups = [
      realtime.on(listeningEvents.consumerAdded, ({ listeningId, consumer }) =>
        this.#onPath(listeningId, (path) => {
          path.hear([consumer]).catch(() => this.#path === path && this.rebuild());
        }),
      ),
      realtime.on(listeningEvents.consumerClosed, ({ listeningId, consumerId }) =>
        this.#onPath(listeningId, (path) => path.drop(consumerId)),
      ),
      realtime.on(listeningEvents.interrupted, ({ listeningId, reason }) => {
        const interrupt = () => {
          if (reason === 'seat-lost' || reason === 'slot-over') visit.onStopped(reason);
          else this.rebuild();
        };
        if (this.#listeningId === listeningId) interrupt();
        else this.#onPath(listeningId, interrupt);
      }),
      () => clearInterval(timer),
    ];
  }

  /** Of what is heard now, as the server knows it; null while it is being built anew. */
  get id(): string | null {
    return this.#listeningId;
  }

  /** Something is to be heard: a certain call, or the next one. */
  get isWanted(): boolean {
    return this.#wanted !== null;
  }

  /** This call is to be heard, or would do as the next one. */
  wants(callId: string): boolean {
    return this.#wanted !== null && (this.#wanted.callId ?? callId) === callId;
  }

  /** Makes it possible to hear live. Error: `media.capabilities` for a browser without WebRTC. */
  async prepare(routerRtpCapabilities: Record<string, unknown>): Promise<void> {
    this.#device ??= await loadDevice(routerRtpCapabilities);
  }

  /** This call is wanted from now on, or the line's next one; `join` goes for it. */
  choose(callId: string | undefined): void {
    this.#closePath();
    this.#visit.shift.begin();
    this.#attempt += 1;
    this.#wanted = { callId };
  }

  /** Goes for what is wanted. Without a connection, nothing happens: entering the room again carries on. */
  join(): void {
    void this.#join(0);
  }

  /** Builds the listening anew for the same call. What is shifted plays on from what was fetched. */
  rebuild(): void {
    if (!this.#wanted || !this.#listeningId) return;
    this.#closePath();
    if (!this.#visit.shift.active) this.#visit.onChange({ phase: 'recovering', voices: [] });
    void this.#join(0);
  }

  /** The server has ended what was listened to; the path may still carry, until another is joined. */
  forget(): void {
    this.#listeningId = null;
  }

  /** The call is over, but is heard on from what was kept: the server still knows the listening. */
  dropPath(): void {
    this.#path?.close();
    this.#path = null;
  }

  /** Nothing is wanted any more, and what is under way comes to nothing. */
  giveUp(): void {
    this.#wanted = null;
    this.#attempt += 1;
    this.#visit.nextTry.cancel();
    this.#closePath();
    this.#visit.shift.stop();
  }

  tellLeft(listeningId: string): void {
    void this.#visit.realtime.request(listeningRequests.leave, { listeningId }).catch(() => undefined);
  }

  close(): void {
    this.giveUp();
    this.#closed = true;
    for (const cleanup of this.#cleanups) cleanup();
  }

  async #join(tries: number): Promise<void> {
    const wanted = this.#wanted;
    const { realtime, nextTry, shift } = this.#visit;
    // Without a connection or outside the room the next entering carries on.
    if (!wanted || this.#closed || realtime.connection !== 'connected') return;
    nextTry.cancel();
    // The room was not entered yet, and its next try went with this one: entering carries on with what is wanted.
    if (this.#visit.delayMs() === null && !this.#device) return this.#visit.onOutdated();
    const attempt = ++this.#attempt;
    const stale = () => attempt !== this.#attempt || this.#closed;
    this.#early = [];
    try {
      if (this.#visit.delayMs() === null) await this.#joinLive(wanted.callId, stale);
      else await this.#joinDelayed(wanted.callId, stale);
      if (!stale()) shift.attached();
    } catch (thrown) {
      if (!stale()) this.#joinFailed(asApiError(thrown), tries);
    }
  }

  async #joinLive(callId: string | undefined, stale: () => boolean): Promise<void> {
    const device = this.#device;
    const { realtime, slotId, mixer, shift, onChange } = this.#visit;
    if (!device) return;
    const joined = await realtime.request(listeningRequests.join, {
      slotId,
      ...(callId === undefined ? {} : { callId }),
      rtpCapabilities: plain(device.recvRtpCapabilities),
    });
    if (stale()) {
      this.tellLeft(joined.listeningId);
      return;
    }
    this.#closePath();
    this.#joined(joined);
    const path: ListeningPath = new ListeningPath({
      device,
      realtime,
      mixer,
      joined,
      watcher: {
        onUp: () => this.#path === path && onChange({ phase: 'live' }),
        // Who hears the call shifted does not need the line for it.
        onBroken: () => this.#path === path && !shift.active && onChange({ phase: 'recovering' }),
        onLost: () => this.#path === path && this.rebuild(),
        onVoices: (voices) => this.#path === path && onChange({ voices }),
      },
    });
    this.#path = path;
    const early = this.#early.filter(({ listeningId }) => listeningId === path.listeningId);
    this.#early = [];
    const heard = path.hear(joined.consumers);
    for (const { apply } of early) apply(path);
    await heard;
    if (shift.active && this.#path === path) onChange({ phase: 'live' });
  }

  async #joinDelayed(callId: string | undefined, stale: () => boolean): Promise<void> {
    const { realtime, slotId, onChange } = this.#visit;
    const joined = await realtime.request(timeShiftRequests.joinDelayed, {
      slotId,
      ...(callId === undefined ? {} : { callId }),
    });
    if (stale()) {
      this.tellLeft(joined.listeningId);
      return;
    }
    this.#joined(joined);
    const voices = [...new Set(joined.call.legs.map(({ role }) => role))];
    onChange({ delayMs: joined.delayMs, voices, phase: 'live' });
  }

  #joined({ listeningId, call }: { listeningId: string; call: Call }): void {
    this.#listeningId = listeningId;
    this.#wanted = { callId: call.id };
    this.#heardCallId = call.id;
    this.#visit.onChange({ call });
  }

  #joinFailed(error: ApiError, tries: number): void {
    const { nextTry, onChange } = this.#visit;
    this.#closePath();
    // A seat that became a delayed one since the room was entered: entering again tells by how much.
    if (error.code === 'listening.delayed' && this.#visit.delayMs() === null) {
      nextTry.after(pauseBefore(tries), () => this.#visit.onOutdated());
    } else if (error.code === 'listening.none-live') {
      onChange({ phase: 'waiting', voices: [], line: null });
    } else if (passes(error) && tries < maxTries) {
      onChange({ phase: 'recovering', voices: [] });
      nextTry.after(pauseBefore(tries), () => void this.#join(tries + 1));
    } else {
      // What was heard until now, and is another server's, was lost with the server before this one.
      const lost = error.code === 'call.elsewhere' && this.#wanted?.callId === this.#heardCallId;
      this.giveUp();
      const over = lost || error.code === 'call.ended' || error.code === 'not-found';
      onChange({ phase: over ? 'ended' : 'idle', voices: [], line: null, error: over ? null : error });
    }
  }

  #closePath(): void {
    this.dropPath();
    this.#listeningId = null;
  }

  #onPath(listeningId: string, apply: (path: ListeningPath) => void): void {
    if (this.#path?.listeningId === listeningId) apply(this.#path);
    else if (this.#wanted) this.#early.push({ listeningId, apply });
  }

  async #measure(): Promise<void> {
    const path = this.#path;
    const { realtime, shift, onChange } = this.#visit;
    // Nothing is sent to who hears the call shifted: that says nothing of the line.
    if (shift.active) return;
    const line = await path?.sample();
    if (!path || !line || this.#path !== path) return;
    onChange({ line });
    const { roundTripMs, jitterMs, lossRatio, receivedPackets } = line;
    const { listeningId } = path;
    const report = { listeningId, roundTripMs, jitterMs, lossRatio, receivedPackets };
    await realtime.request(listeningRequests.quality, report).catch(() => undefined);
  }
}
