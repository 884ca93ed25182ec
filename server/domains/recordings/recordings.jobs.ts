import type { Report } from '#contract/capture.ts';
import type { Queues } from '#kernel/queues.ts';
import type { CaptureService } from './capture.service.ts';

/** Reports of one recording arrive in order; of many, side by side. */
const reportsAtATime = 4;

/** The queue door: what the recordings workers report. */
export function handleReports(queues: Queues, capture: CaptureService, deletions: DeletionReports): void {
  queues.handle(
    'reports',
    (report) => (report.kind === 'erased' ? deletions.erased(report) : capture.apply(report)),
    { concurrency: reportsAtATime },
  );
}

/** Whoever orders deletions hears that one is done. */
export interface DeletionReports {
  erased(report: Extract<Report, { kind: 'erased' }>): Promise<void>;
}
