import type { AnalyseJob, AnalysisReport } from '#contract/analysis.ts';
import type { Person } from '#contract/identity.ts';
import type { RecordingEvents } from '#domains/recordings/capture.service.ts';
import type { RecordingStorage } from '#domains/recordings/recordings.ports.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import { audioLifetimeSeconds, type StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { AnalysisStore } from './analysis.store.ts';
import { analysisVersion, jobOf, patienceOf } from './analysis.ts';

/** The durable queue to the workers. */
export interface AnalysisQueue {
  /** No-op while an analysis of the same recording waits or runs. */
  enqueueAnalysis(job: AnalyseJob): Promise<void>;
}

export interface AnalysisDependencies {
  readonly store: AnalysisStore;
  readonly recordings: RecordingsService;
  readonly events: TypedEvents<RecordingEvents>;
  /** False: nothing new is asked for; what is there is shown. */
  readonly asks: boolean;
  readonly queue: AnalysisQueue;
  readonly storage: RecordingStorage;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many older recordings are asked for at a time, so that today's calls never wait behind last year's. */
const backlog = 10;
/** Recordings that one look goes through. */
const pageSize = 200;

export type AnalysisService = ReturnType<typeof createAnalysisService>;

/** Has every archived recording analysed, once, and tells what came of it. */
export function createAnalysisService(deps: AnalysisDependencies) {
  const { store, recordings, queue, clock, log } = deps;
  /** Where the walk through older recordings stands: those that began before this are still to be looked at. */
  let walkedTo = Number.MAX_SAFE_INTEGER;

  async function ask(recording: StoredRecording): Promise<boolean> {
    const job = jobOf(recording);
    if (!job) return false;
    const begun = await store.begin({
      id: recording.id,
      callId: recording.callId,
      version: analysisVersion,
      state: 'waiting',
      stateAt: clock(),
      attempts: 1,
      summary: null,
      trackKey: null,
      failure: null,
    });
    if (begun) await queue.enqueueAnalysis(job);
    return begun;
  }

  deps.events.on('recording-archived', ({ recording }) => {
    if (!deps.asks) return;
    // What is missed here the sweep finds.
    persistently('ask for an analysis', () => ask(recording).then(() => undefined), {
      log,
      giveUp: (_, tries) => tries > 20,
    }).catch((err: unknown) => log.error({ recordingId: recording.id, err }, 'no analysis was asked for'));
  });

  async function addressOf(key: string): Promise<{ url: string; expiresAt: number }> {
    const lifetime = { expiresInSeconds: audioLifetimeSeconds, contentType: 'application/json' };
    const expiresAt = clock() + audioLifetimeSeconds * 1_000;
    return { url: await deps.storage.presignGet(key, lifetime), expiresAt };
  }

  async function askForOlder(): Promise<void> {
    let free = backlog - (await store.waiting());
    if (free <= 0) return;
    const page = await recordings.archivedBefore(walkedTo, pageSize);
    const asked = await store.asked(
      page.map(({ id }) => id),
      analysisVersion,
    );
    for (const recording of page) {
      if (!asked.has(recording.id) && free > 0 && (await ask(recording))) free -= 1;
      if (free <= 0) return;
      walkedTo = recording.startedAt;
    }
    // At the end it begins anew: recordings are archived late at times.
    if (page.length < pageSize) walkedTo = Number.MAX_SAFE_INTEGER;
  }

  return {
    /** A worker's word, delivered at least once. Applying it twice changes nothing. */
    async apply(report: AnalysisReport): Promise<void> {
      const { recordingId } = report;
      if (report.kind === 'analysed') {
        await store.set(recordingId, {
          state: 'done',
          stateAt: clock(),
          summary: report.summary,
          trackKey: report.file.key,
          failure: null,
        });
        return;
      }
      const failure = { code: report.code, message: report.message };
      log.warn({ recordingId, code: report.code, final: report.final }, 'not analysed');
      await store.set(
        recordingId,
        report.final ? { state: 'failed', stateAt: clock(), failure } : { failure },
      );
    },

    /** Queues again what waits for too long, and asks for recordings that nobody has asked for yet. */
    async sweep(): Promise<void> {
      if (!deps.asks) return;
      const now = clock();
      for (const analysis of await store.waitingSince(now - patienceOf({ attempts: 1 }), 50)) {
        if (now - analysis.stateAt < patienceOf(analysis)) continue;
        const recording = await recordings.stored(analysis.id);
        const job = recording && jobOf(recording);
        if (!job || !(await store.claimAttempt(analysis, now))) continue;
        await queue.enqueueAnalysis(job);
        log.warn({ recordingId: analysis.id, attempt: analysis.attempts + 1 }, 'analysis queued again');
      }
      await askForOlder();
    },

    /** Figures and track, for whoever may replay the recording. */
    async show(person: Person, recordingId: string) {
      await recordings.find(person, recordingId);
      const analysis = await store.byId(recordingId);
      return {
        state: analysis?.state ?? ('none' as const),
        summary: analysis?.summary ?? null,
        track: analysis?.trackKey ? await addressOf(analysis.trackKey) : null,
      };
    },

    /** Forgets what is kept of a recording; its files go with its folder. May be repeated. */
    eraseRecording: (recordingId: string): Promise<void> => store.erase(recordingId),
  };
}
