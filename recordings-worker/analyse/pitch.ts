/** Voices of adults on the telephone, Hz. */
const lowest = 70;
const highest = 400;
/**
 * A dip of the normalised difference below this is a period (the paper's "absolute threshold"; more than its 0.1, as
 * voices on the telephone are rough).
 */
const threshold = 0.25;

/**
 * The fundamental frequency of short pieces of speech by YIN: A. de Cheveigné and H. Kawahara, "YIN, a fundamental
 * frequency estimator for speech and music", J. Acoust. Soc. Am. 111 (4), 2002, steps 1 to 5.
 */
export class PitchMeter {
  /** Samples that one estimate looks at. */
  readonly length: number;
  readonly #rate: number;
  readonly #window: number;
  readonly #shortest: number;
  readonly #longest: number;
  readonly #difference: Float64Array;

  constructor(rate: number) {
    this.#rate = rate;
    this.#window = Math.round(rate * 0.025);
    this.#shortest = Math.floor(rate / highest);
    this.#longest = Math.ceil(rate / lowest);
    this.length = this.#window + this.#longest + 1;
    this.#difference = new Float64Array(this.#longest + 2);
  }

  /** Hz, or 0 where nothing is periodic. `samples` has at least {@link length} from `from` on. */
  at(samples: Float32Array, from: number): number {
    const difference = this.#difference;
    let sum = 0;
    for (let lag = 1; lag <= this.#longest + 1; lag++) {
      let energy = 0;
      for (let n = from; n < from + this.#window; n++) {
        const apart = samples[n]! - samples[n + lag]!;
        energy += apart * apart;
      }
      sum += energy;
      // Cumulative mean normalised difference: 1 at first, near 0 at the period.
      difference[lag] = sum > 0 ? (energy * lag) / sum : 1;
    }
    for (let lag = this.#shortest; lag <= this.#longest; lag++) {
      if (difference[lag]! >= threshold) continue;
      while (lag < this.#longest && difference[lag + 1]! < difference[lag]!) lag++;
      return this.#rate / this.#refined(lag);
    }
    return 0;
  }

  /** The bottom of the parabola through the dip and its neighbours, in samples. */
  #refined(lag: number): number {
    const [before, here, after] = [
      this.#difference[lag - 1]!,
      this.#difference[lag]!,
      this.#difference[lag + 1]!,
    ];
    const curvature = before - 2 * here + after;
    return curvature > 0 ? lag + (before - after) / (2 * curvature) : lag;
  }
}
