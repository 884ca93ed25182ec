import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { hearingWay } from './hearings.ts';
import { action } from './meetings.ts';
import { id, localText, timeMs } from './primitives.ts';

const count = z.number().int().nonnegative();

/** What one person did, or all of them together. Times heard are credited ones: what overlaps counts once. */
const sums = z.object({
  calls: count,
  heardMs: count,
  liveMs: count,
  moments: count,
  actions: count,
  openActions: count,
});

export const reportRow = sums.extend({ person: z.object({ id, name: localText, title: localText }) });
export type ReportRow = z.infer<typeof reportRow>;

export const reportCall = z.object({
  callId: id,
  /** Null while it is not in the archive. */
  recordingId: id.nullable(),
  lineId: id,
  startedAt: timeMs,
  about: localText.nullable(),
  heardMs: count,
  ways: z.array(hearingWay),
  people: count,
});
export type ReportCall = z.infer<typeof reportCall>;

export const sessionReport = z.object({
  from: timeMs,
  to: timeMs,
  /** Whose it is: the team of a business, or null for oneself. */
  business: z.object({ id, path: localText }).nullable(),
  slotId: id.nullable(),
  total: sums.extend({ people: count }),
  rows: z.array(reportRow),
  /** What the calls were about, the most frequent first: scenarios and confirmed tags. */
  topics: z.array(z.object({ id, name: localText, calls: count })),
  /** The latest first, no more than 200. */
  calls: z.array(reportCall),
  actions: z.array(action),
  /** The slots in which somebody of these listened, the latest first. */
  slots: z.array(z.object({ id, lineId: id, startedAt: timeMs })),
  /** The businesses whose team the asking person may look at. */
  teams: z.array(z.object({ id, path: localText })),
});
export type SessionReport = z.infer<typeof sessionReport>;

export const sessionReportsEndpoints = {
  show: endpoint({
    id: 'session-reports.show',
    method: 'get',
    path: '/api/session-reports',
    summary:
      'What came of listening: calls heard, minutes, moments, topics, actions. Of oneself, or of the team of a business; over a time, or of one slot.',
    auth: 'session',
    query: z
      .object({
        from: z.coerce.number().pipe(timeMs),
        to: z.coerce.number().pipe(timeMs),
        /** The team that owns this node, or something below it. */
        businessId: id.optional(),
        /** Only what was heard from this slot’s seats. */
        slotId: id.optional(),
      })
      .refine(({ from, to }) => to > from && to - from <= 400 * 86_400_000, {
        path: ['to'],
        message: 'must lie after from, by 400 days at most',
      }),
    response: sessionReport,
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
} as const;
