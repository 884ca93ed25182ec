import type { Queues } from '#kernel/queues.ts';
import type { CaptureService } from './capture.service.ts';

/** Reports of one recording arrive in order; of many, side by side. */
const reportsAtATime = 4;

/** The queue door: what the recordings workers report. */
export function handleReports(queues: Queues, capture: CaptureService): void {
  queues.handle('reports', (report) => capture.apply(report), { concurrency: reportsAtATime });
}
