import type { Voice } from '#contract/analysis.ts';
import { complement, difference, intersection, lengthOf, overlap, type Span, union } from './spans.ts';

/** When each of the two speaks. */
export type Speech = Readonly<Record<Voice, readonly Span[]>>;

/** Shorter than this while the other goes on: "mm-hm", not a turn. ms */
const assentMs = 1_000;
/** The other one would have gone on for at least this, so it is no mere eagerness. ms */
const cutMs = 300;
/** Nobody speaks for so long: dead air. Contact centres take three to five seconds. ms */
export const deadAirMs = 3_000;

const voices: readonly Voice[] = ['agent', 'customer'];
const otherOf = (voice: Voice): Voice => (voice === 'agent' ? 'customer' : 'agent');

/** What both say at the same time. */
export const overlapsOf = (speech: Speech): Span[] => intersection(speech.agent, speech.customer);

/**
 * Moments at which one takes the word from the other: begins while the other is speaking and would have gone on, says
 * more than an assent, and still speaks when the other has stopped. (Simultaneous speech with a change of speaker, the
 * "interruption" of N. Ferguson, "Simultaneous speech, interruptions and dominance", Br. J. Soc. Clin. Psychol. 16, 1977.)
 */
export function interruptionsOf(speech: Speech): { atMs: number; by: Voice }[] {
  const found = voices.flatMap((by) =>
    speech[by].flatMap((own) => {
      const interrupted = speech[otherOf(by)].find(
        (other) =>
          other.fromMs < own.fromMs && other.toMs - own.fromMs >= cutMs && other.toMs < own.toMs - cutMs,
      );
      return interrupted && lengthOf(own) >= assentMs ? [{ atMs: own.fromMs, by }] : [];
    }),
  );
  return found.sort((a, b) => a.atMs - b.atMs);
}

interface Turn extends Span {
  readonly by: Voice;
}

/** Who has the word when: each voice's speech until the other one says something that is not an assent. */
export function turnsOf(speech: Speech): Turn[] {
  const pieces = voices
    .flatMap((by) =>
      speech[by]
        .filter((own) => lengthOf(own) >= assentMs || !within(own, speech[otherOf(by)]))
        .map((span) => ({ ...span, by })),
    )
    .sort((a, b) => a.fromMs - b.fromMs);
  const turns: { fromMs: number; toMs: number; by: Voice }[] = [];
  for (const piece of pieces) {
    const last = turns.at(-1);
    if (last?.by === piece.by) last.toMs = Math.max(last.toMs, piece.toMs);
    else turns.push({ ...piece });
  }
  return turns;
}

const within = (inner: Span, spans: readonly Span[]): boolean =>
  spans.some((outer) => overlap(inner, outer) === lengthOf(inner));

/** From the end of each of the customer's turns to the agent's next word, ms; 0 where the agent began before the end. */
export function responsesOf(speech: Speech, holds: readonly Span[]): number[] {
  const turns = turnsOf(speech);
  return turns.slice(1).flatMap((turn, index) => {
    const before = turns[index]!;
    if (turn.by !== 'agent') return [];
    const wait = { fromMs: before.toMs, toMs: Math.max(before.toMs, turn.fromMs) };
    // Who is put on hold does not wait for an answer in that sense.
    if (holds.some((hold) => overlap(hold, { fromMs: wait.fromMs, toMs: wait.toMs + 1 }) > 0)) return [];
    return [lengthOf(wait)];
  });
}

/** Stretches between the first and the last word in which nobody speaks and nobody is on hold. */
export function deadAirOf(speech: Speech, holds: readonly Span[]): Span[] {
  const spoken = union([...speech.agent, ...speech.customer]);
  const first = spoken[0];
  const last = spoken.at(-1);
  if (!first || !last) return [];
  const silent = complement({ fromMs: first.fromMs, toMs: last.toMs }, spoken);
  return difference(silent, holds).filter((span) => lengthOf(span) >= deadAirMs);
}

/** The value that `share` (0 to 1) of them do not exceed (nearest rank), or null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
