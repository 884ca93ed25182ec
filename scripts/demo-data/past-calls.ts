import type { Codec, LocalText } from '#contract/primitives.ts';
import { conversationOf, stories } from '#scripts/speech/conversations.ts';
import { Dice } from '#scripts/speech/dice.ts';
import type { Language } from '#scripts/speech/turns.ts';
import { products } from './company.ts';
import { hearingsOf, type PastHearing } from './past-hearings.ts';
import { people } from './people.ts';
import { dayMs, dayStart, hourMs, localDay, visitsOn } from './slots.ts';

/** A call of the past as it is to be found in the archive. Times are UTC ms. */
export interface PastCall {
  /** `demo-2026-03-01-7`: the company's day and a number within it. Everything else follows from it. */
  readonly externalId: string;
  readonly lineId: string;
  readonly agentId: string;
  readonly scenarioId: string;
  readonly variant: number;
  readonly language: Language;
  readonly codec: Codec;
  readonly seconds: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly orderId: string;
  readonly customerNumber: string;
  readonly product: { readonly sku: string; readonly name: LocalText } | undefined;
  readonly heard: readonly PastHearing[];
}

/** How far back the demo's archive goes, days. */
const daysBack = 7;
/** A call is in the archive this long after its end, ms. */
const archivedAfterMs = 5 * 60_000;

/** Natural are 75 s and more; a quarter of the calls are about little. */
const lengths = { short: { from: 40, to: 74 }, natural: { from: 75, to: 150 } };
/** Local hours of calls that nobody listened to; the busy ones are there more often. */
const hours = [9, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 17, 19, 20, 20];
/** The lines of a day's calls to which nobody listened, on days with visitors and on days without. */
const unvisitedLines = {
  busyDay: ['supermarket', 'electronics'],
  quietDay: [
    'supermarket',
    'electronics',
    'appliance-installation',
    'fresh-food',
    'delivery',
    'supermarket',
    'electronics',
    'delivery',
  ],
};
/** The story that the demo tells comes back every few days. */
const recurring = { scenarioId: 'nappy-size-swap', lineId: 'supermarket', everyDays: 2 };
/**
 * From one day to the next a line's scenarios move on by this much: prime to the number of scenarios of every line,
 * so that each has its turn.
 */
const scenarioStride = 13;
const opusEvery = 8;

interface Place {
  readonly lineId: string;
  readonly hour: number;
}

/**
 * The calls of the last seven days that are in the archive at `now`, the newest first: about sixty, on all lines, by all
 * agents and about all scenarios, by day and in both languages. A call planned once is planned the same ever after.
 */
export function pastCalls(now: number): PastCall[] {
  const today = localDay(now);
  const days = Array.from({ length: daysBack + 1 }, (_, index) => today - daysBack + index);
  return days
    .flatMap((day) => callsOn(day, now))
    .filter((call) => call.startedAt >= now - daysBack * dayMs && availableAt(call) <= now)
    .sort((one, other) => other.startedAt - one.startedAt);
}

/** Those who sat in the slot are known when it is over. */
function availableAt(call: PastCall): number {
  const slotsEnd = Math.floor(call.startedAt / hourMs) * hourMs + hourMs;
  const live = call.heard.some((hearing) => hearing.live);
  return (live ? slotsEnd : call.endedAt) + archivedAfterMs;
}

function callsOn(day: number, now: number): PastCall[] {
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  const dice = new Dice(`calls of ${date}`);
  const places = placesOn(day, dice);
  return places.map((place, index) => {
    const together = places.filter(({ hour }) => hour === place.hour);
    // Calls of one hour follow each other: an agent has one at a time.
    const share = hourMs / together.length;
    const within = dice.between(30_000, share - (lengths.natural.to + 30) * 1_000);
    return callAt({
      externalId: `demo-${date}-${index + 1}`,
      lineId: place.lineId,
      ofLine: places.slice(0, index).filter(({ lineId }) => lineId === place.lineId).length,
      startedAt: Math.round(dayStart(day) + place.hour * hourMs + together.indexOf(place) * share + within),
      index,
      day,
      now,
    });
  });
}

/** Line and hour of each of a day's calls: one at least for every visit, and others beside. */
function placesOn(day: number, dice: Dice): Place[] {
  const visited = new Map<string, Place>();
  for (const { lineId, startsAt } of visitsOn(day)) {
    const hour = (startsAt - dayStart(day)) / hourMs;
    visited.set(`${lineId} ${hour}`, { lineId, hour });
  }
  const unvisited = visited.size > 0 ? unvisitedLines.busyDay : unvisitedLines.quietDay;
  return [
    ...visited.values(),
    ...unvisited.map((lineId) => ({ lineId, hour: hours[dice.below(hours.length)]! })),
  ];
}

function callAt(input: {
  readonly externalId: string;
  readonly lineId: string;
  /** How many calls the line has had on this day. */
  readonly ofLine: number;
  readonly startedAt: number;
  /** Its number within the day, from 0. */
  readonly index: number;
  readonly day: number;
  readonly now: number;
}): PastCall {
  const { externalId, lineId, ofLine, startedAt, index, day, now } = input;
  const dice = new Dice(externalId);
  const agents = people.filter(({ role, worksLineIds }) => role === 'agent' && worksLineIds.includes(lineId));
  const scenarioIds = stories.filter((story) => story.lineIds.includes(lineId)).map((one) => one.scenarioId);
  const turn = day * scenarioStride + ofLine;
  const again = lineId === recurring.lineId && ofLine === 0 && day % recurring.everyDays === 0;
  const scenarioId = again ? recurring.scenarioId : scenarioIds[turn % scenarioIds.length]!;
  const variant = dice.below(4);
  const { sku } = conversationOf(scenarioId, { lineId, variant });
  const candidates = products.filter((product) => product.lineIds.includes(lineId));
  const product = candidates.find((one) => one.sku === sku) ?? candidates[dice.below(candidates.length)];
  const length = dice.below(4) === 0 ? lengths.short : lengths.natural;
  const seconds = length.from + dice.below(length.to - length.from + 1);
  const endedAt = startedAt + seconds * 1_000;
  const digits = (count: number) => Array.from({ length: count }, () => dice.below(10)).join('');
  return {
    externalId,
    lineId,
    agentId: agents[turn % agents.length]!.id,
    scenarioId,
    variant,
    language: (day + index) % 3 === 0 ? 'en' : 'zh',
    codec: (day + index) % opusEvery === 0 ? 'opus' : index % 2 === 0 ? 'PCMA' : 'PCMU',
    seconds,
    startedAt,
    endedAt,
    orderId: digits(12),
    customerNumber: `138${digits(8)}`,
    product: product && { sku: product.sku, name: product.name },
    heard: hearingsOf({ externalId, lineId, startedAt, endedAt }, now),
  };
}
