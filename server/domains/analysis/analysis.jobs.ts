import type { AnalysisReport } from '#contract/analysis.ts';
import type { Log } from '#kernel/log.ts';
import type { Queues } from '#kernel/queues.ts';
import type { AnalysisService } from './analysis.service.ts';
import type { TranscriptsService } from './transcripts.service.ts';

/** The queue door: what the recordings workers report of analyses and transcripts. Each may come twice. */
export function handleAnalysisReports(
  queues: Queues,
  { analysis, transcripts, log }: { analysis: AnalysisService; transcripts: TranscriptsService; log: Log },
): void {
  const apply = async (report: AnalysisReport): Promise<void> => {
    switch (report.kind) {
      case 'analysed':
        return analysis.analysed(report);
      case 'transcribed':
        return transcripts.transcribed(report);
      case 'failed': {
        const { recordingId, what, code, message, final } = report;
        log.warn({ recordingId, what, code, final }, 'not followed up');
        const service = what === 'analysis' ? analysis : transcripts;
        return service.failed(recordingId, { code, message }, final);
      }
    }
  };
  queues.handle('analysis-reports', apply, { concurrency: 2 });
}
