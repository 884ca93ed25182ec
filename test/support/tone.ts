/** Power of one frequency in the samples (Goertzel), as a share of all power: about 1 for a pure tone of that frequency. */
export function toneShare(samples: Int16Array, hz: number, sampleRate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
  let previous = 0;
  let beforeThat = 0;
  let total = 0;
  for (const sample of samples) {
    const now = sample + coefficient * previous - beforeThat;
    beforeThat = previous;
    previous = now;
    total += sample * sample;
  }
  if (total === 0) return 0;
  const power = previous * previous + beforeThat * beforeThat - coefficient * previous * beforeThat;
  // A sine of amplitude A over N samples: total = N·A²/2, power = (N·A/2)².
  return (2 * power) / (samples.length * total);
}

/** The strongest frequency between 100 and 3,400 Hz, to the nearest 5 Hz; undefined in silence. */
export function dominantFrequency(samples: Int16Array, sampleRate: number): number | undefined {
  let best: number | undefined;
  let bestShare = 0.05;
  for (let hz = 100; hz <= Math.min(3_400, sampleRate / 2); hz += 5) {
    const share = toneShare(samples, hz, sampleRate);
    if (share > bestShare) {
      bestShare = share;
      best = hz;
    }
  }
  return best;
}
