import type { Bookmark } from '#contract/bookmarks.ts';
import type { KeptMark, MarkWords } from './kept-marks.ts';

/** A marked moment as it is shown: as the server has it, or as its maker wants it while it is on its way. */
export interface Moment extends MarkWords {
  /** The bookmark's id, or while it is on its way the key it is kept under. */
  readonly key: string;
  readonly offsetMs: number;
  /** Null for one's own that the server does not have yet. */
  readonly bookmark: Bookmark | null;
  readonly own: boolean;
  readonly state: 'saved' | 'sending' | 'refused';
  /** Why it was refused. */
  readonly refused: string | null;
  /** What is being typed; null when its note is not open. */
  readonly draft: string | null;
  /** False where it was made in no room. */
  readonly hasRoom: boolean;
}

/**
 * What the server told, with what is still on its way laid over it, by its place in the call. `callId`: of marks that
 * are kept here only those of this call are shown.
 */
export function momentsOf(
  told: Iterable<Bookmark>,
  kept: readonly KeptMark[],
  { callId, personId }: { callId: string; personId: string },
): Moment[] {
  const moments = new Map<string, Moment>();
  for (const bookmark of told) {
    if (bookmark.callId === callId) moments.set(bookmark.id, savedMoment(bookmark, personId));
  }
  for (const mark of kept) {
    if (mark.callId !== callId) continue;
    if (mark.sent) moments.delete(mark.sent.id);
    if (!mark.removed) moments.set(mark.key, keptMoment(mark));
  }
  return [...moments.values()].sort((a, b) => a.offsetMs - b.offsetMs || (a.key < b.key ? -1 : 1));
}

function savedMoment(bookmark: Bookmark, personId: string): Moment {
  const { id, offsetMs, note, visibility, remedy, by, slotId } = bookmark;
  return {
    ...{ key: id, offsetMs, note, visibility, remedy, bookmark, own: by.id === personId },
    ...{ state: 'saved', refused: null, draft: null, hasRoom: slotId !== null },
  };
}

function keptMoment(mark: KeptMark): Moment {
  const { key, offsetMs, wanted, sent, refused, draft, request } = mark;
  const saved =
    sent !== null &&
    wanted.note === sent.note &&
    wanted.visibility === sent.visibility &&
    wanted.remedy?.kind === sent.remedy?.kind;
  return {
    ...wanted,
    ...{ key, offsetMs: sent?.offsetMs ?? offsetMs, bookmark: sent, own: true, refused, draft },
    state: refused !== null ? 'refused' : saved ? 'saved' : 'sending',
    hasRoom: (sent?.slotId ?? request?.slotId ?? null) !== null,
  };
}
