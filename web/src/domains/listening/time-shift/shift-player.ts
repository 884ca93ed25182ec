import type { ShiftSpeed } from './catch-up.ts';
import { type ShiftAnswer, ShiftFeed } from './shift-feed.ts';
import { type FromPlayback, shiftProcessor, type ToPlayback } from './shift-messages.ts';
import workletUrl from './shift-playback.worklet.ts?worker&url';

export interface ShiftPlayerOptions {
  readonly context: AudioContext;
  readonly audio: (fromMs: number, toMs: number) => Promise<ShiftAnswer>;
  readonly onReport: (report: FromPlayback) => void;
  readonly onAnswer: (answer: ShiftAnswer) => void;
  readonly onTrouble: (thrown: unknown) => void;
}

const loaded = new WeakMap<AudioContext, Promise<void>>();

/** Loads what the audio thread needs. Error: whatever the browser throws that has no AudioWorklet, or no secure page. */
export function loadPlayback(context: AudioContext): Promise<void> {
  let loading = loaded.get(context);
  if (!loading) {
    loading = context.audioWorklet.addModule(workletUrl);
    loaded.set(context, loading);
    loading.catch(() => loaded.delete(context));
  }
  return loading;
}

/** Plays a call from what was kept of it: from any place, at any speed, each voice at an output of its own. */
export class ShiftPlayer {
  readonly voices: { readonly agent: AudioNode; readonly customer: AudioNode };
  readonly #node: AudioWorkletNode;
  readonly #feed: ShiftFeed;
  readonly #onReport: (report: FromPlayback) => void;
  #report: FromPlayback = { state: 'starved', atMs: 0, fetchedMs: 0, seek: 0 };
  #reportedAt = performance.now();
  #seeks = 0;
  #speed: ShiftSpeed = 1;
  #paused = false;

  static async open(options: ShiftPlayerOptions): Promise<ShiftPlayer> {
    await loadPlayback(options.context);
    return new ShiftPlayer(options);
  }

  private constructor({ context, audio, onReport, onAnswer, onTrouble }: ShiftPlayerOptions) {
    this.#node = new AudioWorkletNode(context, shiftProcessor, {
      numberOfInputs: 0,
      numberOfOutputs: 2,
      outputChannelCount: [1, 1],
    });
    const voice = (output: number) => {
      const gain = context.createGain();
      this.#node.connect(gain, output);
      return gain;
    };
    this.voices = { agent: voice(0), customer: voice(1) };
    this.#onReport = onReport;
    this.#node.port.onmessage = ({ data }: MessageEvent<FromPlayback>) => this.#take(data);
    this.#feed = new ShiftFeed({
      rate: context.sampleRate,
      tell: (message, transfer) => this.#tell(message, transfer),
      audio,
      onAnswer,
      onTrouble,
    });
  }

  /** All that the call has been so far is fetched. */
  get atEdge(): boolean {
    return this.#feed.atEdge;
  }

  /** What it said last; after a seek, what it is about to do. */
  get report(): FromPlayback {
    return this.#report;
  }

  /** Where in the call the sound is that leaves now. Milliseconds. */
  positionMs(): number {
    const { state, atMs, fetchedMs } = this.#report;
    if (state !== 'playing') return atMs;
    const passed = Math.min(200, performance.now() - this.#reportedAt);
    return Math.min(Math.max(atMs, fetchedMs), atMs + passed * this.#speed);
  }

  seek(ms: number): void {
    const at = Math.max(0, ms);
    this.#seeks += 1;
    this.#report = { state: this.#paused ? 'paused' : 'starved', atMs: at, fetchedMs: at, seek: this.#seeks };
    this.#tell({ do: 'seek', ms: at });
    this.#feed.seek(at);
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#tell({ do: 'pause', on: paused });
  }

  /** Whoever catches up does not want to hear silence; at single speed it belongs to what was said. */
  setSpeed(speed: ShiftSpeed): void {
    this.#speed = speed;
    this.#tell({ do: 'speed', speed, skipsSilence: speed > 1 });
  }

  close(): void {
    this.#feed.close();
    this.#node.port.onmessage = null;
    this.#tell({ do: 'close' });
    this.#node.disconnect();
    for (const voice of Object.values(this.voices)) voice.disconnect();
  }

  #take(report: FromPlayback): void {
    // From before the last seek.
    if (report.seek !== this.#seeks) return;
    this.#report = report;
    this.#reportedAt = performance.now();
    this.#feed.heard(report.atMs, this.#speed);
    this.#onReport(report);
  }

  #tell(message: ToPlayback, transfer: Transferable[] = []): void {
    this.#node.port.postMessage(message, transfer);
  }
}
