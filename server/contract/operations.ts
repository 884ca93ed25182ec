import { z } from 'zod';
import { call } from './calls.ts';
import { workerHeartbeat } from './capture.ts';
import { endpoint } from './endpoint.ts';
import { id, timeMs } from './primitives.ts';
import { recordingState, recordingSummary } from './recordings.ts';

const serviceName = z.enum(['mongodb', 'redis', 's3', 'media', 'recorder']);
export const serviceState = z.object({
  name: serviceName,
  state: z.enum(['up', 'slow', 'down']),
  latencyMs: z.number().nullable(),
  detail: z.string().nullable(),
});

export const queueFigures = z.object({
  name: z.string(),
  waiting: z.number().int(),
  active: z.number().int(),
  delayed: z.number().int(),
  failed: z.number().int(),
});
export type QueueFigures = z.infer<typeof queueFigures>;

/**
 * What the sweep finds when it compares the workers' spools, the database and the bucket.
 *   object-missing, object-size  a recording's file is not in the bucket, or not as long as it was
 *   object-unknown               an object that no recording names; told after a day, never deleted
 *   recording-failed             why is in `detail.code`; a retry can be asked for
 *   recording-stuck              a state that has stood still for an hour
 *   recording-incomplete         `detail.coverage` is below 1
 *   call-unrecorded              a call with media that ended without a recording
 *   spool-unknown                a spool of which the database knows no recording
 *   spool-left                   a spool of a recording that is archived or deleted
 *   upload-stale                 parts of an upload that nobody went on with
 */
export const findingKind = z.enum([
  'object-missing',
  'object-size',
  'object-unknown',
  'recording-failed',
  'recording-stuck',
  'recording-incomplete',
  'call-unrecorded',
  'spool-unknown',
  'spool-left',
  'upload-stale',
]);
export type FindingKind = z.infer<typeof findingKind>;

export const archiveFinding = z.object({
  id,
  kind: findingKind,
  recordingId: id.nullable(),
  callId: id.nullable(),
  lineId: id.nullable(),
  /** Of the object, where it is about one. */
  key: z.string().nullable(),
  /** Codes, counts, sizes and states that explain it. */
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  firstSeenAt: timeMs,
  lastSeenAt: timeMs,
  /** `open`: listed for somebody to look at. `mending`: the sweep has done something about it. `mended`: gone. */
  state: z.enum(['open', 'mending', 'mended']),
  mendedAt: timeMs.nullable(),
  /** Whether `operations.retryRecording` can do something about it. */
  canRetry: z.boolean(),
});
export type ArchiveFinding = z.infer<typeof archiveFinding>;

export const operationsEndpoints = {
  archiveFindings: endpoint({
    id: 'operations.archive-findings',
    method: 'get',
    path: '/api/operations/archive-findings',
    summary: 'Where spools, database and bucket do not agree, newest first, and how far the sweep has come.',
    auth: 'session',
    query: z.object({
      state: z.enum(['open', 'mended']).default('open'),
      kind: findingKind.optional(),
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    response: z.object({
      findings: z.array(archiveFinding),
      nextCursor: z.string().nullable(),
      /** Not mended, by kind; kinds without any are left out. */
      open: z.array(z.object({ kind: findingKind, count: z.number().int() })),
      sweep: z.object({
        /** Null: never. */
        startedAt: timeMs.nullable(),
        finishedAt: timeMs.nullable(),
        /** When the last walk through the whole archive came to its end. */
        wholeAt: timeMs.nullable(),
        recordings: z.number().int(),
        objects: z.number().int(),
      }),
    }),
    errors: ['ability.denied'],
  }),
  sweepArchive: endpoint({
    id: 'operations.sweep-archive',
    method: 'post',
    path: '/api/operations/archive-sweeps',
    summary: 'Compares spools, database and bucket now, instead of at the next time of the schedule.',
    auth: 'session',
    response: z.object({ started: z.boolean() }),
    errors: ['ability.denied'],
  }),
  retryRecording: endpoint({
    id: 'operations.retry-recording',
    method: 'post',
    path: '/api/operations/recordings/{id}/retry',
    summary:
      'Seals and archives a recording once more from its spool, or asks again for the stage that stands still.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({ state: recordingState }),
    errors: ['ability.denied', 'not-found', 'recording.no-retry', 'recording.deleted'],
  }),
  overview: endpoint({
    id: 'operations.overview',
    method: 'get',
    path: '/api/operations',
    summary: 'Is everything being kept? Services, calls, captures, queues, storage, coverage today.',
    auth: 'session',
    response: z.object({
      now: timeMs,
      services: z.array(serviceState),
      media: z.array(
        z.object({
          workerPid: z.number().int(),
          calls: z.number().int(),
          listeners: z.number().int(),
          cpuPercent: z.number(),
        }),
      ),
      workers: z.array(workerHeartbeat),
      liveCalls: z.array(call),
      captures: z.array(
        z.object({
          callId: id,
          recordingId: id,
          state: z.enum(['waiting', 'running', 'lost']),
          /** What no recorder has on disk yet. */
          bufferedMs: z.number(),
          packets: z.number().int(),
          /** Who writes which copy; null where a recorder is waited for. Copies that nobody waits for are left out. */
          copies: z.array(z.object({ workerId: id.nullable() })),
        }),
      ),
      queues: z.array(queueFigures),
      storage: z.object({ recordings: z.number().int(), bytes: z.number().int(), seconds: z.number() }),
      /** Recorded seconds ÷ call seconds of the calls that ended today; null when none did. */
      coverageToday: z.object({
        calls: z.number().int(),
        callSeconds: z.number(),
        recordedSeconds: z.number(),
        ratio: z.number().nullable(),
      }),
      failures: z.array(
        recordingSummary.extend({ failure: z.object({ code: z.string(), message: z.string() }).nullable() }),
      ),
    }),
  }),
} as const;
