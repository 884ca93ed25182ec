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

/** A stretch of a line in one word; `none` where nothing was measured. */
export const lineCell = z.enum(['good', 'fair', 'poor', 'none']);
export type LineCell = z.infer<typeof lineCell>;

/** How the line of one live listening was. */
export const heardLine = z.object({
  id,
  person: z.object({ id, name: localText, title: localText }),
  callId: id,
  lineId: id,
  slotId: id.nullable(),
  startedAt: timeMs,
  /** Null while it goes on. */
  endedAt: timeMs.nullable(),
  /**
   * Poor: a tenth of the measured time or more was. Fair: a twentieth was poor or fair. Nothing: no sound ever got there.
   * Unmeasured: it did, but too briefly, or later than live.
   */
  verdict: z.enum(['good', 'fair', 'poor', 'nothing', 'unmeasured']),
  /** By their grade, ms. */
  goodMs: z.number().int().nonnegative(),
  fairMs: z.number().int().nonnegative(),
  poorMs: z.number().int().nonnegative(),
  /** Of all that was measured; null where nothing was. */
  worst: z
    .object({ roundTripMs: z.number().nullable(), jitterMs: z.number(), lossRatio: z.number() })
    .nullable(),
  /** The measured time in equal pieces, each by its worst; 60 at the most. */
  cells: z.array(lineCell).max(60),
});
export type HeardLine = z.infer<typeof heardLine>;

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
      'How good the line of a live listening was, in pieces of ten seconds, the oldest first: my own, or anybody’s for those who look after all listeners.',
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
  lines: endpoint({
    id: 'hearings.lines',
    method: 'get',
    path: '/api/hearing-lines',
    summary:
      'Live listenings of a time with how good the line of each was: my own, or everybody’s for those who look after all of them.',
    auth: 'session',
    query: z
      .object({
        of: z.enum(['me', 'everyone']).default('me'),
        from: z.coerce.number().pipe(timeMs),
        to: z.coerce.number().pipe(timeMs),
        /** Only from the seats of this slot. */
        slotId: id.optional(),
        /** Of everyone, only those who own this node or something below it. */
        businessId: id.optional(),
        order: z.enum(['latest', 'worst']).default('latest'),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      })
      .refine(({ from, to }) => to > from && to - from <= 400 * 86_400_000, {
        path: ['to'],
        message: 'must lie after from, by 400 days at most',
      }),
    response: z.object({
      lines: z.array(heardLine),
      /** Of all in this time, also those that `limit` left out; of no more than the latest 2,000. */
      total: z.object({
        good: z.number().int(),
        fair: z.number().int(),
        poor: z.number().int(),
        nothing: z.number().int(),
        unmeasured: z.number().int(),
      }),
    }),
    errors: ['ability.denied'],
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
