import type { AutomaticMode, DispatchCall, DispatchSeat } from './dispatch-situation.ts';

export type Criterion =
  | 'wanted'
  | 'scenario'
  | 'product'
  | 'agent'
  | 'young'
  | 'spread'
  | 'lively'
  | 'chance';

/**
 * What counts how much: each criterion gives 0–1 and is taken so many times; the call with the largest sum is given.
 *
 * | criterion | 1 when | 0 when |
 * |---|---|---|
 * | wanted | the call is about the scenario that the listener asked for | not |
 * | scenario, product, agent | not heard within a week (½: not known) | heard this moment |
 * | young | it begins now | four minutes old: most of it is over |
 * | spread | nobody hears it | many do |
 * | lively | the voices are lively (as far as known) | calm, or not known |
 * | chance | the seed says so | |
 *
 * On one's own line the beginning of a call counts most after one's wish, across a business what one has not heard yet,
 * and a surprise is what is new, and chance.
 */
export const weights: Readonly<Record<AutomaticMode, Readonly<Record<Criterion, number>>>> = {
  line: { wanted: 40, scenario: 20, product: 10, agent: 10, young: 25, spread: 25, lively: 5, chance: 0 },
  business: {
    wanted: 40,
    scenario: 25,
    product: 10,
    agent: 10,
    young: 20,
    spread: 30,
    lively: 10,
    chance: 0,
  },
  surprise: {
    wanted: 0,
    scenario: 40,
    product: 15,
    agent: 15,
    young: 10,
    spread: 25,
    lively: 10,
    chance: 20,
  },
};

/**
 * So many ears a call is given by a mode. A room listens together, so its own line has no limit; those who roam over
 * many lines spread, so that no agent has a crowd that came by itself.
 */
export const earsAtMost: Readonly<Record<AutomaticMode, number>> = {
  line: Number.POSITIVE_INFINITY,
  business: 5,
  surprise: 3,
};

/** How far back it counts what a person heard. Days, and milliseconds. */
export const rememberDays = 7;
export const rememberMs = rememberDays * 24 * 3_600_000;
/** At this age a call is no longer young: calls last four to six minutes. Milliseconds. */
export const youngMs = 4 * 60_000;
/** A call paused for longer than this is given to nobody who did not choose it. Milliseconds. */
export const longPauseMs = 5_000;

/** What a rating looks at besides seat and call. `ears`: by call, with those who were given it in this round. */
export interface RatingContext {
  readonly now: number;
  readonly seed: string;
  readonly ears: ReadonlyMap<string, number>;
}

/** What each criterion gives for a call, 0–1. What the seat heard is looked through once. */
export function rater(seat: DispatchSeat, mode: AutomaticMode, { now, seed, ears }: RatingContext) {
  const latest = {
    scenario: new Map<string, number>(),
    product: new Map<string, number>(),
    agent: new Map<string, number>(),
  };
  const note = (map: Map<string, number>, key: string | null, at: number) => {
    if (key !== null) map.set(key, Math.max(at, map.get(key) ?? 0));
  };
  for (const heard of seat.heard) {
    note(latest.scenario, heard.scenarioId, heard.at);
    note(latest.product, heard.productKey, heard.at);
    note(latest.agent, heard.agentId, heard.at);
  }
  const novelty = (map: ReadonlyMap<string, number>, key: string | null) => {
    if (key === null) return 0.5;
    const at = map.get(key);
    return at === undefined ? 1 : fraction((now - at) / rememberMs);
  };
  const chances = weights[mode].chance > 0;
  return (call: DispatchCall): Record<Criterion, number> => ({
    wanted: seat.scenarioId !== null && call.scenarioId === seat.scenarioId ? 1 : 0,
    scenario: novelty(latest.scenario, call.scenarioId),
    product: novelty(latest.product, call.productKey),
    agent: novelty(latest.agent, call.agentId),
    young: fraction(1 - (now - call.startedAt) / youngMs),
    spread: 1 / (1 + (ears.get(call.id) ?? 0)),
    lively: fraction(call.arousal ?? 0),
    chance: chances ? chance(`${seed}/${seat.personId}/${seat.waitingSince}/${call.id}`) : 0,
  });
}

/** The weighted sum of what the criteria give. */
export const scoreOf = (mode: AutomaticMode, values: Readonly<Record<Criterion, number>>): number =>
  criteria.reduce((sum, name) => sum + weights[mode][name] * values[name], 0);

const criteria = Object.keys(weights.line) as Criterion[];

const fraction = (value: number) => Math.min(1, Math.max(0, value));

/** The tail of FNV-1a's 32 bits as a fraction. */
const wholeRange = 2 ** 32;

/** 0–1 from a text: FNV-1a (32 bits), stirred once more so that texts with the same beginning part ways. */
function chance(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / wholeRange;
}
