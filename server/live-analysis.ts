import { handleAnalysisReports } from '#domains/analysis/analysis.jobs.ts';
import { analysisRoutes } from '#domains/analysis/analysis.routes.ts';
import { createAnalysisService } from '#domains/analysis/analysis.service.ts';
import { createAnalysisStore } from '#domains/analysis/analysis.store.ts';
import type { RecordingEvents } from '#domains/recordings/capture.service.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { Queues } from '#kernel/queues.ts';
import { repeat } from '#kernel/repeat.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { LiveNeeds } from './live.ts';

/** How often recordings without an analysis are looked for. Milliseconds. */
const sweepEveryMs = 15_000;

interface AnalysisNeeds extends Pick<LiveNeeds, 'config' | 'log' | 'lifecycle' | 'clock' | 'mongo'> {
  readonly queues: Queues;
  readonly objects: ObjectStore;
  readonly recordings: RecordingsService;
  readonly events: TypedEvents<RecordingEvents>;
}

/** What is found out about recordings once they are archived: asked for here, done by the workers. */
export async function startAnalysis(needs: AnalysisNeeds) {
  const { config, log, lifecycle, clock, mongo, queues, objects, recordings, events } = needs;
  const store = createAnalysisStore(mongo);
  await store.ready();
  const analysis = createAnalysisService({
    store,
    recordings,
    events,
    asks: config.ANALYSIS === 'on',
    queue: queues,
    storage: objects,
    clock,
    log,
  });
  handleAnalysisReports(queues, analysis);
  repeat('sweep of analyses', sweepEveryMs, () => analysis.sweep(), { lifecycle, log });
  return { analysis, routes: analysisRoutes(analysis) };
}
