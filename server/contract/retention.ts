import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, localText, timeMs } from './primitives.ts';

/** What a recording is kept for: most are `standard`; clips were cut from a `clip-source`; a `test` is nobody's call. */
export const recordingClass = z.enum(['standard', 'clip-source', 'test']);
export type RecordingClass = z.infer<typeof recordingClass>;

const days = z.number().int().min(0).max(36_500);
const reason = z.string().trim().min(3).max(500);
const actor = z.object({ id, name: localText });

/**
 * How long recordings are kept, in days of 24 hours from their start. Until `floorDays` nothing deletes them; after
 * `ceilingDays` they are deleted unless they are held; null keeps them. The most special policy counts: line and class,
 * then line, then class, then the one without either.
 */
export const retentionRule = z.object({
  lineId: id.nullable(),
  recordingClass: recordingClass.nullable(),
  floorDays: days,
  ceilingDays: days.min(1).nullable(),
});
export type RetentionRule = z.infer<typeof retentionRule>;

const soundRule = retentionRule.refine(
  ({ floorDays, ceilingDays }) => ceilingDays === null || floorDays <= ceilingDays,
  { path: ['floorDays'], message: 'the floor must not be above the ceiling' },
);

export const retentionPolicy = retentionRule.extend({
  id,
  updatedAt: timeMs,
  /** Null: the product's own, as long as nobody has set another. */
  updatedBy: actor.nullable(),
});
export type RetentionPolicy = z.infer<typeof retentionPolicy>;

/** What a hold covers: one recording, or everything that fits all that is given. Calls to come are covered, too. */
export const holdScope = z
  .object({
    recordingId: id.optional(),
    lineId: id.optional(),
    agentId: id.optional(),
    /** Part of an order's number, a SKU or a product, as the library's search box takes it. */
    words: z.string().trim().min(2).max(100).optional(),
    /** By the recording's start. */
    from: timeMs.optional(),
    to: timeMs.optional(),
  })
  .refine((scope) => Object.values(scope).some((value) => value !== undefined), {
    message: 'a hold must name what it covers',
  });
export type HoldScope = z.infer<typeof holdScope>;

export const legalHold = z.object({
  id,
  scope: holdScope,
  reason: z.string(),
  placedAt: timeMs,
  placedBy: actor,
  released: z.object({ at: timeMs, by: actor, reason: z.string() }).nullable(),
});
export type LegalHold = z.infer<typeof legalHold>;

/** One recording that the policies would have deleted. */
export const retentionItem = z.object({
  recordingId: id,
  lineId: id,
  recordingClass,
  startedAt: timeMs,
  bytes: z.number().int(),
  policyId: id,
  /** When its ceiling was, or will be, reached. */
  dueAt: timeMs,
  /** The holds that keep it all the same. */
  holds: z.array(z.object({ id, reason: z.string() })),
});
export type RetentionItem = z.infer<typeof retentionItem>;

const sum = z.object({ recordings: z.number().int(), bytes: z.number().int(), seconds: z.number() });

export const retentionPreview = z.object({
  /** What is due then. */
  at: timeMs,
  due: sum,
  held: sum,
  byPolicy: z.array(z.object({ policy: retentionPolicy, due: sum, held: sum })),
  /** Due ones and held ones, the longest due first; no more than asked for. */
  items: z.array(retentionItem),
});
export type RetentionPreview = z.infer<typeof retentionPreview>;

export const retentionEvent = z.object({
  id,
  sequence: z.number().int(),
  at: timeMs,
  /** Null: the schedule, by a policy. */
  by: actor.nullable(),
  action: z.enum([
    'policy-saved',
    'policy-removed',
    'hold-placed',
    'hold-released',
    'class-changed',
    'deletion-requested',
    'deletion-done',
    'room-cleared',
  ]),
  recordingId: id.nullable(),
  reason: z.string(),
  /** What changed, as it was and as it is. */
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
  /** SHA-256 over this event and the hash of the one before it, hex: none can be changed or taken out unseen. */
  hash: z.string(),
});
export type RetentionEvent = z.infer<typeof retentionEvent>;

