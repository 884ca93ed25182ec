/** How fast one may hear what was missed. */
export const shiftSpeeds = [1, 1.25, 1.5, 1.75, 2] as const;
export type ShiftSpeed = (typeof shiftSpeeds)[number];

/** The next faster (+1) or slower (−1) speed; the fastest and the slowest stay. */
export function speedBeside(speed: ShiftSpeed, steps: 1 | -1): ShiftSpeed {
  const index = shiftSpeeds.indexOf(speed) + steps;
  return shiftSpeeds[Math.min(Math.max(0, index), shiftSpeeds.length - 1)] ?? speed;
}

export interface CatchUp {
  /** From the playhead to what can be heard of the call by now. Milliseconds. */
  readonly behindMs: number;
  readonly speed: number;
  /** What of that will be left out as silence. Milliseconds. */
  readonly silenceMs: number;
  /** Of what is still to be said, how much will be left out: 0–1. */
  readonly silentShare: number;
}

/**
 * When the playhead reaches live, in milliseconds from now; null when it never does. While t passes, the call grows by t,
 * of which t·(1 − share) has to be played; the playhead covers speed·t of it: t = (behind − silence) / (speed − 1 + share).
 */
export function reachesLiveInMs({ behindMs, speed, silenceMs, silentShare }: CatchUp): number | null {
  if (speed <= 1) return null;
  return Math.max(0, behindMs - silenceMs) / (speed - 1 + silentShare);
}

/** What was seen longer ago says nothing of now. Milliseconds. */
const seenForMs = 20_000;
/** What a recorder's disk is behind as a rule, until more is known: it writes twice a second. Milliseconds. */
const usualMs = 700;
const [leastMs, mostMs] = [200, 2_000];

/**
 * How far a call's disk is behind the call. Recorders write in strokes, so this goes up and down; whoever catches up
 * runs into it where it is largest.
 */
export class EdgeLag {
  #seen: { readonly lagMs: number; readonly at: number }[] = [];

  /** `at`: any clock that goes on evenly, ms. */
  saw(lagMs: number, at: number): void {
    this.#seen = [...this.#seen.filter((one) => at - one.at < seenForMs), { lagMs, at }];
  }

  get ms(): number {
    const largest = Math.max(...this.#seen.map(({ lagMs }) => lagMs), this.#seen.length < 4 ? usualMs : 0);
    return Math.min(mostMs, Math.max(leastMs, largest));
  }
}
