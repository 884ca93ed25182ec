import { SAMPLE_RATE } from './synthesis.ts';
import type { Step } from './turns.ts';

/** A step with its sound at 8 kHz; a hold has none yet. */
export interface Voiced {
  readonly step: Step;
  readonly samples: Int16Array;
}

export interface Parts {
  readonly opening: readonly Voiced[];
  readonly identification: readonly Voiced[];
  readonly story: readonly Voiced[];
  readonly closing: readonly Voiced[];
}

export interface CallPlan {
  readonly steps: readonly Voiced[];
  /** What natural pauses are multiplied by. */
  readonly pauseFactor: number;
  /** Length of each hold, s. */
  readonly holdSeconds: number;
}

/** Mean breath between turns, s. */
const PAUSE = 0.7;
/** Before the first and after the last word, s. */
const MARGIN = 1.8;
const HOLD = 9;
const SHORT_HOLD = 5;
/** The announcement before the music and the breaths around it, s. */
const HOLD_EXTRA = 3.5;
const PAUSE_FACTOR_MAX = 1.6;

/** Chooses what is said in `seconds`, and how long pauses and holds are. */
export function planCall(parts: Parts, seconds: number): CallPlan {
  const { opening, identification, story, closing } = parts;
  const fits = (steps: readonly Voiced[], hold: number): boolean => duration(steps, hold) <= seconds;

  const whole = [...opening, ...identification, ...story, ...closing];
  if (fits(whole, HOLD)) return stretch(whole, seconds);
  for (const holdSeconds of [HOLD, SHORT_HOLD])
    for (const steps of [whole, [...opening, ...story, ...closing]])
      if (fits(steps, holdSeconds)) return { steps, pauseFactor: 1, holdSeconds };
  for (let kept = story.length - 1; kept >= 0; kept--) {
    const end = story[kept - 1]?.step.kind === 'hold' ? kept - 1 : kept;
    const steps = [...opening, ...story.slice(0, end), ...closing];
    if (fits(steps, SHORT_HOLD)) return { steps, pauseFactor: 1, holdSeconds: SHORT_HOLD };
  }
  const brief = [...opening, ...closing.slice(-2)];
  return { steps: fits(brief, 0) ? brief : opening, pauseFactor: 1, holdSeconds: 0 };
}

/** First longer breaths, then longer music, fill what is left. */
function stretch(steps: readonly Voiced[], seconds: number): CallPlan {
  let left = seconds - duration(steps, HOLD);
  const pauses = steps.filter(({ step }) => step.kind === 'turn').length * PAUSE;
  const pauseFactor = Math.min(PAUSE_FACTOR_MAX, 1 + left / pauses);
  left -= pauses * (pauseFactor - 1);
  const holds = steps.filter(({ step }) => step.kind === 'hold').length;
  return { steps, pauseFactor, holdSeconds: HOLD + (holds > 0 ? Math.max(0, left) / holds : 0) };
}

function duration(steps: readonly Voiced[], hold: number): number {
  let sum = MARGIN;
  for (const { step, samples } of steps)
    sum += step.kind === 'hold' ? hold + HOLD_EXTRA : samples.length / SAMPLE_RATE + PAUSE;
  return sum;
}
