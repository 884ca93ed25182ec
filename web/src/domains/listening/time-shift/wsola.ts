import type { CallTape } from './call-tape.ts';
import type { ShiftSide } from './shift-sides.ts';

/** What one step adds to the output; the window is twice as long. Milliseconds. */
export const hopMs = 15;
/** How far a piece may be taken from where it should be: half a period of the lowest voice (50 Hz). Milliseconds. */
export const toleranceMs = 10;
/** The search is coarse at about this rate, then fine around the best. Hz. */
const coarseHz = 8_000;
/** Less than −80 dBFS has no waveform that must fit. Mean square. */
const nothing = 1e-8;

/**
 * Plays one voice faster or slower at its own pitch: WSOLA, waveform similarity overlap-add (W. Verhelst and
 * M. Roelands, ICASSP 1993). The output is made of overlapping Hann windows; each is taken from the input near its
 * place, at the shift in which it continues the one before it best. At single speed that is the input itself, sample
 * for sample.
 */
export class Wsola {
  readonly hop: number;
  readonly #tolerance: number;
  readonly #coarse: number;
  readonly #rise: Float32Array;
  readonly #window: Float32Array;
  /** What would have followed the piece before: to be continued, and the second half of its window. */
  readonly #follows: Float32Array;
  readonly #region: Float32Array;
  /** Where in the input `#follows` was taken from; null before the first step. */
  #followsAt: number | null = null;

  constructor(rate: number) {
    this.hop = Math.round((rate * hopMs) / 1000);
    this.#tolerance = Math.round((rate * toleranceMs) / 1000);
    this.#coarse = Math.max(1, Math.round(rate / coarseHz));
    this.#rise = Float32Array.from(
      { length: this.hop },
      (_, index) => 0.5 - 0.5 * Math.cos((Math.PI * (index + 0.5)) / this.hop),
    );
    this.#window = new Float32Array(2 * this.hop);
    this.#follows = new Float32Array(this.hop);
    this.#region = new Float32Array(this.hop + 2 * this.#tolerance);
  }

  /** Samples that must be there behind a place for `step` to be taken there. */
  get needs(): number {
    return 2 * this.hop + this.#tolerance;
  }

  /** The next step begins anew, without regard to what was before. */
  reset(): void {
    this.#followsAt = null;
  }

  /** The next `hop` samples of output, from around a place of the input. */
  step(tape: CallTape, side: ShiftSide, place: number, output: Float32Array): void {
    const target = Math.round(place);
    if (this.#followsAt === null) {
      tape.read(side, target, this.#window);
      output.set(this.#window.subarray(0, this.hop));
      this.#keep(target);
      return;
    }
    const at = this.#bestPlace(tape, side, target, this.#followsAt);
    tape.read(side, at, this.#window);
    for (let index = 0; index < this.hop; index++) {
      const rise = this.#rise[index]!;
      output[index] = this.#follows[index]! * (1 - rise) + this.#window[index]! * rise;
    }
    this.#keep(at);
  }

  /** What the last step leaves behind, fading: played when nothing more is there. */
  tail(output: Float32Array): void {
    for (let index = 0; index < this.hop; index++) {
      output[index] = this.#followsAt === null ? 0 : this.#follows[index]! * (1 - this.#rise[index]!);
    }
    this.reset();
  }

  #keep(at: number): void {
    this.#follows.set(this.#window.subarray(this.hop));
    this.#followsAt = at + this.hop;
  }

  #bestPlace(tape: CallTape, side: ShiftSide, target: number, natural: number): number {
    // Nothing continues a piece as well as what really followed it.
    if (Math.abs(natural - target) <= this.#tolerance) return natural;
    if (energy(this.#follows, 0, this.hop, 1) < nothing * this.hop) return target;
    if (!tape.read(side, target - this.#tolerance, this.#region)) return target;
    const coarse = this.#search(0, 2 * this.#tolerance, this.#coarse, this.#coarse);
    const best = this.#search(
      Math.max(0, coarse - this.#coarse),
      Math.min(2 * this.#tolerance, coarse + this.#coarse),
      1,
      2,
    );
    return target - this.#tolerance + best;
  }

  /** The shift between two bounds at which the region is most like what follows (normalised cross-correlation). */
  #search(from: number, to: number, step: number, stride: number): number {
    let best = this.#tolerance;
    let bestLikeness = Number.NEGATIVE_INFINITY;
    for (let shift = from; shift <= to; shift += step) {
      let product = 0;
      for (let index = 0; index < this.hop; index += stride) {
        product += this.#follows[index]! * this.#region[shift + index]!;
      }
      const likeness = product / Math.sqrt(energy(this.#region, shift, this.hop, stride) + nothing);
      if (likeness > bestLikeness) {
        bestLikeness = likeness;
        best = shift;
      }
    }
    return best;
  }
}

function energy(samples: Float32Array, from: number, count: number, stride: number): number {
  let sum = 0;
  for (let index = 0; index < count; index += stride) sum += samples[from + index]! ** 2;
  return sum;
}