export const retentionEndpoints = {
  policies: endpoint({
    id: 'retention.policies',
    method: 'get',
    path: '/api/retention/policies',
    summary: 'How long recordings are kept, by line and class.',
    auth: 'session',
    response: z.object({ policies: z.array(retentionPolicy) }),
    errors: ['ability.denied'],
  }),
  savePolicy: endpoint({
    id: 'retention.save-policy',
    method: 'post',
    path: '/api/retention/policies',
    summary:
      'Sets the policy of a line and class, of a line, of a class, or of everything; replaces the one before.',
    auth: 'session',
    body: z.object({ rule: soundRule, reason }),
    response: retentionPolicy,
    errors: ['ability.denied', 'not-found'],
  }),
  removePolicy: endpoint({
    id: 'retention.remove-policy',
    method: 'post',
    path: '/api/retention/policies/{id}/removal',
    summary: 'Takes a policy away: the next less special one counts. The last one of all cannot be removed.',
    auth: 'session',
    params: z.object({ id }),
    body: z.object({ reason }),
    response: z.object({ policies: z.array(retentionPolicy) }),
    errors: ['ability.denied', 'not-found'],
  }),
  preview: endpoint({
    id: 'retention.preview',
    method: 'post',
    path: '/api/retention/preview',
    summary:
      'A dry run: what would be deleted, why, and what a hold keeps. With `draft`, as if that policy were set.',
    auth: 'session',
    body: z.object({
      /** Absent: now. */
      at: timeMs.optional(),
      draft: soundRule.optional(),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    response: retentionPreview,
    errors: ['ability.denied'],
  }),
  holds: endpoint({
    id: 'retention.holds',
    method: 'get',
    path: '/api/retention/holds',
    summary: 'Legal holds, newest first.',
    auth: 'session',
    query: z.object({ released: z.enum(['true', 'false']).default('false') }),
    response: z.object({ holds: z.array(legalHold) }),
    errors: ['ability.denied'],
  }),
  placeHold: endpoint({
    id: 'retention.place-hold',
    method: 'post',
    path: '/api/retention/holds',
    summary: 'Keeps what it covers from every deletion until it is released; it has no end of its own.',
    auth: 'session',
    body: z.object({ scope: holdScope, reason }),
    response: z.object({
      hold: legalHold,
      /** Recordings that it covers now. */
      covered: z.number().int(),
      /** Recordings that it would have covered and that are deleted, or on their way to be. */
      tooLate: z.number().int(),
    }),
    status: 201,
    errors: ['ability.denied', 'not-found'],
  }),
  releaseHold: endpoint({
    id: 'retention.release-hold',
    method: 'post',
    path: '/api/retention/holds/{id}/release',
    summary: 'Ends a hold. Releasing it again answers what it is.',
    auth: 'session',
    params: z.object({ id }),
    body: z.object({ reason }),
    response: legalHold,
    errors: ['ability.denied', 'not-found'],
  }),
  recording: endpoint({
    id: 'retention.recording',
    method: 'get',
    path: '/api/retention/recordings/{id}',
    summary: 'How long one recording is kept, and why.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({
      recordingId: id,
      recordingClass,
      policy: retentionPolicy,
      /** Nothing deletes it before. */
      floorAt: timeMs,
      /** Null: never by itself. */
      dueAt: timeMs.nullable(),
      holds: z.array(legalHold),
      deletion: z
        .object({
          requestedAt: timeMs,
          doneAt: timeMs.nullable(),
          by: z.string(),
          reason: z.string(),
          /** The signed proof: its key in the bucket and the SHA-256 of its bytes. */
          tombstone: z.object({ key: z.string(), sha256: z.string() }).nullable(),
          files: z.array(z.object({ key: z.string(), bytes: z.number().int(), sha256: z.string() })),
        })
        .nullable(),
    }),
    errors: ['ability.denied', 'not-found'],
  }),
  classify: endpoint({
    id: 'retention.classify',
    method: 'post',
    path: '/api/retention/recordings/{id}/class',
    summary: 'Says what a recording is kept for.',
    auth: 'session',
    params: z.object({ id }),
    body: z.object({ recordingClass, reason }),
    response: z.object({ recordingId: id, recordingClass }),
    errors: ['ability.denied', 'not-found', 'recording.deleted'],
  }),
  deleteRecording: endpoint({
    id: 'retention.delete-recording',
    method: 'post',
    path: '/api/retention/recordings/{id}/deletion',
    summary:
      'Deletes a recording before its ceiling: every rendering, waveform, analysis, transcript and clip.',
    auth: 'session',
    params: z.object({ id }),
    body: z.object({ reason }),
    response: z.object({ recordingId: id, state: z.enum(['deleting', 'deleted']) }),
    errors: ['ability.denied', 'not-found', 'recording.held', 'recording.too-young', 'recording.not-ready'],
  }),
  run: endpoint({
    id: 'retention.run',
    method: 'post',
    path: '/api/retention/runs',
    summary: 'Deletes what is due now, instead of at the next time of the schedule.',
    auth: 'session',
    response: z.object({ queued: z.number().int() }),
    errors: ['ability.denied'],
  }),
  events: endpoint({
    id: 'retention.events',
    method: 'get',
    path: '/api/retention/events',
    summary:
      'Who changed a policy, placed or released a hold, or deleted what; newest first. Nothing is ever taken out.',
    auth: 'session',
    query: z.object({
      before: z.coerce.number().int().positive().optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    response: z.object({ events: z.array(retentionEvent), nextBefore: z.number().int().nullable() }),
    errors: ['ability.denied'],
  }),
} as const;
