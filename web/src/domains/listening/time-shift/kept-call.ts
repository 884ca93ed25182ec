import { timeShiftRequests } from '#contract/time-shift.ts';
import { ApiError } from '#web/app/api-error.ts';
import { CallWaveform } from './call-waveform.ts';
import { EdgeLag, reachesLiveInMs, type ShiftSpeed } from './catch-up.ts';
import type { FromPlayback } from './shift-messages.ts';
import type { ShiftPlayer } from './shift-player.ts';
import type { ShiftedListening } from './shift-state.ts';
import { pollWaveform } from './waveform-poll.ts';

export interface KeptCallWatcher {
  /** Nobody hears what was kept: its picture is asked for less often. */
  isLive(): boolean;
  onReport(report: FromPlayback): void;
  /** Sound could not be fetched or decoded. */
  onTrouble(thrown: unknown): void;
}

/** What is kept of the call that is heard: its picture, how far it reaches, and a player for its sound. */
export class KeptCall {
  readonly waveform = new CallWaveform();
  readonly #host: ShiftedListening;
  readonly #watcher: KeptCallWatcher;
  #player: ShiftPlayer | null = null;
  #opening: Promise<ShiftPlayer | null> | null = null;
  #endMs: number | null = null;
  /** How far what is on disk is behind what may be heard. */
  #lag = new EdgeLag();
  #stopWaveform: (() => void) | undefined;
  /** Grows with every call, so that answers about the one before are dropped. */
  #call = 0;

  constructor(host: ShiftedListening, watcher: KeptCallWatcher) {
    this.#host = host;
    this.#watcher = watcher;
  }

  /** A call is about to be heard; the one before was closed. */
  begin(): void {
    this.waveform.clear();
    this.#endMs = null;
    this.#lag = new EdgeLag();
    const { request, listeningId } = this.#host;
    this.#stopWaveform = pollWaveform(this.waveform, {
      request,
      listeningId,
      isLive: () => this.#watcher.isLive(),
      onEdge: (edgeMs) => this.#lag.saw(this.edgeMs() - edgeMs, performance.now()),
    });
    // Fetched before it is needed: the first step back should not wait for it.
    void this.#open();
  }

  /** No more of its sound and picture; how far it reached is known until the next begins. */
  close(): void {
    this.#call += 1;
    this.#stopWaveform?.();
    this.#host.mixer.removeShifted();
    this.#player?.close();
    this.#player = null;
    this.#opening = null;
  }

  /** Null while it is being opened, and where there can be none. */
  get player(): ShiftPlayer | null {
    return this.#player;
  }

  /** Hands over the player: at once if it is open, null where there can be none; nothing if the call was closed by then. */
  async withPlayer(use: (player: ShiftPlayer | null) => void): Promise<void> {
    const call = this.#call;
    const player = this.#player ?? (await this.#open());
    if (call === this.#call) use(player);
  }

  /** The call is over, and its length is known. */
  get over(): boolean {
    return this.#endMs !== null;
  }

  endsAt(endMs: number): void {
    this.#endMs = endMs;
  }

  /** Up to where this listener may hear the call by now. Milliseconds. */
  edgeMs(): number {
    if (this.#endMs !== null) return this.#endMs;
    return Math.max(0, (this.#host.liveMs() ?? 0) - (this.#host.delayMs() ?? 0));
  }

  /** How far before its edge the sound ends, for now; of a call that is over all can be heard. Milliseconds. */
  get lagMs(): number {
    return this.over ? 0 : this.#lag.ms;
  }

  /** When a playhead at this place is live, at this speed; null when it never is. Milliseconds from now. */
  liveInMs(at: { playheadMs: number; edgeMs: number; speed: ShiftSpeed }): number | null {
    const { playheadMs, edgeMs, speed } = at;
    return reachesLiveInMs({
      behindMs: Math.max(0, edgeMs - playheadMs) - this.lagMs,
      speed,
      silenceMs: this.waveform.silenceBetween(playheadMs, edgeMs),
      silentShare: this.over ? 1 : this.waveform.silentShare,
    });
  }

  #open(): Promise<ShiftPlayer | null> {
    const call = this.#call;
    this.#opening ??= this.#host
      .openPlayer({
        context: this.#host.mixer.context,
        audio: (fromMs, toMs) => this.#audio(fromMs, toMs),
        onReport: (report) => this.#watcher.onReport(report),
        onAnswer: ({ edgeMs, ended }) => {
          if (ended) this.#endMs = edgeMs;
          else this.#lag.saw(this.edgeMs() - edgeMs, performance.now());
        },
        onTrouble: (thrown) => this.#watcher.onTrouble(thrown),
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
}
