import { timeShiftRequests } from '#contract/time-shift.ts';
import { ApiError, asApiError } from '#web/app/api-error.ts';
import { passes } from '#web/app/passing.ts';
import { CallWaveform } from './call-waveform.ts';
import { EdgeLag, reachesLiveInMs, type ShiftSpeed } from './catch-up.ts';
import type { FromPlayback } from './shift-messages.ts';
import type { ShiftPlayer } from './shift-player.ts';
import type { ShiftedListening } from './shift-state.ts';
import { pollWaveform } from './waveform-poll.ts';

const tellEveryMs = 250;
/** Nearer to live than this is live. Milliseconds. */
const nearMs = 1_000;
/** A delayed seat plays this far behind its edge, so that what comes next has always come. Milliseconds. */
const cushionMs = 700;
/** A delayed seat at its edge that fell back so far, because sound came late, is brought forward. Milliseconds. */
const tooFarMs = 3_000;
/** Less than this behind is not worth a way back. Milliseconds. */
const worthReturningMs = 3_000;
const fadeMs = { out: 60, live: 200 } as const;
/** From the packet's arrival at the server to the ear: jitter buffer and output. Milliseconds. */
const earMs = 60;

/**
 * Live and shifted as one: back and forth in a call that goes on. The server is told which of the two is heard, and the
 * sound fades from one to the other. The place is kept whatever happens to the connection.
 */
export class TimeShift {
  readonly waveform = new CallWaveform();
  readonly #host: ShiftedListening;
  #player: ShiftPlayer | null = null;
  #opening: Promise<ShiftPlayer | null> | null = null;
  #active = false;
  #wanted: { atMs: number; paused: boolean; speed: ShiftSpeed } = { atMs: 0, paused: false, speed: 1 };
  /** A delayed seat that stays at its edge, also when the sound came too late to play on without a break. */
  #staysAtEdge = false;
  #returnMs: number | null = null;
  /** What the server was told of this listening last. */
  #told: { listeningId: string; on: boolean } | null = null;
  #telling = false;
  #endMs: number | null = null;
  /** How far what is on disk is behind what may be heard. */
  #lag = new EdgeLag();
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopWaveform: (() => void) | undefined;
  /** Grows with every call, so that answers about the one before are dropped. */
  #call = 0;

  constructor(host: ShiftedListening) {
    this.#host = host;
  }

  get active(): boolean {
    return this.#active;
  }

