import type { AnalysisSummary } from '#contract/analysis.ts';
import { handleAnalysisReports } from '#domains/analysis/analysis.jobs.ts';
import { analysisRoutes } from '#domains/analysis/analysis.routes.ts';
import { createAnalysisService } from '#domains/analysis/analysis.service.ts';
import { createFollowUpsStore } from '#domains/analysis/follow-ups.store.ts';
import { createTagsService, type TagsDependencies } from '#domains/analysis/tags.service.ts';
import { createTranscriptsService, type TranscriptEvents } from '#domains/analysis/transcripts.service.ts';
import type { FoundTranscript } from '#domains/analysis/transcripts.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { RecordingEvents } from '#domains/recordings/recordings.ts';
import type { Queues } from '#kernel/queues.ts';
import { repeat } from '#kernel/repeat.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import type { LiveNeeds } from './live.ts';

/** How often recordings that nobody has followed up are looked for. Milliseconds. */
const sweepEveryMs = 15_000;

interface AnalysisNeeds extends Pick<LiveNeeds, 'config' | 'log' | 'lifecycle' | 'clock' | 'mongo'> {
  readonly queues: Queues;
  readonly objects: ObjectStore;
  readonly hearings: HearingsService;
  readonly recordings: RecordingsService;
  readonly events: TypedEvents<RecordingEvents>;
  readonly decisions: TagsDependencies['decisions'];
  readonly scenarios: TagsDependencies['scenarios'];
}

/** What is found out about recordings once they are archived: asked for here, done by the workers. */
export async function startAnalysis(needs: AnalysisNeeds) {
  const {
    config,
    log,
    lifecycle,
    clock,
    mongo,
    queues,
    objects,
    hearings,
    recordings,
    events,
    decisions,
    scenarios,
  } = needs;
  const analyses = createFollowUpsStore<AnalysisSummary>(mongo, 'analyses');
  const written = createFollowUpsStore<FoundTranscript>(mongo, 'transcripts');
  await Promise.all([analyses.ready(), written.ready()]);
  const analysis = createAnalysisService({
    ...{ recordings, events, clock, log },
    store: analyses,
    asks: config.ANALYSIS === 'on',
    queue: queues,
    storage: objects,
  });
  const transcriptEvents = new TypedEvents<TranscriptEvents>((event, fault) =>
    log.error({ domain: 'analysis', event, err: fault }, 'an event was not handled'),
  );
  const transcripts = createTranscriptsService({
    ...{ recordings, hearings, clock, log },
    store: written,
    recordingEvents: events,
    events: transcriptEvents,
    asks: config.TRANSCRIBER !== 'none',
    queue: queues,
    storage: objects,
  });
  const tags = createTagsService({
    ...{ recordings, decisions, hearings, scenarios, clock, log },
    transcripts: written,
    events: transcriptEvents,
    storage: objects,
  });
  handleAnalysisReports(queues, { analysis, transcripts, log });
  repeat('sweep of analyses', sweepEveryMs, () => analysis.sweep(), { lifecycle, log });
  repeat('sweep of transcripts', sweepEveryMs, () => transcripts.sweep(), { lifecycle, log });
  repeat('sweep of tags', sweepEveryMs, () => tags.sweep(), { lifecycle, log });
  return { analysis, transcripts, transcriptEvents, routes: analysisRoutes(analysis, transcripts, tags) };
}
