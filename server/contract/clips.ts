import { z } from 'zod';
import { archivedFile } from './capture.ts';
import { endpoint } from './endpoint.ts';
import { masking } from './masking.ts';
import { id, idempotencyKey, localText, offsetMs, timeMs } from './primitives.ts';
import { socketEvent } from './socket.ts';

/** Milliseconds. */
export const clipLengthMs = { least: 1_000, most: 10 * 60_000 } as const;
/** What a clip from a mark takes before and after it, unless told. Milliseconds. */
export const clipAroundMarkMs = { before: 20_000, after: 20_000 } as const;
export const clipTitleMaxLength = 200;

/**
 * `asked`: waits until the call is archived. `cutting`: a worker is to cut it, or does. `withdrawn`: taken back by
 * somebody; nothing of its sound is left.
 */
export const clipState = z.enum(['asked', 'cutting', 'ready', 'failed', 'withdrawn']);
export type ClipState = z.infer<typeof clipState>;

export const clipWithdrawal = z.object({
  at: timeMs,
  by: z.object({ id, name: localText }),
  reason: z.string(),
});
export type ClipWithdrawal = z.infer<typeof clipWithdrawal>;

/** A span of a call, to be heard by itself. It is kept for as long as the recording is, and goes with it. */
export const clip = z.object({
  id,
  callId: id,
  recordingId: id.nullable(),
  lineId: id,
  /** The mark that it was made from. */
  bookmarkId: id.nullable(),
  title: z.string(),
  /** From the recording's start. Once it is ready exactly what is in the file, on bounds of 20 ms. */
  fromMs: offsetMs,
  toMs: offsetMs,
  state: clipState,
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  by: z.object({ id, name: localText, title: localText }),
  createdAt: timeMs,
  /** UTC ms; null until it is. */
  readyAt: timeMs.nullable(),
  /** What of it is silenced; null until it is cut. */
  masking: masking.nullable(),
  /** Who took it back; null while nobody has. */
  withdrawn: clipWithdrawal.nullable(),
});
export type Clip = z.infer<typeof clip>;

export const cutRequest = z
  .strictObject({
    /** A call that is still going on, offsets from its first packet; or a recording, offsets from its start. */
    callId: id.optional(),
    recordingId: id.optional(),
    bookmarkId: id.optional(),
    fromMs: offsetMs.max(2 ** 31),
    toMs: offsetMs.max(2 ** 31),
    title: z.string().trim().max(clipTitleMaxLength),
    idempotencyKey,
  })
  .refine(({ callId, recordingId }) => (callId === undefined) !== (recordingId === undefined), {
    path: ['callId'],
    message: 'either a call or a recording',
  })
  .refine(({ fromMs, toMs }) => toMs - fromMs >= clipLengthMs.least && toMs - fromMs <= clipLengthMs.most, {
    path: ['toMs'],
    message: 'must lie 1 s to 10 min after fromMs',
  });
export type CutRequest = z.infer<typeof cutRequest>;

/** Asks a worker to cut a clip out of the sealed master and to put it beside it. */
export const clipJob = z.strictObject({
  clipId: id,
  recordingId: id,
  callId: id,
  /** Of the whole recording. */
  durationMs: z.number().int().nonnegative(),
  audio: archivedFile.pick({ key: true, sha256: true }),
  /** A multiple of 20; `toMs` is one too, or the recording's end. */
  fromMs: offsetMs,
  toMs: offsetMs,
  /** The transcript whose masked spans are silenced; null where there is none. */
  transcript: archivedFile.pick({ key: true, sha256: true }).nullable().default(null),
});
export type ClipJob = z.infer<typeof clipJob>;

/** Asks a worker to take a clip's objects out of the archive, and to sign that they were. */
export const withdrawJob = z.strictObject({
  clipId: id,
  recordingId: id,
  callId: id,
  keys: z.array(z.string()).min(1),
  requestedAt: timeMs,
  /** `person:<id>`, or `masking`: one without what must not be heard has taken its place. */
  by: z.string().min(1).max(128),
  reason: z.string().max(500),
});
export type WithdrawJob = z.infer<typeof withdrawJob>;

const clipReportHead = { clipId: id, recordingId: id, callId: id, workerId: id, at: timeMs };
/** SHA-256 of the transcript that it was silenced by; null where there was none. */
const silencedBy = z.string().nullable().default(null);

