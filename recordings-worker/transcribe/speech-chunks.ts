import { type SpeechDetector, vadWindowMs } from '../analyse/voice-features.ts';
import { transcriberRate } from './transcriber.ts';

/** A stretch of one voice's sound that is sent to the transcriber in one piece. */
export interface SpeechChunk {
  /** Where it begins in the recording. */
  readonly fromMs: number;
  /** At 16 kHz. */
  readonly samples: Int16Array;
}

/** Samples of one window at 16 kHz: the detector hears every second of them. */
export const windowSamples = 512;
/** Speech is likely from here on. */
const likely = 0.4;

const windows = (ms: number) => Math.ceil(ms / vadWindowMs);
/** Heard before the first and after the last word. */
const marginWindows = windows(300);
/** A chunk ends at such a silence once it is long enough … */
const shortSilence = windows(400);
/** … and at such a one at any rate. */
const longSilence = windows(2_000);
/** Long enough to give a recogniser something to go by: so much of the longest. */
const enough = 0.6;
/** Where there is no silence, it is cut at the least likely speech of the last part of this length. */
const searchWindows = windows(3_000);

/**
 * Cuts one voice into chunks of speech at its silences, as it comes; what lies between is not sent anywhere. No chunk is
 * longer than `longestSeconds`.
 */
export class ChunkCutter {
  readonly #detector: SpeechDetector;
  readonly #longest: number;
  readonly #narrow = new Float32Array(windowSamples / 2);
  /** Windows from the chunk's beginning on, or the margin while nobody speaks. */
  #kept: { samples: Int16Array; probability: number }[] = [];
  #begins = 0;
  #heard = 0;
  /** Windows since speech was last likely; negative while there is no chunk. */
  #silent = -1;

  constructor(detector: SpeechDetector, longestSeconds: number) {
    detector.reset();
    this.#detector = detector;
    this.#longest = Math.max(2 * searchWindows, Math.floor((longestSeconds * 1_000) / vadWindowMs));
  }

  /** The next {@link windowSamples} samples at 16 kHz. Answers the chunk that ends with them, if one does. */
  push(samples: Int16Array): SpeechChunk | null {
    const probability = this.#detector.next(this.#half(samples), 0);
    this.#kept.push({ samples: samples.slice(), probability });
    this.#heard++;
    const speech = probability >= likely;
    if (this.#silent < 0) {
      if (speech) {
        this.#begins = this.#heard - this.#kept.length;
        this.#silent = 0;
      } else if (this.#kept.length > marginWindows) this.#kept.shift();
      return null;
    }
    this.#silent = speech ? 0 : this.#silent + 1;
    const length = this.#kept.length;
    const quiet = length >= this.#longest * enough ? shortSilence : longSilence;
    if (this.#silent >= quiet) return this.#end(length - this.#silent + marginWindows, false);
    if (length >= this.#longest) return this.#end(this.#leastLikely(), true);
    return null;
  }

  /** What is left at the recording's end. */
  finish(): SpeechChunk | null {
    return this.#silent < 0 ? null : this.#end(this.#kept.length, false);
  }

  /** Takes the first `length` windows out; `goesOn`: the next chunk begins right behind them. */
  #end(length: number, goesOn: boolean): SpeechChunk {
    const taken = this.#kept.slice(0, length);
    const samples = new Int16Array(taken.length * windowSamples);
    for (const [index, window] of taken.entries()) samples.set(window.samples, index * windowSamples);
    const chunk = { fromMs: Math.round(this.#begins * vadWindowMs), samples };
    this.#kept = goesOn ? this.#kept.slice(length) : this.#kept.slice(length).slice(-marginWindows);
    this.#begins += length;
    this.#silent = goesOn ? 0 : -1;
    return chunk;
  }

  #leastLikely(): number {
    const from = this.#kept.length - searchWindows;
    let least = from;
    for (let at = from; at < this.#kept.length; at++) {
      if (this.#kept[at]!.probability < this.#kept[least]!.probability) least = at;
    }
    return least + 1;
  }

  /** 8 kHz for the detector: neighbours are averaged, which is filter enough to tell speech. */
  #half(samples: Int16Array): Float32Array {
    for (let at = 0; at < this.#narrow.length; at++) {
      this.#narrow[at] = ((samples[2 * at] ?? 0) + (samples[2 * at + 1] ?? 0)) / 65_536;
    }
    return this.#narrow;
  }
}

/** Length of a chunk, ms. */
export const chunkMs = ({ samples }: SpeechChunk): number => (samples.length * 1_000) / transcriberRate;
