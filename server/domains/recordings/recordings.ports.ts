import type { ArchiveJob, CaptureJob, SealJob } from '#contract/capture.ts';

/** The durable queues to the recordings workers. A job that is queued twice under one key is done once. */
export interface RecordingQueues {
  capture(job: CaptureJob): Promise<void>;
  /** `attempt` tells a repeated job from the one before it, which the queue may still remember. */
  seal(job: SealJob, attempt: number): Promise<void>;
  archive(job: ArchiveJob, attempt: number): Promise<void>;
}

/** Read access to the archive. Error: `store.storage`. */
export interface RecordingStorage {
  signedGet(key: string, options: { expiresInSeconds: number; contentType: string }): Promise<string>;
}
