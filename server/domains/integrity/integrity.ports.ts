import type { SpoolListing } from '#contract/capture.ts';
import type { RecordingState } from '#contract/recordings.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** UTC ms. */
  readonly modifiedAt: number;
}

/** The bucket, to look at. Error: `store.storage`. */
export interface Bucket {
  list(prefix: string, options?: { startAfter?: string }): AsyncIterable<ListedObject>;
  sizeOf(key: string): Promise<number | null>;
  staleUploads(before: number): Promise<readonly Upload[]>;
  abortUpload(upload: Upload): Promise<void>;
}

export interface Upload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: number;
}

/** The recordings as the database has them. */
export interface RecordingRows {
  byId(id: string): Promise<StoredRecording | null>;
  byIds(ids: readonly string[]): Promise<StoredRecording[]>;
  byCalls(callIds: readonly string[]): Promise<StoredRecording[]>;
  /** By the recording's start, UTC ms; in the order of ids, behind `afterId`. */
  startedBetween(from: number, to: number, afterId: string, limit: number): Promise<StoredRecording[]>;
  firstStartFrom(from: number): Promise<number | null>;
  /** By compare-and-set; null when the state was none of `from`. */
  move(
    id: string,
    from: readonly RecordingState[],
    to: RecordingState,
    set: Partial<Omit<StoredRecording, 'id' | 'state'>>,
  ): Promise<StoredRecording | null>;
}

/** What the spools of living workers hold. */
export type Spools = () => Promise<SpoolListing[]>;
