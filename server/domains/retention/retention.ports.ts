import type { EraseJob } from '#contract/capture.ts';
import type { RecordingState } from '#contract/recordings.ts';
import type { HoldScope, RecordingClass } from '#contract/retention.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import type { PolicyReach } from './retention.ts';

/**
 * Whoever keeps something that was made of a recording: transcripts, analyses, tags, clips. `erase` takes it all away;
 * it may be asked again, and for recordings of which it has nothing.
 */
export interface Dependent {
  readonly name: string;
  erase(recording: { readonly recordingId: string; readonly callId: string }): Promise<void>;
}

/** The recordings as the database has them. */
export interface RecordingRows {
  byId(id: string): Promise<StoredRecording | null>;
  inState(states: readonly RecordingState[]): Promise<StoredRecording[]>;
  move(
    id: string,
    from: readonly RecordingState[],
    to: RecordingState,
    set: Partial<Omit<StoredRecording, 'id' | 'state'>>,
  ): Promise<StoredRecording | null>;
  claimAttempt(recording: StoredRecording, now: number): Promise<StoredRecording | null>;
  /** False when it is deleted, or on its way to be. */
  classify(id: string, recordingClass: RecordingClass): Promise<boolean>;
  /** Archived or failed ones that began before this, the oldest first; behind `after`. */
  reachedBy(
    reach: PolicyReach,
    startedBefore: number,
    after: { readonly startedAt: number; readonly id: string } | null,
    limit: number,
  ): Promise<StoredRecording[]>;
  countCovered(scope: HoldScope, states: readonly RecordingState[]): Promise<number>;
}

/** The durable queue to the workers. No-op while an erasure of the same recording waits or runs. */
export interface ErasureQueue {
  enqueueErase(job: EraseJob): Promise<void>;
}
