import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { RecordingEvents, StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { FollowUpsStore } from './follow-ups.store.ts';
import { patienceOf, type StoredFollowUp } from './follow-ups.ts';

export interface FollowUpsDependencies<Found, Job> {
  readonly store: FollowUpsStore<Found>;
  readonly recordings: RecordingsService;
  readonly events: TypedEvents<RecordingEvents>;
  /** False: nothing new is asked for; what is there is shown. */
  readonly asks: boolean;
  /** Raised when recordings of before are to be followed up again. */
  readonly version: number;
  /** The job of a recording, or null while there is nothing to do. */
  readonly jobOf: (recording: StoredRecording) => Job | null;
  /** No-op while a job for the same recording waits or runs. */
  readonly enqueue: (job: Job) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many older recordings are asked for at a time, so that today's calls never wait behind last year's. */
const backlog = 10;
/** Recordings that one look goes through. */
const pageSize = 200;

export type FollowUpsService<Found> = ReturnType<typeof createFollowUps<Found, unknown>>;

/** Has every archived recording followed up once, whatever happens in between. */
export function createFollowUps<Found, Job>(deps: FollowUpsDependencies<Found, Job>) {
  const { store, recordings, version, clock, log } = deps;
  /** Where the walk through older recordings stands: those that began before this are still to be looked at. */
  let walkedTo = Number.MAX_SAFE_INTEGER;

  async function ask(recording: StoredRecording): Promise<boolean> {
    const job = deps.jobOf(recording);
    if (job === null) return false;
    const begun = await store.begin({
      id: recording.id,
      callId: recording.callId,
      version,
      state: 'waiting',
      stateAt: clock(),
      attempts: 1,
      found: null,
      fileKey: null,
      failure: null,
    });
    if (begun) await deps.enqueue(job);
    return begun;
  }

  deps.events.on('recording-archived', ({ recording }) => {
    if (!deps.asks) return;
    // What is missed here the sweep finds.
    persistently('follow a recording up', () => ask(recording).then(() => undefined), {
      log,
      giveUp: (_, tries) => tries > 20,
    }).catch((err: unknown) => log.error({ recordingId: recording.id, err }, 'not followed up'));
  });

  async function askForOlder(): Promise<void> {
    let free = backlog - (await store.waiting());
    if (free <= 0) return;
    const page = await recordings.archivedBefore(walkedTo, pageSize);
    const ids = page.map(({ id }) => id);
    const asked = await store.asked(ids, version);
    for (const recording of page) {
      if (!asked.has(recording.id) && free > 0 && (await ask(recording))) free -= 1;
      if (free <= 0) return;
      walkedTo = recording.startedAt;
    }
    // At the end it begins anew: recordings are archived late at times.
    if (page.length < pageSize) walkedTo = Number.MAX_SAFE_INTEGER;
  }

  return {
    /** Queues again what waits for too long, and asks for recordings that nobody has asked for yet. */
    async sweep(): Promise<void> {
      if (!deps.asks) return;
      const now = clock();
      for (const followUp of await store.waitingSince(now - patienceOf({ attempts: 1 }), 50)) {
        if (now - followUp.stateAt < patienceOf(followUp)) continue;
        const recording = await recordings.stored(followUp.id);
        const job = recording && deps.jobOf(recording);
        if (!job || !(await store.claimAttempt(followUp, now))) continue;
        await deps.enqueue(job);
        log.warn({ recordingId: followUp.id, attempt: followUp.attempts + 1 }, 'queued again');
      }
      await askForOlder();
    },

    /** A worker has done it. Applying it twice changes nothing; false when the recording was erased meanwhile. */
    done: (recordingId: string, found: Found, fileKey: string): Promise<boolean> =>
      store.set(recordingId, { state: 'done', stateAt: clock(), found, fileKey, failure: null }),

    /** A worker could not do it; `final`: and nobody will by themselves. */
    async failed(recordingId: string, failure: { code: string; message: string }, final: boolean) {
      const { code, message } = failure;
      const set: Partial<StoredFollowUp<Found>> = { failure: { code, message } };
      await store.set(recordingId, final ? { ...set, state: 'failed', stateAt: clock() } : set);
    },
  };
}
