/** Input samples on either side of an output sample that take part in it. */
const reach = 16;

/**
 * Changes the sample rate of one stream, piece by piece: a polyphase bank of Blackman-windowed sincs (J. O. Smith,
 * Digital Audio Resampling). Telephone speech up to 3.4 kHz passes, its images above 4.6 kHz are 60 dB down.
 */
export class Resampler {
  readonly #from: number;
  readonly #to: number;
  /** Output n lies at input n·step/phases. */
  readonly #phases: number;
  readonly #step: number;
  readonly #bank: readonly Float32Array[];
  /** Input that is still needed; its first sample is number `#firstIn` of the stream. */
  #input = new Float32Array(0);
  #firstIn = -reach;
  #nextOut = 0;

  constructor(fromHz: number, toHz: number) {
    this.#from = fromHz;
    this.#to = toHz;
    const common = divisor(fromHz, toHz);
    this.#phases = toHz / common;
    this.#step = fromHz / common;
    const cutoff = Math.min(1, toHz / fromHz);
    this.#bank =
      fromHz === toHz ? [] : Array.from({ length: this.#phases }, (_, p) => taps(p / this.#phases, cutoff));
    this.reset();
  }

  /** Output that is ready: it stays 16 input samples behind, which `flush` hands out. */
  push(samples: Float32Array): Float32Array {
    if (this.#from === this.#to) return samples;
    const input = new Float32Array(this.#input.length + samples.length);
    input.set(this.#input);
    input.set(samples, this.#input.length);
    const available = this.#firstIn + input.length;
    // All outputs whose whole neighbourhood is there.
    const outputs = Math.ceil(((available - reach) * this.#phases) / this.#step) - this.#nextOut;
    const output = new Float32Array(Math.max(0, outputs));
    for (let index = 0; index < output.length; index++) {
      const place = (this.#nextOut + index) * this.#step;
      const whole = Math.floor(place / this.#phases);
      const weights = this.#bank[place % this.#phases]!;
      const first = whole - reach + 1 - this.#firstIn;
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) sum += weights[tap]! * input[first + tap]!;
      output[index] = sum;
    }
    this.#nextOut += output.length;
    const keepFrom = Math.floor((this.#nextOut * this.#step) / this.#phases) - reach;
    const drop = Math.min(input.length, Math.max(0, keepFrom - this.#firstIn));
    this.#input = input.slice(drop);
    this.#firstIn += drop;
    return output;
  }

  /** The rest, as if silence followed; the next push begins a new stream. */
  flush(): Float32Array {
    if (this.#from === this.#to) return new Float32Array(0);
    const rest = this.push(new Float32Array(reach));
    this.reset();
    return rest;
  }

  reset(): void {
    this.#input = new Float32Array(reach);
    this.#firstIn = -reach;
    this.#nextOut = 0;
  }
}

/** Weights of the 32 inputs around a place `fraction` behind an input sample. They add up to 1: no change of level. */
function taps(fraction: number, cutoff: number): Float32Array {
  const weights = Float32Array.from({ length: 2 * reach }, (_, tap) => {
    const distance = tap - reach + 1 - fraction;
    const x = Math.PI * distance * cutoff;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    const angle = (Math.PI * distance) / reach;
    return sinc * (0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle));
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
