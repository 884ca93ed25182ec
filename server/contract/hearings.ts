import { z } from 'zod';
import { callFacts } from './calls.ts';
import { endpoint } from './endpoint.ts';
import { id, localText, offsetMs, timeMs } from './primitives.ts';

/** How a call was heard: while it was on, or from the archive by itself, as a clip, or in a meeting about it. */
export const hearingWay = z.enum(['live', 'replay', 'clip', 'meeting']);
export type HearingWay = z.infer<typeof hearingWay>;

/** Somebody who heard a call, from when until when. */
export const heardBy = z.object({
  name: localText,
  title: localText,
  at: timeMs,
  /** Null while it goes on. */
  until: timeMs.nullable(),
  live: z.boolean(),
  way: hearingWay,
});
export type HeardBy = z.infer<typeof heardBy>;

/** One line of "who heard me": a hearing and the call it was of. */
export const heardMe = heardBy.extend({
  id,
  callId: id,
  lineId: id,
  callStartedAt: timeMs.nullable(),
  facts: callFacts,
});
export type HeardMe = z.infer<typeof heardMe>;

/** A day of "who heard me", in the zone of the line. */
export const heardDay = z.object({
  /** The day's first moment. */
  from: timeMs,
  to: timeMs,
  people: z.number().int().nonnegative(),
  calls: z.number().int().nonnegative(),
});
export type HeardDay = z.infer<typeof heardDay>;

/** The longest piece of a recording that one report of a player may name. Milliseconds. */
export const playedSpanMaxMs = 12 * 3_600_000;

export const hearingsEndpoints = {
  hours: endpoint({
    id: 'hearings.hours',
    method: 'get',
    path: '/api/listening-hours',
    summary:
      'My listening this quarter: time in which sound demonstrably reached me, counted once, against what the programme asks for.',
    auth: 'session',
    response: z.object({
      /** The quarter, in the company’s zone. */
      from: timeMs,
      to: timeMs,
      /** Live and archived together; what overlaps counts once. Milliseconds. */
      creditedMs: z.number().int().nonnegative(),
      liveMs: z.number().int().nonnegative(),
      dutyMs: z.number().int().nonnegative(),
    }),
    errors: ['ability.denied'],
  }),
  ofMe: endpoint({
    id: 'hearings.of-me',
    method: 'get',
    path: '/api/heard-me',
    summary:
      'For agents: who heard which of my calls, live and archived, the latest first, as far as each line’s notice tells me by now.',
    auth: 'session',
    query: z.object({ before: z.coerce.number().pipe(timeMs).optional() }),
    response: z.object({
      hearings: z.array(heardMe),
      /** What the days of the last week come to; a line with a daily summary appears here when its day is over. */
      days: z.array(heardDay),
      /** Ask for what is older with `before`; null when there is no more. */
      next: timeMs.nullable(),
      /** The lines of mine that tell me at the end of the day, and when the current day ends. */
      digestAt: timeMs.nullable(),
    }),
    errors: ['ability.denied'],
  }),
  line: endpoint({
    id: 'hearings.line',
    method: 'get',
    path: '/api/hearings/{id}/line',
    summary:
      'How good the line of a live listening was, in pieces of ten seconds, the oldest first: my own, or anybody’s for those who run the programme.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({
      windows: z.array(
        z.object({
          at: timeMs,
          /** The worst of the piece, ms; null where it was not known. */
          roundTripMs: z.number().nullable(),
          jitterMs: z.number(),
          /** Of the packets due, 0–1. */
          lossRatio: z.number(),
        }),
      ),
    }),
    errors: ['not-found'],
  }),
  played: endpoint({
    id: 'hearings.played',
    method: 'post',
    path: '/api/hearings/{id}/played',
    summary:
      'A player tells which pieces of a recording it has played since its hearing began. No more is credited than the time that went by.',
    auth: 'session',
    params: z.object({ id }),
    body: z.strictObject({
      ranges: z
        .array(z.strictObject({ fromMs: offsetMs, toMs: offsetMs.max(playedSpanMaxMs) }))
        .min(1)
        .max(200),
    }),
    response: z.object({ creditedMs: z.number().int().nonnegative() }),
    errors: ['not-found'],
  }),
} as const;
