import { z } from 'zod';
import { voice } from './analysis.ts';
import { archivedFile } from './capture.ts';
import { endpoint } from './endpoint.ts';
import { id, offsetMs, timeMs } from './primitives.ts';

/** Why something that was said is not written: it looked like this. */
export const maskedKind = z.enum(['number', 'phone', 'card', 'resident-id', 'email', 'code']);
export type MaskedKind = z.infer<typeof maskedKind>;

/** One word (a character or two in Chinese) and when it was said, ms. Of a masked one only that it was there is kept. */
export const transcriptWord = z.object({
  text: z.string(),
  fromMs: offsetMs,
  toMs: offsetMs,
  masked: maskedKind.optional(),
});
export type TranscriptWord = z.infer<typeof transcriptWord>;

/** What one voice says without a longer pause. */
export const utterance = z.object({ by: voice, words: z.array(transcriptWord).min(1) });
export type Utterance = z.infer<typeof utterance>;

/** The file `transcript.json` beside the audio. Masked before it is written anywhere. */
export const transcriptFile = z.object({
  version: z.literal(1),
  /** Who made it, and with which model. */
  transcriber: z.string(),
  /** In the order of their beginning. */
  utterances: z.array(utterance),
});
export type TranscriptFile = z.infer<typeof transcriptFile>;

/** Asks a worker to transcribe an archived recording. */
export const transcribeJob = z.strictObject({
  recordingId: id,
  callId: id,
  durationMs: z.number().int().nonnegative(),
  audio: archivedFile.pick({ key: true, bytes: true, sha256: true }),
  /** What the call is about anyway, such as its order: numbers that need no masking. */
  keep: z.array(z.string().max(100)).max(10),
});
export type TranscribeJob = z.infer<typeof transcribeJob>;

/** `none`: nobody has asked for it, as there is no transcriber or the recording is not archived yet. */
export const transcriptState = z.enum(['none', 'waiting', 'done', 'failed']);
export type TranscriptState = z.infer<typeof transcriptState>;

export const transcriptsEndpoints = {
  show: endpoint({
    id: 'transcripts.show',
    method: 'get',
    path: '/api/recordings/{id}/transcript',
    summary: 'Whether there is a transcript of a recording.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({ state: transcriptState, words: z.number().int().nonnegative() }),
    errors: ['not-found', 'scope.denied'],
  }),
  read: endpoint({
    id: 'transcripts.read',
    method: 'post',
    path: '/api/recordings/{id}/transcript',
    summary: 'A short-lived signed address of the masked transcript. Reading is logged like hearing.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({ url: z.string(), expiresAt: timeMs }),
    errors: ['not-found', 'scope.denied', 'recording.not-ready', 'store.storage'],
  }),
} as const;
