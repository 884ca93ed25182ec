import { createHash } from 'node:crypto';
import type { ArchiveFinding, FindingKind } from '#contract/operations.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';

/** An object that no recording names may be on its way to be named for this long. Milliseconds. */
export const unknownGraceMs = 24 * 3_600_000;
/** A state that lasts longer than this stands still, whatever the queues say. Milliseconds. */
export const stuckAfterMs = 3_600_000;
/** A spool is new for this long: its call may not be written down yet. Milliseconds. */
export const freshSpoolMs = 10 * 60_000;
/** The spool of an archived call is cleared within minutes; what lies there longer is left. Milliseconds. */
export const leftSpoolMs = 3_600_000;
/** A finding about an object counts as sure when it is seen again so much later. Milliseconds. */
export const sureAfterMs = 60_000;

export const recordingsPrefix = 'recordings/';

export interface FindingDraft {
  readonly kind: FindingKind;
  /** What it is about, unique within its kind: a key, a recording, a call, an upload. */
  readonly subject: string;
  readonly recordingId: string | null;
  readonly callId: string | null;
  readonly lineId: string | null;
  readonly key: string | null;
  readonly detail: ArchiveFinding['detail'];
  readonly canRetry: boolean;
}

/** Of several servers, and of the same one later, each calls a finding by the same name. */
export function findingId(kind: FindingKind, subject: string): string {
  return `find_${createHash('sha256').update(`${kind} ${subject}`).digest('hex').slice(0, 32)}`;
}

/** `2026/03/01` of a key or an instant, in UTC, as the archive's keys have it. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10).replaceAll('-', '/');
export const dayStart = (day: string): number => Date.parse(`${day.replaceAll('/', '-')}T00:00:00Z`);
export const dayMs = 24 * 3_600_000;

export interface ObjectKey {
  readonly day: string;
  readonly recordingId: string;
  readonly name: string;
}

/** Null for what is not an object of a recording. */
export function parseKey(key: string): ObjectKey | null {
  const match = /^recordings\/(\d{4}\/\d{2}\/\d{2})\/([A-Za-z0-9_-]{1,64})\/([^/]+)$/.exec(key);
  return match ? { day: match[1]!, recordingId: match[2]!, name: match[3]! } : null;
}

export interface SeenObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: number;
}

const about = (recording: StoredRecording) => ({
  recordingId: recording.id,
  callId: recording.callId,
  lineId: recording.lineId,
});
const aboutNone = { recordingId: null, callId: null, lineId: null };

/** Words for recordings whose files ought to be in the bucket. */
const holdsFiles = (recording: StoredRecording): boolean => recording.state === 'archived';

/** The tombstone is all that is left of a deleted recording, and while it is being deleted anything may lie there. */
function belongs(recording: StoredRecording, name: string): boolean {
  if (recording.state === 'deleting') return true;
  if (recording.state === 'deleted') return name === 'tombstone.json';
  return false;
}

/**
 * The objects of one recording's folder against its row (null: there is none).
 * Objects that nobody names are told once they are a day old, as an archive job may have written them just now; beside a
 * tombstone nobody writes any more.
 */
export function compareFolder(
  recording: StoredRecording | null,
  objects: readonly SeenObject[],
  now: number,
): FindingDraft[] {
  const drafts: FindingDraft[] = [];
  const byKey = new Map(objects.map((object) => [object.key, object]));
  const named = new Set(recording?.files.map(({ key }) => key) ?? []);
  if (recording && holdsFiles(recording)) {
    for (const file of recording.files) {
      const object = byKey.get(file.key);
      if (object && object.bytes === file.bytes) continue;
      drafts.push({
        kind: object ? 'object-size' : 'object-missing',
        subject: file.key,
        ...about(recording),
        key: file.key,
        detail: object
          ? { what: file.kind, bytes: object.bytes, expected: file.bytes }
          : { what: file.kind, expected: file.bytes },
        canRetry: true,
      });
    }
  }
  for (const { key, bytes, modifiedAt } of objects) {
    if (named.has(key)) continue;
    const name = parseKey(key)?.name ?? key;
    if (recording && belongs(recording, name)) continue;
    // What a late writer brought back goes again, at once.
    if (recording?.state !== 'deleted' && now - modifiedAt < unknownGraceMs) continue;
    // What is on its way to the archive is named when it has arrived.
    if (recording && ['capturing', 'captured', 'sealed'].includes(recording.state)) continue;
    drafts.push({
      kind: 'object-unknown',
      subject: key,
      ...(recording ? about(recording) : aboutNone),
      key,
      detail: { bytes, modifiedAt, state: recording?.state ?? null },
      canRetry: false,
    });
  }
  return drafts;
}

/** All of what the row names is in the bucket, each as long as it was. */
export function isWhole(recording: StoredRecording, objects: readonly SeenObject[]): boolean {
  const byKey = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  return recording.files.length > 0 && recording.files.every(({ key, bytes }) => byKey.get(key) === bytes);
}

/** What a row says about itself, whatever the bucket holds. `inSpool`: a living spool has packets of the call. */
export function judgeState(recording: StoredRecording, inSpool: boolean, now: number): FindingDraft[] {
  const base = { ...about(recording), subject: recording.id, key: null };
  const stoodMs = now - recording.stateAt;
  switch (recording.state) {
    case 'failed':
      return [
        {
          kind: 'recording-failed',
          ...base,
          detail: { code: recording.failure?.code ?? 'unknown', spool: inSpool ? 'there' : 'not seen' },
          canRetry: true,
        },
      ];
    case 'capturing': {
      const overMs = recording.callEndedAt === null ? 0 : now - recording.callEndedAt;
      if (overMs < stuckAfterMs) return [];
      return [
        { kind: 'recording-stuck', ...base, detail: { state: 'capturing', forMs: overMs }, canRetry: false },
      ];
    }
    case 'captured':
    case 'sealed':
    case 'deleting':
      if (stoodMs < stuckAfterMs) return [];
      return [
        {
          kind: 'recording-stuck',
          ...base,
          detail: { state: recording.state, forMs: stoodMs, code: recording.failure?.code ?? null },
          canRetry: recording.state !== 'deleting',
        },
      ];
    case 'archived':
      if (recording.coverage === null || recording.coverage >= 1) return [];
      return [
        {
          kind: 'recording-incomplete',
          ...base,
          detail: { coverage: recording.coverage, dropped: recording.packetsDropped },
          canRetry: false,
        },
      ];
    default:
      return [];
  }
}

export interface SpooledCall {
  readonly spoolId: string;
  readonly callId: string;
  readonly sealed: boolean;
  readonly writtenAt: number;
}

/** What lies in a spool against what is known of the call. */
export function judgeSpooled(
  spooled: SpooledCall,
  recording: StoredRecording | null,
  now: number,
): FindingDraft | null {
  const { spoolId, callId, sealed, writtenAt } = spooled;
  const subject = `${spoolId}/${callId}`;
  const detail = { spool: spoolId, sealed: sealed ? 'yes' : 'no', writtenAt };
  if (!recording) {
    if (now - writtenAt < freshSpoolMs) return null;
    return {
      kind: 'spool-unknown',
      subject,
      ...aboutNone,
      callId,
      key: null,
      detail,
      canRetry: false,
    };
  }
  const over = recording.state === 'archived' || recording.state === 'deleted';
  if (!over || now - recording.stateAt < leftSpoolMs) return null;
  return {
    kind: 'spool-left',
    subject,
    ...about(recording),
    key: null,
    detail: { ...detail, state: recording.state },
    canRetry: false,
  };
}
