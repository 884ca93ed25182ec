import { may } from '#contract/abilities.ts';
import { bookmarksRoutes } from '#domains/bookmarks/bookmarks.routes.ts';
import { type BookmarkEvents, createBookmarksService } from '#domains/bookmarks/bookmarks.service.ts';
import { bookmarksSockets } from '#domains/bookmarks/bookmarks.sockets.ts';
import { createBookmarksStore } from '#domains/bookmarks/bookmarks.store.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { ClipEvents } from '#domains/clips/clip-cutting.ts';
import { handleClipReports } from '#domains/clips/clips.jobs.ts';
import { clipsRoutes } from '#domains/clips/clips.routes.ts';
import { createClipsService } from '#domains/clips/clips.service.ts';
import { announceClips } from '#domains/clips/clips.sockets.ts';
import { createClipsStore } from '#domains/clips/clips.store.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { ListeningService } from '#domains/listening/listening.service.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { RecordingEvents } from '#domains/recordings/recordings.ts';
import { AppError } from '#kernel/errors.ts';
import type { Queues } from '#kernel/queues.ts';
import { repeat } from '#kernel/repeat.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import type { LiveNeeds } from './live.ts';

/** How often clips that stand still are looked for. Milliseconds. */
const sweepEveryMs = 15_000;

interface BookmarksNeeds
  extends Pick<LiveNeeds, 'log' | 'lifecycle' | 'clock' | 'mongo' | 'gateway' | 'seats' | 'identity'> {
  readonly calls: CallsService;
  readonly listening: ListeningService;
  readonly hearings: HearingsService;
  readonly recordings: RecordingsService;
  readonly recordingEvents: TypedEvents<RecordingEvents>;
  readonly queues: Queues;
  readonly objects: ObjectStore;
}

/** Moments that people mark, and the clips that are cut of them. */
export async function startBookmarks(needs: BookmarksNeeds) {
  const { log, lifecycle, clock, mongo, gateway, seats, identity, calls, recordings, queues } = needs;
  const faultIn = (domain: string) => (event: PropertyKey, fault: unknown) =>
    log.error({ domain, event, err: fault }, 'an event was not handled');
  const store = createBookmarksStore(mongo);
  const clipsStore = createClipsStore(mongo);
  await Promise.all([store.ready(), clipsStore.ready()]);

  const events = new TypedEvents<BookmarkEvents>(faultIn('bookmarks'));
  const bookmarks = createBookmarksService({
    ...{ store, calls, recordings, events, clock, log },
    satIn: async (person, slotId) => {
      try {
        const { mine } = await seats.show(person, slotId);
        return mine?.state === 'checked-in' || mine?.state === 'attended';
      } catch (error) {
        // No such slot, or one beyond their scope.
        if (error instanceof AppError && error.status < 500) return false;
        throw error;
      }
    },
  });
  const doors = bookmarksSockets({
    announcer: gateway,
    events,
    programmeReaders: async (slotId, lineId) => {
      const present = await needs.listening.rosterOf(slotId);
      const people = await identity.persons([...new Set(present.map(({ personId }) => personId))]);
      return [...people.values()]
        .filter((person) => may(person, 'bookmarks.programme', { lineId }).allowed)
        .map(({ id }) => id);
    },
    clock,
  });

  const clipEvents = new TypedEvents<ClipEvents>(faultIn('clips'));
  const clips = createClipsService({
    ...{ calls, recordings, bookmarks, hearings: needs.hearings, clock, log },
    store: clipsStore,
    recordingEvents: needs.recordingEvents,
    events: clipEvents,
    queue: queues,
    storage: needs.objects,
  });
  announceClips(gateway, clipEvents);
  handleClipReports(queues, clips);
  repeat('sweep of clips', sweepEveryMs, () => clips.sweep(), { lifecycle, log });
  // What the last stop or crash left is gone on with at once.
  clips.sweep().catch((err: unknown) => log.warn({ err }, 'the first sweep of clips failed'));
  clips.catchUp().catch((err: unknown) => log.warn({ err }, 'clips were not looked through for transcripts'));

  return {
    bookmarks,
    clips,
    doors,
    routes: [...bookmarksRoutes(bookmarks), ...clipsRoutes(clips)],
    /** What goes with a deleted recording. */
    dependents: [
      { name: 'clips', erase: ({ callId }: { callId: string }) => clips.eraseCall(callId) },
      { name: 'bookmarks', erase: ({ callId }: { callId: string }) => bookmarks.eraseCall(callId) },
    ],
  };
}
