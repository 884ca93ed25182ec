import type { Span } from './spans.ts';
import { levelStepMs, pitchStepMs, type VoiceFeatures } from './voice-features.ts';

/** A syllable is at most so much softer than the loudest of the voice. dB */
const softest = 25;
/** Between two syllables it grows softer by at least this. dB */
const dip = 2;
/** The contour is smoothed over so many steps on either side. */
const smoothing = 3;
/** Two peaks closer than this are one syllable. ms */
const shortestMs = 80;

/**
 * When syllables are loudest, ms: peaks of the intensity that are voiced and parted by dips, within speech. After
 * N. H. de Jong and T. Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically", Behavior
 * Research Methods 41 (2), 2009. An estimate: unvoiced and swallowed syllables are missed.
 */
export function syllableNuclei(features: VoiceFeatures, speech: readonly Span[]): number[] {
  const { pitches } = features;
  const contour = smoothed(features.levels);
  const floor = loudest(contour, speech) - softest;
  const nuclei: number[] = [];
  for (const { fromMs, toMs } of speech) {
    const first = Math.floor(fromMs / levelStepMs);
    const last = Math.min(contour.length, Math.ceil(toMs / levelStepMs));
    let lowest = Number.NEGATIVE_INFINITY;
    let peak = -1;
    const settle = () => {
      const atMs = peak * levelStepMs;
      if (isVoiced(pitches, atMs) && atMs - (nuclei.at(-1) ?? Number.NEGATIVE_INFINITY) >= shortestMs)
        nuclei.push(atMs);
      peak = -1;
    };
    for (let step = first; step < last; step++) {
      const level = contour[step]!;
      if (peak >= 0) {
        if (level > contour[peak]!) peak = step;
        else if (level < contour[peak]! - dip) {
          settle();
          lowest = level;
        }
      } else if (level > Math.max(floor, lowest + dip)) peak = step;
      else lowest = Math.min(lowest, level);
    }
    if (peak >= 0) settle();
  }
  return nuclei;
}

/** Rough voices are periodic only here and there: beside the peak is enough. */
function isVoiced(pitches: Float32Array, atMs: number): boolean {
  const step = Math.floor(atMs / pitchStepMs);
  return [-1, 0, 1, 2].some((off) => (pitches[step + off] ?? 0) > 0);
}

function smoothed(levels: Float32Array): Float32Array {
  // Powers are averaged, not decibels: one silent step is no deep dip.
  const powers = levels.map((level) => 10 ** (level / 10));
  const result = new Float32Array(levels.length);
  for (let step = 0; step < levels.length; step++) {
    let sum = 0;
    let weights = 0;
    for (let off = -smoothing; off <= smoothing; off++) {
      const power = powers[step + off];
      if (power === undefined) continue;
      const weight = 1 - Math.abs(off) / (smoothing + 1);
      sum += weight * power;
      weights += weight;
    }
    result[step] = 10 * Math.log10(sum / weights);
  }
  return result;
}

/** What only one in a hundred steps of speech exceeds: a knock does not decide. */
function loudest(contour: Float32Array, speech: readonly Span[]): number {
  const levels = speech.flatMap(({ fromMs, toMs }) => [
    ...contour.subarray(Math.floor(fromMs / levelStepMs), Math.ceil(toMs / levelStepMs)),
  ]);
  levels.sort((a, b) => a - b);
  return levels[Math.floor(levels.length * 0.99)] ?? 0;
}
