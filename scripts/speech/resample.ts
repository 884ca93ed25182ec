import type { Pcm } from './wav.ts';

/** Zero crossings of the sinc on each side: stop band below −60 dB with a Hann window. */
const CROSSINGS = 16;

/**
 * Another sample rate, by a windowed sinc in as many phases as the ratio of the rates has (polyphase). What is above
 * 92 % of the lower Nyquist frequency is filtered out.
 */
export function resample(pcm: Pcm, sampleRate: number): Int16Array {
  if (pcm.sampleRate === sampleRate) return pcm.samples;
  const divisor = greatestCommonDivisor(pcm.sampleRate, sampleRate);
  const phases = sampleRate / divisor;
  const step = pcm.sampleRate / divisor;
  const cutoff = 0.92 * Math.min(1, sampleRate / pcm.sampleRate);
  const half = Math.ceil(CROSSINGS / cutoff);
  const taps = 2 * half;
  const filters = Array.from({ length: phases }, (_, phase) => kernel(phase / phases, half, cutoff));

  const { samples } = pcm;
  const out = new Int16Array(Math.floor((samples.length * sampleRate) / pcm.sampleRate));
  for (let n = 0; n < out.length; n++) {
    const position = n * step;
    const filter = filters[position % phases]!;
    const first = Math.floor(position / phases) - half + 1;
    let sum = 0;
    const from = Math.max(0, -first);
    const to = Math.min(taps, samples.length - first);
    for (let tap = from; tap < to; tap++) sum += filter[tap]! * samples[first + tap]!;
    out[n] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return out;
}

/** Taps for a sample that lies `fraction` behind tap `half - 1`; their sum is 1. */
function kernel(fraction: number, half: number, cutoff: number): Float64Array {
  const filter = new Float64Array(2 * half);
  let sum = 0;
  for (let tap = 0; tap < filter.length; tap++) {
    const x = tap - (half - 1) - fraction;
    const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
    filter[tap] = sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / half));
    sum += filter[tap]!;
  }
  return filter.map((tap) => tap / sum);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
