import { toneShare } from '#support/tone.ts';

/** A sine of half amplitude, −1…1. */
export function sine(hz: number, seconds: number, rate: number): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * rate) },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * hz * index) / rate),
  );
}

/** Mean square. */
export function energyOf(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
}

const linear = (samples: Float32Array) => Int16Array.from(samples, (sample) => Math.round(sample * 32_767));

/** How much of the sound is this tone, 0–1. */
export function toneShareOf(samples: Float32Array, hz: number, rate: number): number {
  return toneShare(linear(samples), hz, rate);
}

/** The strongest frequency within 5 % of one that is expected, in steps of 0.2 %. */
export function frequencyNear(samples: Float32Array, expected: number, rate: number): number {
  const values = linear(samples);
  let best = 0;
  let bestShare = -1;
  for (let step = -25; step <= 25; step++) {
    const hz = expected * (1 + step / 500);
    const share = toneShare(values, hz, rate);
    if (share > bestShare) [best, bestShare] = [hz, share];
  }
  return best;
}
