import type { AnalysisReport } from '#contract/analysis.ts';
import type { Person } from '#contract/identity.ts';
import type { TranscribeJob } from '#contract/transcripts.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { RecordingStorage } from '#domains/recordings/recordings.ports.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import { audioLifetimeSeconds, type RecordingEvents } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { createFollowUps } from './follow-ups.service.ts';
import type { FollowUpsStore } from './follow-ups.store.ts';
import { type FoundTranscript, transcribeJobOf, transcriptVersion } from './transcripts.ts';

export type TranscriptEvents = {
  'recording-transcribed': { recordingId: string; text: string };
};

export interface TranscriptsDependencies {
  readonly store: FollowUpsStore<FoundTranscript>;
  readonly recordings: RecordingsService;
  readonly hearings: HearingsService;
  readonly recordingEvents: TypedEvents<RecordingEvents>;
  readonly events: TypedEvents<TranscriptEvents>;
  readonly asks: boolean;
  /** No-op while a transcription of the same recording waits or runs. */
  readonly queue: { enqueueTranscript(job: TranscribeJob): Promise<void> };
  readonly storage: RecordingStorage;
  readonly clock: Clock;
  readonly log: Log;
}

/** A search that finds more than these is no search. */
const mostFound = 1_000;

export type TranscriptsService = ReturnType<typeof createTranscriptsService>;

/** Has every archived recording written down, where there is a transcriber; reading is logged like hearing. */
export function createTranscriptsService(deps: TranscriptsDependencies) {
  const { store, recordings, recordingEvents, asks, queue, clock, log } = deps;
  const followUps = createFollowUps({
    ...{ store, recordings, events: recordingEvents, asks, clock, log },
    version: transcriptVersion,
    jobOf: transcribeJobOf,
    enqueue: (job: TranscribeJob) => queue.enqueueTranscript(job),
  });

  return {
    sweep: followUps.sweep,
    failed: followUps.failed,

    async transcribed(report: Extract<AnalysisReport, { kind: 'transcribed' }>): Promise<void> {
      const { recordingId, words, transcriber, file } = report;
      const text = report.text.toLowerCase();
      if (!(await followUps.done(recordingId, { words, text, transcriber }, file.key))) return;
      deps.events.emit('recording-transcribed', { recordingId, text: report.text });
    },

    async show(person: Person, recordingId: string) {
      await recordings.find(person, recordingId);
      const transcript = await store.byId(recordingId);
      return { state: transcript?.state ?? ('none' as const), words: transcript?.found?.words ?? 0 };
    },

    /** The hearing is on record before the address is given out. */
    async read(person: Person, recordingId: string) {
      const recording = await recordings.find(person, recordingId);
      const fileKey = (await store.byId(recordingId))?.fileKey;
      if (!fileKey || recording.state !== 'archived') {
        throw new AppError('recording.not-ready', 'There is no transcript of this recording.');
      }
      const lifetime = { expiresInSeconds: audioLifetimeSeconds, contentType: 'application/json' };
      const expiresAt = clock() + audioLifetimeSeconds * 1_000;
      const url = await deps.storage.presignGet(fileKey, lifetime);
      await deps.hearings.recordReplay(person, recording);
      return { url, expiresAt };
    },

    /** Recordings in which every one of these words was said; lower case. */
    saying: (words: readonly string[]): Promise<string[]> => store.withWords('text', words, mostFound),

    /** Forgets what is kept of a recording; its files go with its folder. May be repeated. */
    eraseRecording: (recordingId: string): Promise<void> => store.erase(recordingId),
  };
}
