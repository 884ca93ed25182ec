import { may } from '#contract/abilities.ts';
import type { Bookmark, BookmarkVisibility, MarkRequest, Remedy } from '#contract/bookmarks.ts';
import type { Person } from '#contract/identity.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { BookmarksStore } from './bookmarks.store.ts';
import { aheadMs, hashOf, maySee, presentBookmark, type StoredBookmark } from './bookmarks.ts';

/** Whom a mark was for before and is for now: those who lose sight of it are told so. */
export type BookmarkEvents = {
  'bookmark-changed': { bookmark: Bookmark; before: BookmarkVisibility | null };
  'bookmark-removed': { bookmark: Bookmark };
};

export interface BookmarksDependencies {
  readonly store: BookmarksStore;
  readonly calls: Pick<CallsService, 'find'>;
  readonly recordings: Pick<RecordingsService, 'find' | 'ofCalls'>;
  /** Whether the person sat, or sits, in the room of this slot. Never an error. */
  readonly satIn: (person: Person, slotId: string) => Promise<boolean>;
  readonly events: TypedEvents<BookmarkEvents>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface BookmarkQuery {
  readonly callId?: string | undefined;
  readonly recordingId?: string | undefined;
  readonly slotId?: string | undefined;
}

export interface BookmarkChange {
  readonly revision: number;
  readonly note?: string | undefined;
  readonly visibility?: BookmarkVisibility | undefined;
  readonly remedy?: Remedy | null | undefined;
}

/** How far back one's own marks are listed unless told. Milliseconds. */
const ownListMs = 90 * 24 * 3_600_000;

interface Place {
  readonly callId: string;
  readonly lineId: string;
  readonly zeroAt: number;
  /** The last offset that there is (yet). */
  readonly endMs: number;
}

export type BookmarksService = ReturnType<typeof createBookmarksService>;

/** Moments that people mark while they listen, live or later. */
export function createBookmarksService(deps: BookmarksDependencies) {
  const { store, events, clock, log } = deps;

  async function placeOf(person: Person, request: MarkRequest): Promise<Place> {
    if (request.recordingId !== undefined) {
      const recording = await deps.recordings.find(person, request.recordingId);
      const { callId, lineId, startedAt } = recording;
      assertThere(recording);
      return { callId, lineId, zeroAt: startedAt, endMs: recording.durationMs ?? clock() - startedAt };
    }
    const call = await deps.calls.find(request.callId!);
    if (call.startedAt === null) throw new AppError('not-found', 'Nobody has spoken on this call yet.');
    const endMs = (call.endedAt ?? clock()) - call.startedAt;
    return { callId: call.id, lineId: call.lineId, zeroAt: call.startedAt, endMs };
  }

  async function recordingsOf(marks: readonly StoredBookmark[]): Promise<Map<string, StoredRecording>> {
    const callIds = [...new Set(marks.map(({ callId }) => callId))];
    const found = callIds.length > 0 ? await deps.recordings.ofCalls(callIds) : [];
    return new Map(found.map((recording) => [recording.callId, recording]));
  }

  async function present(mark: StoredBookmark): Promise<Bookmark> {
    return presentBookmark(mark, (await recordingsOf([mark])).get(mark.callId) ?? null);
  }

  async function visibleTo(person: Person, marks: readonly StoredBookmark[]): Promise<StoredBookmark[]> {
    const slots = [
      ...new Set(marks.flatMap(({ slotId, visibility }) => (visibility === 'room' ? (slotId ?? []) : []))),
    ];
    const sat = await Promise.all(slots.map((slotId) => deps.satIn(person, slotId)));
    const satSlots = new Set(slots.filter((_, index) => sat[index]));
    return marks.filter((mark) => maySee(person, mark, satSlots));
  }

  async function own(person: Person, id: string): Promise<StoredBookmark | null> {
    const mark = await store.byId(id);
    // Whether somebody else's private mark exists is nobody's business.
    if (!mark || mark.personId !== person.id) return null;
    requireAbility(person, 'bookmarks.make', { lineId: mark.lineId });
    return mark;
  }

  async function changedMeanwhile(id: string): Promise<AppError> {
    const now = await store.byId(id);
    return new AppError('bookmark.changed', 'This mark was changed in between.', {
      details: { revision: now?.revision ?? 0 },
    });
  }

  return {
    /** Errors: those of the contract. */
    async mark(person: Person, request: MarkRequest): Promise<Bookmark> {
      const place = await placeOf(person, request);
      requireAbility(person, 'bookmarks.make', { lineId: place.lineId });
      const requestHash = hashOf(request);
      const before = await store.byKey(person.id, request.idempotencyKey);
      if (before) return present(sameRequest(before, requestHash));
      if (request.offsetMs > place.endMs + aheadMs) {
        throw new AppError('request.invalid', 'The moment lies beyond the end of the call.', {
          details: { fields: [{ path: 'body.offsetMs', message: `at most ${place.endMs}` }] },
        });
      }
      const slotId = request.slotId ?? null;
      if (slotId !== null && !(await deps.satIn(person, slotId)) && !may(person, 'rooms.host').allowed) {
        throw new AppError('seat.required', 'Only those who have a seat in this slot mark in its room.');
      }
      const now = clock();
      const mark: StoredBookmark = {
        id: newId('mark', now),
        callId: place.callId,
        lineId: place.lineId,
        slotId,
        at: place.zeroAt + Math.min(request.offsetMs, place.endMs),
        zeroAt: place.zeroAt,
        note: request.note,
        visibility: request.visibility,
        remedy: request.remedy,
        personId: person.id,
        personName: person.name,
        personTitle: person.title,
        createdAt: now,
        updatedAt: now,
        revision: 1,
        idempotencyKey: request.idempotencyKey,
        requestHash,
      };
      if (!(await store.insert(mark))) {
        const twin = await store.byKey(person.id, request.idempotencyKey);
        if (twin) return present(sameRequest(twin, requestHash));
        throw new AppError('internal', 'Something went wrong on our side. Please try again.');
      }
      await assertNotErased(mark);
      log.info({ bookmarkId: mark.id, callId: mark.callId, visibility: mark.visibility }, 'moment marked');
      const bookmark = await present(mark);
      events.emit('bookmark-changed', { bookmark, before: null });
      return bookmark;
    },

    /** What this person may see, in the order of the call (of a slot: in which they were made; own: newest first). */
    async list(
      person: Person,
      query: BookmarkQuery & { mine?: boolean },
    ): Promise<{ bookmarks: Bookmark[] }> {
      requireAbility(person, 'bookmarks.make');
      const marks = await marksOf(person, query);
      const mine = query.mine === true ? marks.filter(({ personId }) => personId === person.id) : marks;
      const visible = await visibleTo(person, mine);
      const recordings = await recordingsOf(visible);
      return {
        bookmarks: visible.map((mark) => presentBookmark(mark, recordings.get(mark.callId) ?? null)),
      };
    },

    /** Errors: those of the contract. */
    async edit(person: Person, id: string, change: BookmarkChange): Promise<Bookmark> {
      const mark = await own(person, id);
      if (!mark) throw new AppError('not-found', 'There is no such mark of yours.');
      if (change.visibility === 'room' && mark.slotId === null) {
        throw new AppError('request.invalid', 'This mark was made in no room that it could be shown to.', {
          details: { fields: [{ path: 'body.visibility', message: 'private or programme' }] },
        });
      }
      const { revision, note, visibility, remedy } = change;
      const changed = await store.change(id, revision, {
        ...(note !== undefined && { note }),
        ...(visibility !== undefined && { visibility }),
        ...(remedy !== undefined && { remedy }),
        updatedAt: clock(),
      });
      if (!changed) throw await changedMeanwhile(id);
      const bookmark = await present(changed);
      events.emit('bookmark-changed', { bookmark, before: mark.visibility });
      return bookmark;
    },

    /** Errors: those of the contract; what is gone already is none. */
    async remove(person: Person, id: string, revision: number): Promise<void> {
      const mark = await own(person, id);
      if (!mark) return;
      if (!(await store.remove(id, revision))) {
        if (await store.byId(id)) throw await changedMeanwhile(id);
        return;
      }
      log.info({ bookmarkId: id, callId: mark.callId }, 'mark removed');
      events.emit('bookmark-removed', { bookmark: await present(mark) });
    },

    /** A mark that this person may see, or null. For what is made of marks. */
    async visible(person: Person, id: string): Promise<Bookmark | null> {
      const mark = await store.byId(id);
      const [seen] = mark ? await visibleTo(person, [mark]) : [];
      return seen ? present(seen) : null;
    },

    /** Marks per call that this person may see. */
    async counts(person: Person, callIds: readonly string[]): Promise<Map<string, number>> {
      const counts = new Map<string, number>();
      if (!may(person, 'bookmarks.make').allowed) return counts;
      for (const { callId } of await visibleTo(person, await store.ofCalls(callIds))) {
        counts.set(callId, (counts.get(callId) ?? 0) + 1);
      }
      return counts;
    },

    /** All that one person marked between two instants (UTC ms), for their own report; newest first. */
    async madeBy(personId: string, from: number, to: number): Promise<Bookmark[]> {
      const marks = await store.ofPerson(personId, from, to);
      const recordings = await recordingsOf(marks);
      return marks.map((mark) => presentBookmark(mark, recordings.get(mark.callId) ?? null));
    },

    /** Forgets the marks of a call; their notes tell of it. May be repeated. */
    eraseCall: (callId: string): Promise<void> => store.eraseCall(callId),
  };

  async function marksOf(person: Person, query: BookmarkQuery): Promise<StoredBookmark[]> {
    if (query.recordingId !== undefined) {
      return store.ofCalls([(await deps.recordings.find(person, query.recordingId)).callId]);
    }
    if (query.callId !== undefined) {
      const { lineId } = await deps.calls.find(query.callId);
      requireAbility(person, 'bookmarks.make', { lineId });
      return store.ofCalls([query.callId]);
    }
    if (query.slotId !== undefined) return store.ofSlot(query.slotId);
    const now = clock();
    return store.ofPerson(person.id, now - ownListMs, now + 1);
  }

  /** A mark that came while its recording was being deleted goes with it. */
  async function assertNotErased(mark: StoredBookmark): Promise<void> {
    const recording = (await recordingsOf([mark])).get(mark.callId);
    try {
      if (recording) assertThere(recording);
    } catch (deleted) {
      await store.remove(mark.id, mark.revision);
      throw deleted;
    }
  }
}

function assertThere({ state, deletion }: Pick<StoredRecording, 'state' | 'deletion'>): void {
  if (state === 'deleting' || state === 'deleted' || deletion) {
    throw new AppError('recording.deleted', 'This recording was deleted.');
  }
}

function sameRequest(before: StoredBookmark, requestHash: string): StoredBookmark {
  if (before.requestHash === requestHash) return before;
  throw new AppError('idempotency.reused', 'This key was used for another mark.');
}
