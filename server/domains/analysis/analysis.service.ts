import type { AnalyseJob, AnalysisReport, AnalysisSummary } from '#contract/analysis.ts';
import type { Person } from '#contract/identity.ts';
import type { RecordingStorage } from '#domains/recordings/recordings.ports.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import { audioLifetimeSeconds, type RecordingEvents } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { analyseJobOf, analysisVersion } from './analysis.ts';
import { createFollowUps } from './follow-ups.service.ts';
import type { FollowUpsStore } from './follow-ups.store.ts';

export interface AnalysisDependencies {
  readonly store: FollowUpsStore<AnalysisSummary>;
  readonly recordings: RecordingsService;
  readonly events: TypedEvents<RecordingEvents>;
  readonly asks: boolean;
  /** No-op while an analysis of the same recording waits or runs. */
  readonly queue: { enqueueAnalysis(job: AnalyseJob): Promise<void> };
  readonly storage: RecordingStorage;
  readonly clock: Clock;
  readonly log: Log;
}

export type AnalysisService = ReturnType<typeof createAnalysisService>;

/** Has every archived recording analysed, once, and tells what came of it. */
export function createAnalysisService(deps: AnalysisDependencies) {
  const { store, recordings, events, asks, queue, clock, log } = deps;
  const followUps = createFollowUps({
    ...{ store, recordings, events, asks, clock, log },
    version: analysisVersion,
    jobOf: analyseJobOf,
    enqueue: (job: AnalyseJob) => queue.enqueueAnalysis(job),
  });

  return {
    sweep: followUps.sweep,
    failed: followUps.failed,

    async analysed({ recordingId, summary, file }: Extract<AnalysisReport, { kind: 'analysed' }>) {
      await followUps.done(recordingId, summary, file.key);
    },

    /** Figures and track, for whoever may replay the recording. */
    async show(person: Person, recordingId: string) {
      await recordings.find(person, recordingId);
      const analysis = await store.byId(recordingId);
      const lifetime = { expiresInSeconds: audioLifetimeSeconds, contentType: 'application/json' };
      const expiresAt = clock() + audioLifetimeSeconds * 1_000;
      return {
        state: analysis?.state ?? ('none' as const),
        summary: analysis?.found ?? null,
        track: analysis?.fileKey
          ? { url: await deps.storage.presignGet(analysis.fileKey, lifetime), expiresAt }
          : null,
      };
    },

    /** Forgets what is kept of a recording; its files go with its folder. May be repeated. */
    eraseRecording: (recordingId: string): Promise<void> => store.erase(recordingId),
  };
}
