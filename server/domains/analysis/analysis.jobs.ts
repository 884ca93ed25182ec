import type { Queues } from '#kernel/queues.ts';
import type { AnalysisService } from './analysis.service.ts';

/** The queue door: what the recordings workers report of their analyses. */
export function handleAnalysisReports(queues: Queues, analysis: AnalysisService): void {
  queues.handle('analysis-reports', (report) => analysis.apply(report), { concurrency: 2 });
}
