import { z } from 'zod';
import { callFacts } from './calls.ts';
import { endpoint } from './endpoint.ts';
import { heardBy } from './hearings.ts';
import { masking } from './masking.ts';
import { id, legRole, localText, offsetMs, timeMs } from './primitives.ts';
import { socketEvent } from './socket.ts';

/**
 * capturing → captured → sealed → archived; `failed` keeps the spool and says why. Of what is `deleted` only the row and
 * a signed tombstone are left; `deleting` is on its way there.
 */
export const recordingState = z.enum([
  'capturing',
  'captured',
  'sealed',
  'archived',
  'failed',
  'deleting',
  'deleted',
]);
export type RecordingState = z.infer<typeof recordingState>;

/** A span in which a leg has no packets and the file has silence. */
export const recordingGap = z.object({
  role: legRole,
  fromMs: offsetMs,
  toMs: offsetMs,
  cause: z.enum(['loss', 'hold', 'pause', 'silence', 'no-recorder']),
});
export type RecordingGap = z.infer<typeof recordingGap>;

/** A tiny two-lane picture of the call: `lanes[0]` agent, `lanes[1]` customer, each 0–255, evenly spaced. */
export const thumbnail = z.object({
  agent: z.array(z.number().int().min(0).max(255)).max(128),
  customer: z.array(z.number().int().min(0).max(255)).max(128),
});

/** Loudness by EBU R128 (ITU-R BS.1770-4); null where there is silence alone. The audio itself is not changed. */
export const loudness = z.object({
  /** Integrated, of both channels and of each, LUFS. */
  integrated: z.number().nullable(),
  agent: z.number().nullable(),
  customer: z.number().nullable(),
  /** The largest sample of both channels, dBFS. */
  peakDb: z.number().nullable(),
  /** What a player adds for replay at −18 LUFS, without cutting off peaks and at most 12 dB. */
  gainDb: z.number(),
});
export type Loudness = z.infer<typeof loudness>;

export const recordingSummary = z.object({
  id,
  callId: id,
  lineId: id,
  agentId: id.nullable(),
  agentName: localText.nullable(),
  customerMasked: z.string(),
  facts: callFacts,
  state: recordingState,
  startedAt: timeMs,
  durationMs: z.number().int().nonnegative().nullable(),
  thumbnail: thumbnail.nullable(),
});
export type RecordingSummary = z.infer<typeof recordingSummary>;

export const recordingDetail = recordingSummary.extend({
  bytes: z.number().int().nonnegative().nullable(),
  sha256: z.string().nullable(),
  gaps: z.array(recordingGap),
  coverage: z.number().min(0).max(1).nullable(),
  /** Null until it is sealed, and of recordings that were sealed before this was measured. */
  loudness: loudness.nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** Once it was decided; `by` is `policy:<id>` or `person:<id>`. */
  deletion: z.object({ requestedAt: timeMs, by: z.string(), reason: z.string() }).nullable(),
  heardBy: z.array(heardBy),
});
export type RecordingDetail = z.infer<typeof recordingDetail>;

/** The peaks file beside the audio: JSON, per channel the largest |sample| of each bucket scaled to 0–255. */
export const peaksFile = z.object({
  version: z.literal(1),
  durationMs: z.number().int().nonnegative(),
  bucketMs: z.number().positive(),
  channels: z.object({ agent: z.array(z.number().int()), customer: z.array(z.number().int()) }),
});
export type PeaksFile = z.infer<typeof peaksFile>;

export const recordingsEndpoints = {
  list: endpoint({
    id: 'recordings.list',
    method: 'get',
    path: '/api/recordings',
    summary: 'Archived calls within scope, newest first.',
    auth: 'session',
    query: z.object({
      lineId: id.optional(),
      agentId: id.optional(),
      scenarioId: id.optional(),
      /** Confirmed by a person. */
      tag: id.optional(),
      from: z.coerce.number().pipe(timeMs).optional(),
      to: z.coerce.number().pipe(timeMs).optional(),
      q: z.string().max(100).optional(),
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
    response: z.object({
      recordings: z.array(recordingSummary),
      nextCursor: z.string().nullable(),
      total: z.number().int(),
      /** Agents to choose from, within scope. */
      agents: z.array(z.object({ id, name: localText })),
    }),
  }),
  show: endpoint({
    id: 'recordings.show',
    method: 'get',
    path: '/api/recordings/{id}',
    summary: 'One recording, and who has heard it.',
    auth: 'session',
    params: z.object({ id }),
    response: recordingDetail,
    errors: ['not-found', 'scope.denied'],
  }),
  audio: endpoint({
    id: 'recordings.audio',
    method: 'post',
    path: '/api/recordings/{id}/audio',
    summary:
      'Short-lived signed addresses of the audio (two channels, byte ranges) and its peaks. The hearing is logged.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({
      /** What a player reports to what it has played (`hearings.played`). */
      hearingId: id,
      /** The first of the renderings. */
      url: z.string(),
      contentType: z.string(),
      /** The same sound in every form there is, best first: a player takes the first one that it can play. */
      renderings: z.array(z.object({ contentType: z.string(), url: z.string() })),
      /** What a player adds so that calls are about equally loud, dB. */
      gainDb: z.number(),
      /** What was done about personal data for this person: most hear none of what the transcript masks. */
      masking,
      peaksUrl: z.string(),
      expiresAt: timeMs,
    }),
    errors: ['not-found', 'scope.denied', 'recording.not-ready', 'recording.deleted', 'store.storage'],
  }),
} as const;

export const recordingEvents = {
  moved: socketEvent({
    event: 'recording:moved',
    summary:
      'A recording on a line in scope reached another state: captured, sealed, archived or failed. The rest is asked for over HTTP.',
    payload: z.object({ recordingId: id, callId: id, lineId: id, state: recordingState }),
  }),
} as const;
