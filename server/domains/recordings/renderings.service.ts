import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { RenderQueue } from './recordings.ports.ts';
import type { RecordingsStore } from './recordings.store.ts';
import { type RecordingEvents, renderJobOf, type StoredRecording } from './recordings.ts';

export interface RenderingsDependencies {
  readonly store: RecordingsStore;
  readonly queue: RenderQueue;
  readonly events: TypedEvents<RecordingEvents>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A rendering that has not come for this long is asked for again, then after twice as long, and so on. Milliseconds. */
const patienceMs = 10 * 60_000;
/** What is older stays as it is: the master can be played nearly everywhere. Milliseconds. */
const lookBackMs = 7 * 24 * 3_600_000;
/** Asked for again at a time, so that today's calls never wait behind yesterday's. */
const backlog = 5;
/** Recordings that one look goes through. */
const pageSize = 200;

export type RenderingsService = ReturnType<typeof createRenderingsService>;

/**
 * Has every archived recording rendered once more, as AAC, for browsers that cannot play the master. Nobody waits for
 * it: a recording can be replayed as soon as it is archived.
 */
export function createRenderingsService(deps: RenderingsDependencies) {
  const { store, queue, clock, log } = deps;
  /** Of recordings whose rendering is late: how often it was asked for again, and when. */
  const asked = new Map<string, { times: number; at: number }>();

  async function ask(recording: StoredRecording): Promise<void> {
    const job = renderJobOf(recording);
    if (job) await queue.enqueueRender(job);
  }

  deps.events.on('recording-archived', ({ recording }) => {
    // What is missed here the sweep finds.
    persistently('ask for a rendering', () => ask(recording), {
      log,
      giveUp: (_, tries) => tries > 20,
    }).catch((err: unknown) => log.error({ recordingId: recording.id, err }, 'no rendering was asked for'));
  });

  return {
    /** Asks again for renderings that have not come. */
    async sweep(): Promise<void> {
      const now = clock();
      const lacking = await store.archivedWithout('audio-m4a', now - lookBackMs, now - patienceMs, pageSize);
      let free = backlog;
      for (const recording of lacking) {
        const before = asked.get(recording.id) ?? { times: 0, at: 0 };
        if (free === 0 || now - before.at < patienceMs * 2 ** before.times) continue;
        asked.set(recording.id, { times: before.times + 1, at: now });
        free -= 1;
        await ask(recording);
        log.info({ recordingId: recording.id, times: before.times + 1 }, 'rendering asked for again');
      }
      const still = new Set(lacking.map(({ id }) => id));
      for (const id of asked.keys()) if (!still.has(id)) asked.delete(id);
    },
  };
}
