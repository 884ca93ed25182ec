import type { Queues } from '#kernel/queues.ts';
import type { ClipsService } from './clips.service.ts';

/** The queue door: what the recordings workers report of clips. Each may come twice. */
export function handleClipReports(queues: Queues, clips: ClipsService): void {
  queues.handle('clip-reports', (report) => clips.apply(report), { concurrency: 2 });
}