/** What workers report of it; at least once, so the server applies each idempotently. */
export const clipReport = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('cut'),
    ...clipReportHead,
    file: archivedFile,
    fromMs: offsetMs,
    toMs: offsetMs,
    silencedBy,
    /** Spans of it that are silent now. */
    silences: z.number().int().nonnegative().default(0),
  }),
  // For browsers that cannot play the first form.
  z.strictObject({ kind: z.literal('rendered'), ...clipReportHead, file: archivedFile, silencedBy }),
  // These objects are gone.
  z.strictObject({ kind: z.literal('withdrawn'), ...clipReportHead, keys: z.array(z.string()) }),
  z.strictObject({
    kind: z.literal('failed'),
    ...clipReportHead,
    code: z.string(),
    message: z.string(),
    /** False while it will be tried again by itself. */
    final: z.boolean(),
  }),
]);
export type ClipReport = z.infer<typeof clipReport>;
/** As it is told: what need not be said may be left out. */
export type ToldClipReport = z.input<typeof clipReport>;

const params = z.object({ id });

export const clipsEndpoints = {
  cut: endpoint({
    id: 'clips.cut',
    method: 'post',
    path: '/api/clips',
    summary:
      'Cut a clip of 1 s to 10 min. Of a call that is still going on it is cut once the call is archived. ' +
      'The same key again answers the same clip, as it is now.',
    auth: 'session',
    body: cutRequest,
    response: clip,
    status: 201,
    errors: ['not-found', 'ability.denied', 'scope.denied', 'recording.deleted', 'idempotency.reused'],
  }),
  list: endpoint({
    id: 'clips.list',
    method: 'get',
    path: '/api/clips',
    summary:
      'Clips of a call or a recording, in the order of their beginning; or all of one’s own, newest first.',
    auth: 'session',
    query: z.object({ callId: id.optional(), recordingId: id.optional() }),
    response: z.object({ clips: z.array(clip) }),
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
  show: endpoint({
    id: 'clips.show',
    method: 'get',
    path: '/api/clips/{id}',
    summary: 'One clip.',
    auth: 'session',
    params,
    response: clip,
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
  audio: endpoint({
    id: 'clips.audio',
    method: 'post',
    path: '/api/clips/{id}/audio',
    summary: 'Short-lived signed addresses of the clip’s sound. The hearing is logged, as of the recording.',
    auth: 'session',
    params,
    response: z.object({
      /** What a player reports to what it has played (`hearings.played`). */
      hearingId: id,
      /** The same sound in every form there is, best first: a player takes the first one that it can play. */
      renderings: z.array(z.object({ contentType: z.string(), url: z.string() })).min(1),
      /** What a player adds so that calls are about equally loud, dB. */
      gainDb: z.number(),
      durationMs: z.number().int().positive(),
      expiresAt: timeMs,
    }),
    errors: [
      'not-found',
      'ability.denied',
      'scope.denied',
      'clip.not-ready',
      'clip.withdrawn',
      'recording.deleted',
      'store.storage',
    ],
  }),
  withdraw: endpoint({
    id: 'clips.withdraw',
    method: 'post',
    path: '/api/clips/{id}/withdrawal',
    summary:
      'Take a clip back: nobody hears it from now on, and its objects are deleted, of which a signed addendum is left. ' +
      'Its maker may, and the CX team. Doing it again answers it as it is. The recording stays.',
    auth: 'session',
    params,
    body: z.strictObject({ reason: z.string().trim().min(3).max(500) }),
    response: clip,
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
  rename: endpoint({
    id: 'clips.rename',
    method: 'patch',
    path: '/api/clips/{id}',
    summary: 'Give one’s own clip another title.',
    auth: 'session',
    params,
    body: z.strictObject({ title: z.string().trim().max(clipTitleMaxLength) }),
    response: clip,
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
  retry: endpoint({
    id: 'clips.retry',
    method: 'post',
    path: '/api/clips/{id}/retry',
    summary: 'Have a clip that failed cut again. Refused for any other.',
    auth: 'session',
    params,
    response: clip,
    errors: [
      'not-found',
      'ability.denied',
      'scope.denied',
      'clip.no-retry',
      'clip.withdrawn',
      'recording.deleted',
    ],
  }),
  counts: endpoint({
    id: 'clips.counts',
    method: 'get',
    path: '/api/moments/counts',
    summary:
      'How many clips, and marks that the person may see, these recordings have; those with none are left out.',
    auth: 'session',
    query: z.object({
      /** Up to 100 recordings, parted by commas. */
      recordingIds: z.string().regex(/^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,99}$/),
    }),
    response: z.object({
      counts: z.array(
        z.object({
          recordingId: id,
          clips: z.number().int().nonnegative(),
          bookmarks: z.number().int().nonnegative(),
        }),
      ),
    }),
    errors: ['ability.denied'],
  }),
} as const;

export const clipEvents = {
  changed: socketEvent({
    event: 'clip:changed',
    summary:
      'A clip on a line in scope was asked for, is ready, failed, or was withdrawn. What it is about is asked for over HTTP.',
    payload: z.object({ clipId: id, callId: id, recordingId: id.nullable(), state: clipState }),
  }),
} as const;
