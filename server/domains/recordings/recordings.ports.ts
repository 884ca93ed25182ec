import type { ArchiveJob, CaptureJob, RenderJob, SealJob } from '#contract/capture.ts';

/** The durable queues to the recordings workers. Adding waits while the queue's store is away. */
export interface RecordingQueues {
  enqueueCapture(job: CaptureJob): Promise<void>;
  /** No-op while a seal of the same recording waits or runs. */
  enqueueSeal(job: SealJob): Promise<void>;
  /** As `enqueueSeal`. */
  enqueueArchive(job: ArchiveJob): Promise<void>;
}

/** The durable queue for further renderings. */
export interface RenderQueue {
  /** No-op while a rendering of the same recording waits or runs. */
  enqueueRender(job: RenderJob): Promise<void>;
}

/** Read access to the archive. Error: `store.storage`. */
export interface RecordingStorage {
  presignGet(key: string, options: { expiresInSeconds: number; contentType: string }): Promise<string>;
}
