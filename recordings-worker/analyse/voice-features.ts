import { PitchMeter } from './pitch.ts';
import { type Silero, vadRate, vadWindow } from './silero.ts';

/** ms between two values of `levels` and of `pitches`. */
export const levelStepMs = 10;
export const pitchStepMs = 20;
/** ms that one probability stands for. */
export const vadWindowMs = (vadWindow * 1_000) / vadRate;

const levelStep = (vadRate * levelStepMs) / 1_000;
const pitchStep = (vadRate * pitchStepMs) / 1_000;
/** Samples that {@link VoiceListener.push} takes at a time: a multiple of every step. */
export const blockSamples = 10_240;

/** What was measured of one voice, evenly spaced from the recording's start. */
export interface VoiceFeatures {
  /** That somebody speaks, 0 to 1, each {@link vadWindowMs}. */
  readonly probabilities: Float32Array;
  /** Mean power of each {@link levelStepMs}, dB relative to full scale; −120 is silence. */
  readonly levels: Float32Array;
  /** Fundamental frequency at each {@link pitchStepMs}, Hz; 0 where there is none. */
  readonly pitches: Float32Array;
}

/** Tells of one window after the other how likely speech is: {@link Silero}. */
export type SpeechDetector = Pick<Silero, 'reset' | 'next'>;

const silent = -120;
/** Where speech is less likely than this nobody asks for the pitch. */
const pitchFrom = 0.2;

/** Listens to one channel block by block, in memory that does not grow with the sound but by its features. */
export class VoiceListener {
  readonly #detector: SpeechDetector;
  readonly #pitch = new PitchMeter(vadRate);
  readonly #probabilities = new Growing();
  readonly #levels = new Growing();
  readonly #pitches = new Growing();
  /** The end of the block before, for pitch, and the block. */
  readonly #sound: Float32Array;
  readonly #carried: number;
  /** Samples of the blocks before. */
  #heard = 0;

  /** The listener owns the detector from now on. */
  constructor(detector: SpeechDetector) {
    detector.reset();
    this.#detector = detector;
    this.#carried = Math.ceil(this.#pitch.length / pitchStep) * pitchStep;
    this.#sound = new Float32Array(this.#carried + blockSamples);
  }

  /** {@link blockSamples} samples at 8 kHz, −1 to 1; the last block is filled up with zeros. */
  push(block: Float32Array): void {
    const sound = this.#sound;
    sound.copyWithin(0, blockSamples);
    sound.set(block, this.#carried);
    for (let at = 0; at < blockSamples; at += vadWindow)
      this.#probabilities.push(this.#detector.next(block, at));
    for (let at = 0; at < blockSamples; at += levelStep) this.#levels.push(levelOf(block, at, levelStep));
    // Late by what is carried, so that each estimate sees what comes after it.
    for (let at = 0; at < blockSamples; at += pitchStep) {
      const window = Math.floor((this.#heard + at - this.#carried) / vadWindow);
      const likely = Math.max(this.#probabilities.at(window), this.#probabilities.at(window + 1));
      this.#pitches.push(likely >= pitchFrom ? this.#pitch.at(this.#sound, at) : 0);
    }
    this.#heard += blockSamples;
  }

  features(): VoiceFeatures {
    return {
      probabilities: this.#probabilities.values(),
      levels: this.#levels.values(),
      pitches: this.#pitches.values().subarray(this.#carried / pitchStep),
    };
  }
}

function levelOf(samples: Float32Array, from: number, length: number): number {
  let power = 0;
  for (let n = from; n < from + length; n++) power += samples[n]! * samples[n]!;
  return power > 0 ? Math.max(silent, 10 * Math.log10(power / length)) : silent;
}

/** A list of numbers that takes four bytes each. */
class Growing {
  #values = new Float32Array(4_096);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float32Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return index >= 0 && index < this.#length ? this.#values[index]! : 0;
  }

  values(): Float32Array {
    return this.#values.subarray(0, this.#length);
  }
}