  /** A call is about to be heard, or heard from another listening than before. */
  begin(): void {
    this.stop();
    this.#call += 1;
    this.waveform.clear();
    this.#endMs = null;
    this.#lag = new EdgeLag();
    const { request, listeningId } = this.#host;
    this.#stopWaveform = pollWaveform(this.waveform, {
      request,
      listeningId,
      isLive: () => !this.#active,
      onEdge: (edgeMs) => this.#lag.saw(this.edgeMs() - edgeMs, performance.now()),
    });
    // Fetched before it is needed: the first step back should not wait for it.
    void this.#open();
  }

  /** The listening is there, for the first time or again. */
  attached(): void {
    if (this.#host.delayMs() !== null && !this.#active) this.#startAtEdge();
    else void this.#tellServer();
  }

  /** Nothing is heard any more. */
  stop(): void {
    this.#call += 1;
    this.#stopWaveform?.();
    this.#leave();
    this.#host.mixer.hear('live', 0);
    this.#host.mixer.removeShifted();
    this.#player?.close();
    this.#player = null;
    this.#opening = null;
    this.#told = null;
    this.#staysAtEdge = false;
    this.#returnMs = null;
    this.#host.onChange({ shift: null, returnMs: null, shiftError: null });
  }

  /** Where in the call the sound is that is heard now, null before the first. For marks and the playhead. Milliseconds. */
  heardMs(): number | null {
    if (this.#active) return Math.max(0, this.#positionMs() - this.#onItsWayMs());
    const live = this.#host.liveMs();
    return live === null ? null : Math.max(0, live - earMs);
  }

  /** Up to where this listener may hear the call by now. Milliseconds. */
  edgeMs(): number {
    if (this.#endMs !== null) return this.#endMs;
    return Math.max(0, (this.#host.liveMs() ?? 0) - (this.#host.delayMs() ?? 0));
  }

  back(ms: number): void {
    this.seek((this.heardMs() ?? 0) - ms);
  }

  forward(ms: number): void {
    if (this.#active) this.seek(this.#positionMs() + ms);
  }

  /** Hears the call from a place on; at or behind the edge this is live. */
  seek(ms: number): void {
    const delayed = this.#host.delayMs() !== null;
    if (this.#endMs === null && ms > this.edgeMs() - nearMs) {
      if (this.#active || delayed) this.goLive();
      return;
    }
    this.#staysAtEdge = false;
    this.#start(Math.min(Math.max(0, ms), this.edgeMs()), this.#active && this.#wanted.paused);
  }

  togglePause(): void {
    if (!this.#active) {
      const at = this.heardMs();
      if (at !== null) this.#start(at, true);
      return;
    }
    this.#staysAtEdge = false;
    this.#wanted = { ...this.#wanted, paused: !this.#wanted.paused };
    if (!this.#wanted.paused) this.#host.mixer.start();
    this.#player?.setPaused(this.#wanted.paused);
    this.#tell();
  }

  setSpeed(speed: ShiftSpeed): void {
    if (!this.#active) return;
    this.#wanted = { ...this.#wanted, speed };
    this.#player?.setSpeed(speed);
    this.#tell();
  }

  /** Live at once; a delayed seat goes to its edge. The place is kept for `returnToPlace`. */
  goLive(): void {
    if (!this.#active) return;
    if (this.#endMs !== null) {
      this.#host.onOver();
      return;
    }
    const at = this.#positionMs();
    if (this.edgeMs() - at > worthReturningMs) this.#returnMs = at;
    if (this.#host.delayMs() !== null) this.#startAtEdge();
    else this.#becomeLive();
    this.#host.onChange({ returnMs: this.#returnMs });
  }

  /** Back to where one was before going live. */
  returnToPlace(): void {
    const at = this.#returnMs;
    if (at === null) return;
    this.#returnMs = null;
    this.#host.onChange({ returnMs: null });
    this.#staysAtEdge = false;
    this.#start(at, false);
  }

  /** True when the listening goes on, because not all of the call has been heard. */
  goesOnAfter(endMs: number): boolean {
    if (!this.#active || endMs - this.#positionMs() < nearMs / 2) return false;
    this.#endMs = endMs;
    this.#tell();
    return true;
  }

  #startAtEdge(): void {
    this.#wanted = { ...this.#wanted, speed: 1 };
    this.#staysAtEdge = true;
    this.#start(this.#delayedEdge(), false);
  }

  #start(atMs: number, paused: boolean): void {
    const { mixer } = this.#host;
    this.#wanted = { atMs, paused, speed: this.#active ? this.#wanted.speed : 1 };
    if (!this.#active) {
      this.#active = true;
      this.#timer = setInterval(() => this.#tell(), tellEveryMs);
      mixer.hear('shifted', fadeMs.out);
      this.#host.onChange({ shiftError: null });
    }
    // The sound is asked for first: nobody waits for the server to stop forwarding.
    void this.#play();
    void this.#tellServer();
    this.#tell();
  }

  async #play(): Promise<void> {
    const call = this.#call;
    const player = this.#player ?? (await this.#open());
    if (call !== this.#call || !this.#active) return;
    if (!player) {
      this.#giveUp(new ApiError('client.shift-unsupported', 'no AudioWorklet here'));
      return;
    }
    player.setPaused(this.#wanted.paused);
    player.setSpeed(this.#wanted.speed);
    player.seek(this.#wanted.atMs);
    this.#tell();
  }

  #open(): Promise<ShiftPlayer | null> {
    const call = this.#call;
    this.#opening ??= this.#host
      .openPlayer({
        context: this.#host.mixer.context,
        audio: (fromMs, toMs) => this.#audio(fromMs, toMs),
        onReport: (report) => this.#reported(report),
        onAnswer: ({ edgeMs, ended }) => {
          if (ended) this.#endMs = edgeMs;
          else this.#lag.saw(this.edgeMs() - edgeMs, performance.now());
        },
        onTrouble: (thrown) => this.#troubled(asApiError(thrown)),
      })
      .then(
        (player) => {
          if (call !== this.#call) {
            player.close();
            return null;
          }
          this.#player = player;
          this.#host.mixer.addShifted(player.voices);
          return player;
        },
        () => null,
      );
    return this.#opening;
  }

  async #audio(fromMs: number, toMs: number) {
    const listeningId = this.#host.listeningId();
    if (!listeningId) throw new ApiError('client.offline', 'the listening is being built anew');
    return this.#host.request(timeShiftRequests.audio, { listeningId, fromMs, toMs });
  }

  #troubled(error: ApiError): void {
    if (error.code === 'listening.unknown') {
      if (this.#endMs === null) this.#host.onLost();
      else this.#host.onOver();
    } else if (error.code === 'client.opus-unsupported') this.#giveUp(error);
  }

  /** Live is all that this browser, or this call, can give. */
  #giveUp(error: ApiError): void {
    if (!this.#active) return;
    this.#becomeLive();
    this.#host.onChange({ shiftError: error });
  }

  #reported({ state, atMs, fetchedMs }: FromPlayback): void {
    if (!this.#active) return;
    if (state === 'over') {
      this.#host.onOver();
      return;
    }
    if (this.#endMs !== null || this.#wanted.paused) return;
    const behindMs = this.edgeMs() - atMs;
    if (this.#staysAtEdge) {
      if (state === 'playing' && behindMs > tooFarMs) this.#startAtEdge();
      return;
    }
    if (this.#wanted.speed === 1) return;
    if (this.#host.delayMs() !== null) {
      if (behindMs > cushionMs) return;
      this.#staysAtEdge = true;
      this.setSpeed(1);
      return;
    }
    // Caught up: all that is on disk was heard.
    const dry = this.#player?.atEdge === true && (state === 'starved' || fetchedMs - atMs < 100);
    if (dry || behindMs <= this.#lag.ms) this.#becomeLive();
  }

  #becomeLive(): void {
    this.#leave();
    void this.#tellServer().then(() => {
      if (this.#active) return;
      this.#host.mixer.hear('live', fadeMs.live);
      this.#player?.setPaused(true);
    });
    this.#host.onChange({ shift: null });
  }

  #leave(): void {
    this.#active = false;
    clearInterval(this.#timer);
  }

  /** Makes the server forward, or not, as it is heard here. One request at a time; the last wish counts. */
  async #tellServer(): Promise<void> {
    if (this.#telling || this.#host.delayMs() !== null) return;
    this.#telling = true;
    try {
      for (;;) {
        const listeningId = this.#host.listeningId();
        const on = this.#active;
        if (!listeningId || this.#endMs !== null) return;
        const before = this.#told?.listeningId === listeningId && this.#told.on;
        if (before === on) return;
        await this.#host.request(timeShiftRequests.shift, { listeningId, on });
        this.#told = { listeningId, on };
      }
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.code === 'listening.unknown') this.#host.onLost();
      else if (this.#active && !passes(error)) this.#giveUp(error);
      else setTimeout(() => void this.#tellServer(), 500);
    } finally {
      this.#telling = false;
    }
  }

  #positionMs(): number {
    const player = this.#player;
    return player && player.report.seek > 0 ? player.positionMs() : this.#wanted.atMs;
  }

  /** What the machine's own output holds: told by the browser, as much as some 300 ms for a wireless headset. */
  #onItsWayMs(): number {
    const { outputLatency = 0 } = this.#host.mixer.context;
    return this.#player?.report.state === 'playing' ? outputLatency * 1000 * this.#wanted.speed : 0;
  }

  #delayedEdge(): number {
    return Math.max(0, this.edgeMs() - cushionMs);
  }

  #tell(): void {
    if (!this.#active) return;
    const { paused, speed } = this.#wanted;
    const playheadMs = this.#positionMs();
    const edgeMs = this.edgeMs();
    const behindMs = Math.max(0, edgeMs - playheadMs);
    const liveInMs = reachesLiveInMs({
      behindMs: this.#endMs === null ? behindMs - this.#lag.ms : behindMs,
      speed,
      silenceMs: this.waveform.silenceBetween(playheadMs, edgeMs),
      silentShare: this.#endMs === null ? this.waveform.silentShare : 1,
    });
    this.#host.onChange({
      shift: {
        playheadMs,
        edgeMs,
        behindMs,
        speed,
        paused,
        catchingUp: speed > 1 && !paused,
        liveInMs: paused ? null : liveInMs,
        waiting: this.#player?.report.state === 'starved',
        atEdge: this.#staysAtEdge && !paused,
      },
    });
  }
}
