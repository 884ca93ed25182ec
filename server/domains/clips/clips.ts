import { createHash } from 'node:crypto';
import type { ArchivedFile } from '#contract/capture.ts';
import {
  type Clip,
  type ClipJob,
  type ClipState,
  type ClipWithdrawal,
  type CutRequest,
  clipLengthMs,
} from '#contract/clips.ts';
import type { Masking } from '#contract/masking.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';

/** Where a clip begins and ends in the recording, ms from its start. */
export interface ClipSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface StoredClip {
  readonly id: string;
  readonly callId: string;
  readonly lineId: string;
  readonly recordingId: string | null;
  readonly bookmarkId: string | null;
  readonly title: string;
  /** What was asked for, UTC ms by the clock that the call's packets were stamped with. */
  readonly fromAt: number;
  readonly toAt: number;
  /** UTC ms of offset 0 as it was known then. */
  readonly zeroAt: number;
  /** What is cut, or is to be; null until the recording is there. */
  readonly span: ClipSpan | null;
  readonly state: ClipState;
  readonly stateAt: number;
  /** How often it was queued. */
  readonly attempts: number;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** The clip as it was cut, and what was rendered from it. */
  readonly file: ArchivedFile | null;
  readonly rendering: ArchivedFile | null;
  /** SHA-256 of the manifest of the recording that it was cut from: with another one the file is gone. */
  readonly manifest: string | null;
  /** SHA-256 of the transcript by which it is, or is to be, silenced; null where there was none. */
  readonly transcript?: string | null;
  /** Spans of it that are silent. */
  readonly silences?: number;
  /** Keys of objects that were made of it and must go. */
  readonly leftover?: readonly string[];
  readonly withdrawal?: ClipWithdrawal | null;
  readonly personId: string;
  readonly personName: LocalText;
  readonly personTitle: LocalText;
  readonly createdAt: number;
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

/** The master's packets: a clip begins with one. Milliseconds. */
export const packetMs = 20;

/**
 * What of the wish lies in the recording, on packet bounds (the end may be the recording's); moved inwards where it is
 * shorter than a clip may be. Null when the recording itself is.
 */
export function spanOf(
  { fromAt, toAt }: Pick<StoredClip, 'fromAt' | 'toAt'>,
  recording: { readonly startedAt: number; readonly durationMs: number },
): ClipSpan | null {
  const { startedAt, durationMs } = recording;
  if (durationMs < clipLengthMs.least) return null;
  const within = (at: number) => Math.min(durationMs, Math.max(0, at - startedAt));
  const least = Math.min(within(fromAt), durationMs - clipLengthMs.least);
  const fromMs = Math.floor(least / packetMs) * packetMs;
  const end = Math.ceil(Math.max(within(toAt), fromMs + clipLengthMs.least) / packetMs) * packetMs;
  return { fromMs, toMs: Math.min(durationMs, end, fromMs + clipLengthMs.most) };
}

const fileOf = (recording: StoredRecording, kind: ArchivedFile['kind']) =>
  recording.files.find((file) => file.kind === kind);

export const manifestOf = (recording: StoredRecording): string | null =>
  fileOf(recording, 'manifest')?.sha256 ?? null;

/** The transcript that counts; null while there is none. */
export const transcriptOf = (recording: StoredRecording): ArchivedFile | null =>
  fileOf(recording, 'transcript') ?? null;

/** What the recording's transcript masks is silent in the clip, or there is no transcript. */
export const isSilencedAs = (clip: Pick<StoredClip, 'transcript'>, recording: StoredRecording): boolean =>
  (clip.transcript ?? null) === (transcriptOf(recording)?.sha256 ?? null);

/** Keys of what there is of it. */
export const filesOf = ({ file, rendering }: Pick<StoredClip, 'file' | 'rendering'>): string[] =>
  [file, rendering].flatMap((one) => one?.key ?? []);

/** As it was before it was cut. */
export const unmade = { state: 'asked', span: null, file: null, rendering: null, failure: null } as const;

function maskingOf({ state, file, transcript, silences = 0 }: StoredClip): Masking | null {
  if (state !== 'ready' || !file) return null;
  if ((transcript ?? null) === null) return 'unchecked';
  return silences > 0 ? 'silenced' : 'nothing-found';
}

/** What a worker needs to cut it; null while the recording is not in the archive. */
export function clipJobOf(clip: StoredClip, recording: StoredRecording): ClipJob | null {
  const audio = fileOf(recording, 'audio');
  const { id: recordingId, callId, state, durationMs, startedAt } = recording;
  if (state !== 'archived' || !audio || durationMs === null) return null;
  const span = spanOf(clip, { startedAt, durationMs });
  if (!span) return null;
  const { key, sha256 } = audio;
  const written = transcriptOf(recording);
  const transcript = written && { key: written.key, sha256: written.sha256 };
  return { clipId: clip.id, recordingId, callId, durationMs, audio: { key, sha256 }, ...span, transcript };
}

export function presentClip(clip: StoredClip): Clip {
  const { zeroAt, fromAt, toAt } = clip;
  const wished = { fromMs: Math.max(0, fromAt - zeroAt), toMs: Math.max(0, toAt - zeroAt) };
  return {
    id: clip.id,
    callId: clip.callId,
    recordingId: clip.recordingId,
    lineId: clip.lineId,
    bookmarkId: clip.bookmarkId,
    title: clip.title,
    ...(clip.span ?? wished),
    state: clip.state,
    failure: clip.failure,
    by: { id: clip.personId, name: clip.personName, title: clip.personTitle },
    createdAt: clip.createdAt,
    readyAt: clip.state === 'ready' ? clip.stateAt : null,
    masking: maskingOf(clip),
    withdrawn: clip.withdrawal ?? null,
  };
}

/** A job of which nothing is heard for so long is queued again; twice as long each time. Milliseconds. */
const firstPatienceMs = 60_000;
const longestPatienceMs = 3_600_000;

export const patienceOf = ({ attempts }: Pick<StoredClip, 'attempts'>): number =>
  Math.min(longestPatienceMs, firstPatienceMs * 2 ** Math.max(0, attempts - 1));

/** A call that ended this long ago and has no recording will have none: nobody spoke on it. Milliseconds. */
export const noRecordingAfterMs = 10 * 60_000;

/** The same key with another hash is a mistake of the client. */
export function hashOf(request: Omit<CutRequest, 'idempotencyKey'>): string {
  const { callId, recordingId, bookmarkId, fromMs, toMs, title } = request;
  const parts = [callId, recordingId, bookmarkId, fromMs, toMs, title].map((part) => part ?? null);
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** Deleted, or on its way to be: nothing of it is cut or heard any more. */
export const isGone = ({ state, deletion }: Pick<StoredRecording, 'state' | 'deletion'>): boolean =>
  state === 'deleting' || state === 'deleted' || (deletion ?? null) !== null;
