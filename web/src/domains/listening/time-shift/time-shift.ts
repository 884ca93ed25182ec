import { ApiError, asApiError } from '#web/app/api-error.ts';
import type { CallWaveform } from './call-waveform.ts';
import type { ShiftSpeed } from './catch-up.ts';
import { Forwarding } from './forwarding.ts';
import { KeptCall } from './kept-call.ts';
import type { FromPlayback } from './shift-messages.ts';
import type { ShiftPlayer } from './shift-player.ts';
import type { ShiftedListening } from './shift-state.ts';

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
  readonly #host: ShiftedListening;
  readonly #kept: KeptCall;
  readonly #forwarding: Forwarding;
  #active = false;
  #wanted: { atMs: number; paused: boolean; speed: ShiftSpeed } = { atMs: 0, paused: false, speed: 1 };
  /** A delayed seat that stays at its edge, also when the sound came too late to play on without a break. */
  #staysAtEdge = false;
  #returnMs: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ShiftedListening) {
    this.#host = host;
    this.#kept = new KeptCall(host, {
      isLive: () => !this.#active,
      onReport: (report) => this.#reported(report),
      onTrouble: (thrown) => this.#troubled(asApiError(thrown)),
    });
    this.#forwarding = new Forwarding(host, {
      isShifted: () => this.#active,
      isOver: () => this.#kept.over,
      onRefused: (error) => this.#giveUp(error),
    });
  }

  get waveform(): CallWaveform {
    return this.#kept.waveform;
  }

  get active(): boolean {
    return this.#active;
  }

  /** A call is about to be heard, or heard from another listening than before. */
  begin(): void {
    this.stop();
    this.#kept.begin();
  }

  /** The listening is there, for the first time or again. */
  attached(): void {
    if (this.#host.delayMs() !== null && !this.#active) this.#startAtEdge();
    else void this.#forwarding.tell();
  }

  /** Nothing is heard any more. */
  stop(): void {
    this.#leave();
    this.#host.mixer.hear('live', 0);
    this.#kept.close();
    this.#forwarding.forget();
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
    return this.#kept.edgeMs();
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
    if (!this.#kept.over && ms > this.edgeMs() - nearMs) {
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
    this.#kept.player?.setPaused(this.#wanted.paused);
    this.#tell();
  }

  setSpeed(speed: ShiftSpeed): void {
    if (!this.#active) return;
    this.#wanted = { ...this.#wanted, speed };
    this.#kept.player?.setSpeed(speed);
    this.#tell();
  }

  /** Live at once; a delayed seat goes to its edge. The place is kept for `returnToPlace`. */
  goLive(): void {
    if (!this.#active) return;
    if (this.#kept.over) {
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
    this.#kept.endsAt(endMs);
    this.#tell();
    return true;
  }

  #startAtEdge(): void {
    this.#wanted = { ...this.#wanted, speed: 1 };
    this.#staysAtEdge = true;
    this.#start(Math.max(0, this.edgeMs() - cushionMs), false);
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
    void this.#kept.withPlayer((player) => this.#play(player));
    void this.#forwarding.tell();
    this.#tell();
  }

  #play(player: ShiftPlayer | null): void {
    if (!this.#active) return;
    if (!player) {
      this.#giveUp(new ApiError('client.shift-unsupported', 'no AudioWorklet here'));
      return;
    }
    player.setPaused(this.#wanted.paused);
    player.setSpeed(this.#wanted.speed);
    player.seek(this.#wanted.atMs);
    this.#tell();
  }

  #troubled(error: ApiError): void {
    if (error.code === 'listening.unknown') {
      if (this.#kept.over) this.#host.onOver();
      else this.#host.onLost();
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
    if (this.#kept.over || this.#wanted.paused) return;
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
    const dry = this.#kept.player?.atEdge === true && (state === 'starved' || fetchedMs - atMs < 100);
    if (dry || behindMs <= this.#kept.lagMs) this.#becomeLive();
  }

  #becomeLive(): void {
    this.#leave();
    void this.#forwarding.tell().then(() => {
      if (this.#active) return;
      this.#host.mixer.hear('live', fadeMs.live);
      this.#kept.player?.setPaused(true);
    });
    this.#host.onChange({ shift: null });
  }

  #leave(): void {
    this.#active = false;
    clearInterval(this.#timer);
  }

  #positionMs(): number {
    const player = this.#kept.player;
    return player && player.report.seek > 0 ? player.positionMs() : this.#wanted.atMs;
  }

  /** What the machine's own output holds: told by the browser, as much as some 300 ms for a wireless headset. */
  #onItsWayMs(): number {
    const { outputLatency = 0 } = this.#host.mixer.context;
    return this.#kept.player?.report.state === 'playing' ? outputLatency * 1000 * this.#wanted.speed : 0;
  }

  #tell(): void {
    if (!this.#active) return;
    const { paused, speed } = this.#wanted;
    const playheadMs = this.#positionMs();
    const edgeMs = this.edgeMs();
    this.#host.onChange({
      shift: {
        playheadMs,
        edgeMs,
        behindMs: Math.max(0, edgeMs - playheadMs),
        speed,
        paused,
        catchingUp: speed > 1 && !paused,
        liveInMs: paused ? null : this.#kept.liveInMs({ playheadMs, edgeMs, speed }),
        waiting: this.#kept.player?.report.state === 'starved',
        atEdge: this.#staysAtEdge && !paused,
      },
    });
  }
}
