import { createHash } from 'node:crypto';
import type {
  HoldScope,
  LegalHold,
  RecordingClass,
  RetentionEvent,
  RetentionPolicy,
  RetentionRule,
} from '#contract/retention.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';

export const dayMs = 24 * 3_600_000;

/** What counts until somebody sets another one: no floor, and half a year. */
export const ownPolicy: RetentionPolicy = {
  id: 'default',
  lineId: null,
  recordingClass: null,
  floorDays: 0,
  ceilingDays: 180,
  updatedAt: 0,
  updatedBy: null,
};

/** Line and class beat line, line beats class, class beats neither. */
const weightOf = ({ lineId, recordingClass }: RetentionRule): number =>
  (lineId === null ? 0 : 2) + (recordingClass === null ? 0 : 1);

export const classOf = ({ recordingClass }: Pick<StoredRecording, 'recordingClass'>): RecordingClass =>
  recordingClass ?? 'standard';

/** The one that counts for a recording. There is always one: {@link withOwn}. */
export function policyFor(
  policies: readonly RetentionPolicy[],
  recording: Pick<StoredRecording, 'lineId' | 'recordingClass'>,
): RetentionPolicy {
  const fitting = policies.filter(
    ({ lineId, recordingClass }) =>
      (lineId === null || lineId === recording.lineId) &&
      (recordingClass === null || recordingClass === classOf(recording)),
  );
  return fitting.sort((a, b) => weightOf(b) - weightOf(a))[0] ?? ownPolicy;
}

/** The product's own policy counts where nobody has set one for everything; the most special first. */
export function withOwn(policies: readonly RetentionPolicy[]): RetentionPolicy[] {
  const all = policies.some((policy) => weightOf(policy) === 0) ? [...policies] : [...policies, ownPolicy];
  return all.sort(
    (a, b) =>
      weightOf(b) - weightOf(a) ||
      (a.lineId ?? '').localeCompare(b.lineId ?? '') ||
      (a.recordingClass ?? '').localeCompare(b.recordingClass ?? ''),
  );
}

/** As if `draft` were set. */
export function withDraft(policies: readonly RetentionPolicy[], draft: RetentionRule): RetentionPolicy[] {
  const others = policies.filter((policy) => !sameTarget(policy, draft));
  return withOwn([...others, { ...draft, id: 'draft', updatedAt: 0, updatedBy: null }]);
}

export const sameTarget = (a: RetentionRule, b: RetentionRule): boolean =>
  a.lineId === b.lineId && a.recordingClass === b.recordingClass;

/** Which recordings a policy counts for: those that it fits, but for those that a more special one fits. */
export interface PolicyReach {
  readonly lineId: string | null;
  readonly recordingClass: RecordingClass | null;
  readonly notLines: readonly string[];
  readonly notClasses: readonly RecordingClass[];
  readonly notPairs: readonly { readonly lineId: string; readonly recordingClass: RecordingClass }[];
}

export function reachOf(policy: RetentionPolicy, policies: readonly RetentionPolicy[]): PolicyReach {
  const { lineId, recordingClass } = policy;
  const above = policies.filter(
    (other) =>
      weightOf(other) > weightOf(policy) &&
      (lineId === null || other.lineId === null || other.lineId === lineId) &&
      (recordingClass === null || other.recordingClass === null || other.recordingClass === recordingClass),
  );
  const notLines = above.flatMap((other) =>
    other.lineId !== null && other.recordingClass === null ? [other.lineId] : [],
  );
  const notClasses = above.flatMap((other) =>
    other.lineId === null && other.recordingClass !== null ? [other.recordingClass] : [],
  );
  const notPairs = above.flatMap((other) =>
    other.lineId !== null && other.recordingClass !== null
      ? [{ lineId: other.lineId, recordingClass: other.recordingClass }]
      : [],
  );
  return { lineId, recordingClass, notLines, notClasses, notPairs };
}

export const floorAt = (recording: Pick<StoredRecording, 'startedAt'>, policy: RetentionRule): number =>
  recording.startedAt + policy.floorDays * dayMs;

/** Null: never by itself. */
export const dueAt = (recording: Pick<StoredRecording, 'startedAt'>, policy: RetentionRule): number | null =>
  policy.ceilingDays === null ? null : recording.startedAt + policy.ceilingDays * dayMs;

type Holdable = Pick<StoredRecording, 'id' | 'lineId' | 'agentId' | 'startedAt' | 'searchText'>;

/** A hold covers a recording that fits everything that it names. */
export function covers(scope: HoldScope, recording: Holdable): boolean {
  const words = wordsOf(scope);
  return (
    (scope.recordingId === undefined || scope.recordingId === recording.id) &&
    (scope.lineId === undefined || scope.lineId === recording.lineId) &&
    (scope.agentId === undefined || scope.agentId === recording.agentId) &&
    (scope.from === undefined || recording.startedAt >= scope.from) &&
    (scope.to === undefined || recording.startedAt < scope.to) &&
    words.every((word) => recording.searchText.includes(word))
  );
}

/** As the library's search box takes them. */
export const wordsOf = ({ words }: HoldScope): string[] =>
  (words ?? '').toLowerCase().split(/\s+/).filter(Boolean);

export const holdsOn = (holds: readonly LegalHold[], recording: Holdable): LegalHold[] =>
  holds.filter(({ scope, released }) => released === null && covers(scope, recording));

interface KeptRoom {
  readonly lineId: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** What a room wrote is due as a call would be that began when its slot ended. Null: never by itself. */
export const dueRoomAt = ({ endsAt }: KeptRoom, policy: RetentionRule): number | null =>
  dueAt({ startedAt: endsAt }, policy);

/**
 * Whether a hold keeps what the room of a slot wrote: its line and its time fit what the hold names. `named`: where and
 * when the recordings were that holds name. Agents and words fit every room: what notes are about nobody can tell.
 */
export function holdsRoom(
  { scope, released }: Pick<LegalHold, 'scope' | 'released'>,
  slot: KeptRoom,
  named: ReadonlyMap<string, { readonly lineId: string; readonly startedAt: number } | null>,
): boolean {
  if (released !== null) return false;
  if (scope.lineId !== undefined && scope.lineId !== slot.lineId) return false;
  if (scope.from !== undefined && slot.endsAt <= scope.from) return false;
  if (scope.to !== undefined && slot.startsAt >= scope.to) return false;
  if (scope.recordingId === undefined) return true;
  const recording = named.get(scope.recordingId);
  if (!recording) return false;
  const within = recording.startedAt >= slot.startsAt - roomSlackMs && recording.startedAt < slot.endsAt;
  return recording.lineId === slot.lineId && within;
}

/** A call that a room hears may have begun so long before its slot. Milliseconds. */
const roomSlackMs = 3_600_000;

/** The first event follows this. */
export const noHash = '0'.repeat(64);

/** SHA-256 over the event without its hash, in the order of its fields, and the hash before it. */
export function hashOf(event: Omit<RetentionEvent, 'hash'>, previous: string): string {
  const { id, sequence, at, by, action, recordingId, reason, before, after } = event;
  const text = JSON.stringify([previous, id, sequence, at, by, action, recordingId, reason, before, after]);
  return createHash('sha256').update(text).digest('hex');
}

/** The sequence of the first event whose hash does not follow from the one before; null when all do. */
export function brokenAt(events: readonly RetentionEvent[], previous = noHash): number | null {
  let last = previous;
  for (const event of events) {
    if (hashOf(event, last) !== event.hash) return event.sequence;
    last = event.hash;
  }
  return null;
}
