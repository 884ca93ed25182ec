import { toneSamples } from './rtp-sender.ts';

/** Every second of this voice has a tone of its own: what is heard tells when it was said. */
const lowestHz = 300;
const stepHz = 26;

/** 8 kHz samples of so many seconds, 110 at most: the last step is still a telephone's tone. */
export function staircase(seconds: number): Int16Array {
  const samples = new Int16Array(seconds * 8_000);
  for (let second = 0; second < seconds; second++) {
    samples.set(toneSamples(staircaseHz(second), 1), second * 8_000);
  }
  return samples;
}

/** The tone of a second of the call. */
export const staircaseHz = (second: number): number => lowestHz + Math.floor(second) * stepHz;

/** Which second of the call a tone is from: a whole number where it is one of the staircase's. */
export const secondOf = (hz: number): number => (hz - lowestHz) / stepHz;
