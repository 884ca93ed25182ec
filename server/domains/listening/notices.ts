import type { LineNotice } from '#contract/businesses.ts';
import type { HeardBy, HeardDay } from '#contract/hearings.ts';
import { endOfDay, startOfDay } from '#kernel/zoned-days.ts';
import type { Hearing } from './listening.ts';

/** The same person again within this time is the same hearing to whoever reads the list. Milliseconds. */
const sameAgainMs = 10 * 60_000;

/** What decides whether an agent knows of a hearing by now. Times are UTC ms. */
export interface TellingContext {
  readonly notice: LineNotice;
  /** Of the line: it says when a day ends. */
  readonly zone: string;
  readonly callEnded: boolean;
  readonly now: number;
}

/**
 * May the agent of the call know of this hearing by now? `live`: at once; `afterwards`: when call and hearing are over;
 * `digest`: when the day is over on which the hearing ended.
 */
export function isTold(
  { endedAt }: Pick<Hearing, 'endedAt'>,
  { notice, zone, callEnded, now }: TellingContext,
): boolean {
  if (notice === 'live') return true;
  if (!callEnded || endedAt === null) return false;
  return notice === 'afterwards' || endOfDay(endedAt, zone) <= now;
}

/** A live listening that never carried a sound was not a hearing; one that runs may still become one. */
export function isHearing({ live, packets, heard, lastPacketAt, endedAt }: Hearing): boolean {
  return !live || endedAt === null || packets > 0 || heard.length > 0 || lastPacketAt !== null;
}

export function present(hearing: Hearing): HeardBy {
  const { personName: name, personTitle: title, startedAt: at, endedAt: until, live, way } = hearing;
  return { name, title, at, until, live, way };
}

const later = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Math.max(one, other);

/** Newest first in, newest first out; what one person heard of one call in one go is one entry, from first to last. */
export function withoutRepeats<H extends Hearing>(hearings: readonly H[]): H[] {
  const shown: H[] = [];
  for (const hearing of hearings) {
    const index = shown.findIndex(
      (known) =>
        known.callId === hearing.callId &&
        known.personId === hearing.personId &&
        known.way === hearing.way &&
        known.startedAt - (hearing.endedAt ?? hearing.startedAt) < sameAgainMs,
    );
    const known = shown[index];
    if (!known) shown.push(hearing);
    else
      shown[index] = {
        ...known,
        startedAt: hearing.startedAt,
        endedAt: later(known.endedAt, hearing.endedAt),
      };
  }
  return shown;
}

/** What the days come to, the latest first: how many people heard how many of the calls. */
export function daysOf(hearings: readonly (Hearing & { readonly zone: string })[]): HeardDay[] {
  const byDay = Map.groupBy(hearings, ({ startedAt, zone }) => startOfDay(startedAt, zone));
  return [...byDay]
    .map(([from, ofDay]) => ({
      from,
      to: endOfDay(from, ofDay[0]!.zone),
      people: new Set(ofDay.map(({ personId }) => personId)).size,
      calls: new Set(ofDay.map(({ callId }) => callId)).size,
    }))
    .sort((a, b) => b.from - a.from);
}
