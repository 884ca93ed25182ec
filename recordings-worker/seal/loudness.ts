import type { Loudness } from '#contract/recordings.ts';

/**
 * Loudness as ITU-R BS.1770-4 and EBU R128 define it: K-weighting, 400-ms blocks that overlap by three quarters, an
 * absolute gate at −70 LUFS and a relative one 10 LU below what passes it.
 */

/** Tenths of a second with the mean square of the K-weighted samples of one channel, full scale 1. */
export interface ChannelEnergy {
  readonly tenths: Float64Array;
  /** The largest |sample|, 0–1. */
  readonly peak: number;
}

/** Speech is brought to this in replay, LUFS. */
const target = -18;
/** More than this would lift the noise of a bad line more than its voice, dB. */
const maxGain = 12;
/** Where the gain stops, so that nothing is cut off, dBFS. */
const headroom = -1;

const absoluteGate = -70;
const relativeGate = -10;
const tenthsPerBlock = 4;
const tenthsPerSecond = 10;

const lufs = (meanSquare: number): number => -0.691 + 10 * Math.log10(meanSquare);
const meanSquareOf = (loudness: number): number => 10 ** ((loudness + 0.691) / 10);

/** Direct form II transposed; a0 is 1. */
interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

/**
 * BS.1770-4 annex 1 gives the coefficients for 48 kHz only. These are the analogue prototypes behind them (shelf:
 * 1,681.97 Hz, +3.99984 dB, Q 0.70718; high pass: 38.135 Hz, Q 0.50033), transformed for any rate; at 48 kHz they are
 * the table's to eight digits.
 */
function weighting(rate: number): [Biquad, Biquad] {
  const shelf = Math.tan((Math.PI * 1_681.974450955533) / rate);
  const shelfQ = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20);
  const band = high ** 0.4996667741545416;
  const shelfA0 = 1 + shelf / shelfQ + shelf * shelf;
  const pass = Math.tan((Math.PI * 38.13547087602444) / rate);
  const passQ = 0.5003270373238773;
  const passA0 = 1 + pass / passQ + pass * pass;
  return [
    {
      b0: (high + (band * shelf) / shelfQ + shelf * shelf) / shelfA0,
      b1: (2 * (shelf * shelf - high)) / shelfA0,
      b2: (high - (band * shelf) / shelfQ + shelf * shelf) / shelfA0,
      a1: (2 * (shelf * shelf - 1)) / shelfA0,
      a2: (1 - shelf / shelfQ + shelf * shelf) / shelfA0,
    },
    {
      b0: 1,
      b1: -2,
      b2: 1,
      a1: (2 * (pass * pass - 1)) / passA0,
      a2: (1 - pass / passQ + pass * pass) / passA0,
    },
  ];
}

/** Measures one channel as its samples go by. */
export class EnergyMeter {
  readonly #perTenth: number;
  readonly #filters: [Biquad, Biquad];
  readonly #state = new Float64Array(4);
  readonly #tenths: number[] = [];
  #sum = 0;
  #inTenth = 0;
  #peak = 0;

  /** `rate` in Hz, a multiple of 10. */
  constructor(rate: number) {
    this.#perTenth = rate / tenthsPerSecond;
    this.#filters = weighting(rate);
  }

  add(samples: Int16Array): void {
    for (let at = 0; at < samples.length; ) {
      const end = Math.min(samples.length, at + this.#perTenth - this.#inTenth);
      this.#measure(samples, at, end);
      this.#inTenth += end - at;
      at = end;
      if (this.#inTenth < this.#perTenth) continue;
      this.#tenths.push(this.#sum / this.#perTenth);
      this.#sum = 0;
      this.#inTenth = 0;
    }
  }

  /** A last tenth that is not full is left out, as the gating blocks are whole ones. */
  finish(): ChannelEnergy {
    return { tenths: Float64Array.from(this.#tenths), peak: this.#peak };
  }

  #measure(samples: Int16Array, from: number, to: number): void {
    const [shelf, pass] = this.#filters;
    const state = this.#state;
    let [s0, s1, p0, p1] = state as unknown as [number, number, number, number];
    let sum = 0;
    let peak = this.#peak;
    for (let i = from; i < to; i++) {
      const x = samples[i]! / 32_768;
      if (x > peak) peak = x;
      else if (-x > peak) peak = -x;
      const y = shelf.b0 * x + s0;
      s0 = shelf.b1 * x - shelf.a1 * y + s1;
      s1 = shelf.b2 * x - shelf.a2 * y;
      const z = y + p0;
      p0 = pass.b1 * y - pass.a1 * z + p1;
      p1 = y - pass.a2 * z;
      sum += z * z;
    }
    this.#peak = peak;
    this.#sum += sum;
    // In long silence the filters' memory decays to numbers that processors are slow with.
    const kept = (value: number) => (Math.abs(value) < 1e-15 ? 0 : value);
    state[0] = kept(s0);
    state[1] = kept(s1);
    state[2] = kept(p0);
    state[3] = kept(p1);
  }
}

/** Integrated loudness of channels that play together, LUFS; null when nothing passes the absolute gate. */
export function integratedLoudness(channels: readonly ChannelEnergy[]): number | null {
  const tenths = Math.min(...channels.map((channel) => channel.tenths.length));
  const blocks: number[] = [];
  const least = meanSquareOf(absoluteGate);
  for (let at = 0; at + tenthsPerBlock <= tenths; at++) {
    let sum = 0;
    for (const channel of channels) {
      for (let i = at; i < at + tenthsPerBlock; i++) sum += channel.tenths[i]!;
    }
    const meanSquare = sum / tenthsPerBlock;
    if (meanSquare > least) blocks.push(meanSquare);
  }
  if (blocks.length === 0) return null;
  const threshold = meanSquareOf(lufs(mean(blocks)) + relativeGate);
  return lufs(mean(blocks.filter((block) => block > threshold)));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const tenthsOf = (value: number): number => Math.round(value * 10) / 10;

/** To a tenth of a decibel. */
export function loudnessOf(agent: ChannelEnergy, customer: ChannelEnergy): Loudness {
  const of = (...channels: ChannelEnergy[]) => {
    const value = integratedLoudness(channels);
    return value === null ? null : tenthsOf(value);
  };
  const peak = Math.max(agent.peak, customer.peak);
  const peakDb = peak > 0 ? tenthsOf(20 * Math.log10(peak)) : null;
  const integrated = of(agent, customer);
  return {
    integrated,
    agent: of(agent),
    customer: of(customer),
    peakDb,
    gainDb: integrated === null || peakDb === null ? 0 : gainFor(integrated, peakDb),
  };
}

/** Towards the target, never so far that the peak is cut off, dB to a tenth. Quieter is always possible. */
export function gainFor(integrated: number, peakDb: number): number {
  const gain = tenthsOf(Math.min(target - integrated, headroom - peakDb, maxGain));
  return gain === 0 ? 0 : gain;
}
