import { createHash } from 'node:crypto';
import { may } from '#contract/abilities.ts';
import type { Bookmark, BookmarkVisibility, MarkRequest, Remedy } from '#contract/bookmarks.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';

export interface StoredBookmark {
  readonly id: string;
  readonly callId: string;
  readonly lineId: string;
  readonly slotId: string | null;
  /**
   * The moment itself, UTC ms by the clock that the call's packets were stamped with. Offsets are made from it: it
   * stays where it is when a recording is sealed, or sealed anew, and its start is found to be a little earlier.
   */
  readonly at: number;
  /** UTC ms of offset 0 as it was known then: the call's first packet, or the recording's start. */
  readonly zeroAt: number;
  readonly note: string;
  readonly visibility: BookmarkVisibility;
  readonly remedy: Remedy | null;
  readonly personId: string;
  readonly personName: LocalText;
  readonly personTitle: LocalText;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly revision: number;
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

/** A client's idea of the moment may be ahead of the call by this much; then the call's end counts. Milliseconds. */
export const aheadMs = 5_000;

/** The recording of a mark's call, as far as marks need to know it. */
export interface MarkedRecording {
  readonly id: string;
  /** UTC ms of its offset 0. */
  readonly startedAt: number;
}

export function presentBookmark(mark: StoredBookmark, recording: MarkedRecording | null): Bookmark {
  return {
    id: mark.id,
    callId: mark.callId,
    recordingId: recording?.id ?? null,
    lineId: mark.lineId,
    slotId: mark.slotId,
    offsetMs: Math.max(0, Math.round(mark.at - (recording?.startedAt ?? mark.zeroAt))),
    note: mark.note,
    visibility: mark.visibility,
    remedy: mark.remedy,
    by: { id: mark.personId, name: mark.personName, title: mark.personTitle },
    createdAt: mark.createdAt,
    updatedAt: mark.updatedAt,
    revision: mark.revision,
  };
}

type Seen = Pick<StoredBookmark, 'personId' | 'lineId' | 'slotId' | 'visibility'>;

/**
 * May this person see the mark? Nobody beyond their scope, not even its maker once the line is no longer theirs.
 * `sat`: the slots in whose rooms they were.
 */
export function maySee(
  person: Pick<Person, 'id' | 'role' | 'lineIds'>,
  mark: Seen,
  sat: ReadonlySet<string>,
): boolean {
  const on = { lineId: mark.lineId };
  if (!may(person, 'bookmarks.make', on).allowed) return false;
  if (mark.personId === person.id) return true;
  switch (mark.visibility) {
    case 'private':
      return false;
    case 'room':
      return (mark.slotId !== null && sat.has(mark.slotId)) || may(person, 'rooms.host', on).allowed;
    case 'programme':
      return may(person, 'bookmarks.programme', on).allowed;
  }
}

/** The same key with another hash is a mistake of the client. */
export function hashOf(request: Omit<MarkRequest, 'idempotencyKey'>): string {
  const { callId, recordingId, offsetMs, slotId, note, visibility, remedy } = request;
  const parts = [callId, recordingId, offsetMs, slotId, note, visibility, remedy?.kind, remedy?.text];
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('base64url');
}
