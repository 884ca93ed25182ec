import type { FollowMode } from '#contract/follow.ts';
import type { DispatchCall, DispatchSeat, Heard } from '#domains/listening/dispatch-situation.ts';

export const noon = Date.UTC(2026, 4, 20, 12);
export const minute = 60_000;
export const day = 24 * 60 * minute;

/** A listener of the supermarket line who has waited a minute and heard nothing yet. */
export const seat = (personId: string, change: Partial<DispatchSeat> = {}): DispatchSeat => ({
  personId,
  mode: 'line',
  lineId: 'supermarket',
  lineIds: ['supermarket'],
  chosenCallId: null,
  scenarioId: null,
  waitingSince: noon - minute,
  heard: [],
  passed: [],
  process: 'one',
  ...change,
});

/** A call on the supermarket line that began two minutes ago and that nobody hears. */
export const liveCall = (id: string, change: Partial<DispatchCall> = {}): DispatchCall => ({
  id,
  lineId: 'supermarket',
  startedAt: noon - 2 * minute,
  scenarioId: null,
  product: null,
  productKey: null,
  agentId: null,
  pausedSince: null,
  ending: false,
  arousal: null,
  ears: 0,
  process: null,
  ...change,
});

export const heard = (callId: string, change: Partial<Heard> = {}): Heard => ({
  callId,
  scenarioId: null,
  productKey: null,
  agentId: null,
  at: noon - 60 * minute,
  ...change,
});

/** Numbers that look random and are the same each time (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 … below − 1 */
  below(limit: number): number {
    return Math.floor(this.roll() * limit);
  }

  chance(of: number): boolean {
    return this.roll() < of;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, at: this.roll() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }
}

const lineIds = ['supermarket', 'electronics', 'delivery', 'fresh-food'];
const scenarioIds = ['wrong-size', 'late-parcel', 'broken', 'refund', 'invoice', null];
const productKeys = ['nappies', 'phone', 'milk', null];
const agentIds = ['agent-1', 'agent-2', 'agent-3', null];
const modes: readonly FollowMode[] = ['line', 'business', 'surprise', 'chosen'];

/** Any situation at all: waiting and hearing seats on two processes, calls in every state, much or nothing heard before. */
export function anySituation(dice: Dice, seatsAtMost = 12, callsAtMost = 8) {
  const calls = Array.from({ length: dice.below(callsAtMost + 1) }, (_, index) => {
    const productKey = dice.pick(productKeys);
    return liveCall(`call-${index}`, {
      lineId: dice.pick(lineIds),
      startedAt: noon - dice.below(8 * minute),
      scenarioId: dice.pick(scenarioIds),
      productKey,
      product: productKey === null ? null : { en: productKey, zh: productKey },
      agentId: dice.pick(agentIds),
      pausedSince: dice.chance(0.15) ? noon - dice.below(20_000) : null,
      ending: dice.chance(0.1),
      arousal: dice.chance(0.3) ? dice.roll() : null,
      ears: dice.chance(0.3) ? dice.below(7) : 0,
      process: dice.pick(['one', 'one', 'two', null]),
    });
  });
  const someCall = () => `call-${dice.below(callsAtMost)}`;
  const seats = Array.from({ length: dice.below(seatsAtMost + 1) }, (_, index) => {
    const mode = dice.pick(modes);
    const lineId = dice.pick(lineIds);
    const more = lineIds.filter(() => dice.chance(0.3));
    return seat(`person-${index}`, {
      mode,
      lineId,
      lineIds: dice.chance(0.1) ? null : [...new Set([lineId, ...more])],
      chosenCallId: mode === 'chosen' ? someCall() : null,
      scenarioId: dice.chance(0.3) ? dice.pick(scenarioIds) : null,
      waitingSince: dice.chance(0.2) ? null : noon - dice.below(600) * 1_000,
      heard: Array.from({ length: dice.below(6) }, () =>
        heard(dice.chance(0.3) ? someCall() : `old-${dice.below(100)}`, {
          scenarioId: dice.pick(scenarioIds),
          productKey: dice.pick(productKeys),
          agentId: dice.pick(agentIds),
          at: noon - dice.below(9 * day),
        }),
      ),
      passed: dice.chance(0.1) ? [someCall()] : [],
      process: dice.pick(['one', 'one', 'two']),
    });
  });
  return { seats, calls, now: noon, seed: `seed-${dice.below(1_000)}` };
}
