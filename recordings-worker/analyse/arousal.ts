import { overlap, type Span, totalOf, union } from './spans.ts';
import { levelStepMs, pitchStepMs, type VoiceFeatures } from './voice-features.ts';

/** One value every two seconds, from the six seconds around it. */
export const arousalStepMs = 2_000;
const windowMs = 6_000;
/** A window with less speech says nothing of the voice. ms */
const leastSpeechMs = 1_200;
/** Fewer windows than this make no usual to compare with. */
const leastWindows = 6;

/** How much each cue counts. Pitch tells most, then loudness, then pace. */
const weights = { pitch: 0.5, level: 0.3, pace: 0.2 } as const;
/** A voice that varies less than this (semitones, dB, syllables/s) is taken to vary this much: monotony is no calm. */
const leastSpread = { pitch: 1, level: 2, pace: 0.6 } as const;
/** As many spreads above the usual as 100 stands for. */
const fullScale = 3;
/** From here on a voice counts as raised. */
export const raisedFrom = 50;

type Cue = keyof typeof weights;
type Cues = Readonly<Record<Cue, number>>;

export interface Arousal {
  /** −100 to 100 each {@link arousalStepMs}; null where too little is said. */
  readonly values: (number | null)[];
  readonly raised: Span[];
  /** False when the voice says too little in this call to know its usual. */
  readonly known: boolean;
}

/**
 * The vocal arousal hint: how far pitch, loudness and pace of a voice lie above what is usual for the same voice in the
 * same call, by medians and median deviations. In the manner of D. Bone, C.-C. Lee and S. Narayanan, "Robust
 * unsupervised arousal rating: a rule-based framework with knowledge-inspired vocal features", IEEE Transactions on
 * Affective Computing 5 (2), 2014, with the pace in place of their spectral cue, which telephone bands cut off.
 * It tells how stirred a voice is, never why: joy and anger look alike, a call that is heated throughout shows nothing,
 * and a person who walks into the street gets louder. No judgement of a person may rest on it.
 */
export function arousalOf(
  features: VoiceFeatures,
  speech: readonly Span[],
  nuclei: readonly number[],
  durationMs: number,
): Arousal {
  const cues = Array.from({ length: Math.ceil(durationMs / arousalStepMs) }, (_, step) => {
    const middle = (step + 0.5) * arousalStepMs;
    return cuesOf(features, speech, nuclei, {
      fromMs: Math.max(0, middle - windowMs / 2),
      toMs: Math.min(durationMs, middle + windowMs / 2),
    });
  });
  const told = cues.filter((cue) => cue !== null);
  if (told.length < leastWindows) return { values: cues.map(() => null), raised: [], known: false };
  const usual = (cue: Cue) => {
    const values = told.map((one) => one[cue]);
    const centre = median(values);
    const deviation = 1.4826 * median(values.map((value) => Math.abs(value - centre)));
    return { centre, spread: Math.max(leastSpread[cue], deviation) };
  };
  const baseline = { pitch: usual('pitch'), level: usual('level'), pace: usual('pace') };
  const values = cues.map((one) => {
    if (one === null) return null;
    let score = 0;
    for (const cue of ['pitch', 'level', 'pace'] as const) {
      const { centre, spread } = baseline[cue];
      score += weights[cue] * Math.min(fullScale, Math.max(-fullScale, (one[cue] - centre) / spread));
    }
    return Math.round((100 * score) / fullScale);
  });
  const raised = union(
    values.flatMap((value, step) =>
      value !== null && value >= raisedFrom
        ? [{ fromMs: step * arousalStepMs, toMs: Math.min(durationMs, (step + 1) * arousalStepMs) }]
        : [],
    ),
    // One calmer value in between is the same outburst.
    arousalStepMs,
  );
  return { values, raised, known: true };
}

function cuesOf(
  features: VoiceFeatures,
  speech: readonly Span[],
  nuclei: readonly number[],
  window: Span,
): Cues | null {
  const spoken = speech
    .filter((span) => overlap(span, window) > 0)
    .map((span) => ({
      fromMs: Math.max(span.fromMs, window.fromMs),
      toMs: Math.min(span.toMs, window.toMs),
    }));
  const spokenMs = totalOf(spoken);
  if (spokenMs < leastSpeechMs) return null;
  const pitches: number[] = [];
  let power = 0;
  let steps = 0;
  for (const { fromMs, toMs } of spoken) {
    for (let step = Math.ceil(fromMs / pitchStepMs); step * pitchStepMs < toMs; step++) {
      const hz = features.pitches[step] ?? 0;
      if (hz > 0) pitches.push(12 * Math.log2(hz));
    }
    for (let step = Math.ceil(fromMs / levelStepMs); step * levelStepMs < toMs; step++) {
      power += 10 ** ((features.levels[step] ?? -120) / 10);
      steps++;
    }
  }
  // A whisper, or noise: no voice to compare.
  if (pitches.length < 10 || power === 0) return null;
  // Nuclei lie in speech, by their making.
  const syllables = countBefore(nuclei, window.toMs) - countBefore(nuclei, window.fromMs);
  return {
    pitch: median(pitches),
    level: 10 * Math.log10(power / steps),
    pace: (1_000 * syllables) / spokenMs,
  };
}

/** How many of the moments, which are in order, lie before `ms`. */
function countBefore(moments: readonly number[], ms: number): number {
  let [from, to] = [0, moments.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (moments[middle]! < ms) from = middle + 1;
    else to = middle;
  }
  return from;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
