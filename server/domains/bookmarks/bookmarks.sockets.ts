import {
  type Bookmark,
  type BookmarkVisibility,
  bookmarkEvents,
  bookmarkRequests,
} from '#contract/bookmarks.ts';
import type { Clock } from '#kernel/clock.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { type Announcer, rooms, type SocketDoor, socketDoor } from '#realtime/socket-door.ts';
import type { BookmarkEvents } from './bookmarks.service.ts';

/** Tells of marks those who may see them, and nobody else: a private one never leaves its maker's own windows. */
export function bookmarksSockets(deps: {
  announcer: Announcer;
  events: TypedEvents<BookmarkEvents>;
  /** Who of those in the slot's room sees marks for the programme on this line. */
  programmeReaders: (slotId: string, lineId: string) => Promise<readonly string[]>;
  clock: Clock;
}): SocketDoor[] {
  const { announcer, events, programmeReaders } = deps;

  async function audienceOf(mark: Bookmark, visibility: BookmarkVisibility): Promise<Set<string>> {
    const audience = new Set([rooms.person(mark.by.id)]);
    if (mark.slotId === null || visibility === 'private') return audience;
    if (visibility === 'room') return audience.add(rooms.slot(mark.slotId));
    for (const id of await programmeReaders(mark.slotId, mark.lineId)) audience.add(rooms.person(id));
    return audience;
  }

  events.on('bookmark-changed', async ({ bookmark, before }) => {
    const audience = await audienceOf(bookmark, bookmark.visibility);
    if (before !== null && before !== bookmark.visibility) {
      const { id, callId, slotId } = bookmark;
      for (const room of await audienceOf(bookmark, before)) {
        if (!audience.has(room)) announcer.to(room, bookmarkEvents.removed, { id, callId, slotId });
      }
    }
    // The maker is in the slot's room too, and takes the same word twice.
    for (const room of audience) announcer.to(room, bookmarkEvents.changed, { bookmark });
  });
  events.on('bookmark-removed', async ({ bookmark }) => {
    const { id, callId, slotId, visibility } = bookmark;
    for (const room of await audienceOf(bookmark, visibility)) {
      announcer.to(room, bookmarkEvents.removed, { id, callId, slotId });
    }
  });

  return [socketDoor(bookmarkRequests.clock, async () => ({ now: deps.clock() }))];
}
