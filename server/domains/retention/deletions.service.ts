import type { Report } from '#contract/capture.ts';
import type { RetentionPolicy } from '#contract/retention.ts';
import type { RecordingDeletion, StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { Dependent, ErasureQueue, RecordingRows } from './retention.ports.ts';
import type { RetentionStore } from './retention.store.ts';
import { holdsOn } from './retention.ts';

/** An erasure of which nothing is heard for this long is asked for again; twice as long each time. Milliseconds. */
const erasePatienceMs = 2 * 60_000;
const longestPatienceMs = 30 * 60_000;

export interface DeletionDependencies {
  readonly store: RetentionStore;
  readonly recordings: RecordingRows;
  readonly queue: ErasureQueue;
  readonly dependents: readonly Dependent[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface DeletionOrder {
  /** `policy:<id>` or `person:<id>`. */
  readonly by: string;
  readonly actor: RetentionPolicy['updatedBy'];
  readonly reason: string;
}

export type Deletions = ReturnType<typeof createDeletions>;

/**
 * How a recording goes: archived or failed → deleting → deleted. From the first step on nobody can hear it; a worker
 * empties bucket and spools and leaves the tombstone; then what others made of it goes, and the row keeps only what the
 * proof needs. A crash anywhere is gone on with by {@link createDeletions.resume}.
 */
export function createDeletions(deps: DeletionDependencies) {
  const { store, recordings, queue, clock, log } = deps;

  async function enqueue(recording: StoredRecording): Promise<void> {
    const { requestedAt, by, reason } = recording.deletion!;
    const holders = [
      ...new Set([...(recording.holders ?? []), ...(recording.sealedIn ? [recording.sealedIn] : [])]),
    ];
    const { id: recordingId, callId, startedAt } = recording;
    await queue.enqueueErase({ recordingId, callId, startedAt, holders, requestedAt, by, reason });
  }

  /**
   * The last look before there is no way back. A hold that was placed before this look is seen here; one that is placed
   * later finds the recording on its way. Error `recording.held`: it is as it was.
   */
  async function commit(recording: StoredRecording): Promise<void> {
    const deletion = recording.deletion!;
    const [hold] = holdsOn(await store.openHolds(), recording);
    if (hold) {
      const back = recording.files.length > 0 && recording.failure === null ? 'archived' : 'failed';
      await recordings.move(recording.id, ['deleting'], back, { deletion: null, stateAt: clock() });
      throw new AppError('recording.held', 'A legal hold keeps this recording.', {
        details: { holdId: hold.id },
      });
    }
    const committed: RecordingDeletion = { ...deletion, committed: true };
    const moved = await recordings.move(recording.id, ['deleting'], 'deleting', { deletion: committed });
    if (moved) await enqueue(moved);
  }

  return {
    /**
     * Errors `recording.held`, `recording.not-ready` (neither archived nor failed; already deleted is no fault).
     * Answers the state that it has then.
     */
    async order(recording: StoredRecording, order: DeletionOrder): Promise<'deleting' | 'deleted'> {
      if (recording.state === 'deleting' || recording.state === 'deleted') return recording.state;
      const now = clock();
      const moved = await recordings.move(recording.id, ['archived', 'failed'], 'deleting', {
        stateAt: now,
        attempts: 1,
        deletion: {
          requestedAt: now,
          doneAt: null,
          by: order.by,
          reason: order.reason,
          committed: false,
          tombstone: null,
          files: [],
        },
      });
      if (!moved) {
        throw new AppError('recording.not-ready', 'This recording is still being prepared.', {
          details: { state: recording.state },
        });
      }
      await commit(moved);
      await store.record({
        at: now,
        by: order.actor,
        action: 'deletion-requested',
        recordingId: recording.id,
        reason: order.reason,
        before: null,
        after: { by: order.by },
      });
      log.info({ recordingId: recording.id, by: order.by }, 'deletion ordered');
      return 'deleting';
    },

    /** A worker's word that nothing but the tombstone is left; at least once. */
    async erased(report: Extract<Report, { kind: 'erased' }>): Promise<void> {
      const { recordingId, callId } = report;
      const recording = await recordings.byId(recordingId);
      if (recording?.state !== 'deleting' || !recording.deletion) return;
      for (const { erase } of deps.dependents) await erase({ recordingId, callId });
      const now = clock();
      const done = await recordings.move(recordingId, ['deleting'], 'deleted', {
        stateAt: now,
        failure: null,
        files: [],
        // What the row told of the call goes with its sound; whose call on which line it was stays for the record.
        facts: {},
        agentName: null,
        customerMasked: '',
        searchText: '',
        tags: [],
        tagDecisions: {},
        thumbnail: null,
        gaps: [],
        deletion: { ...recording.deletion, doneAt: now, tombstone: report.tombstone, files: report.files },
      });
      if (!done) return;
      await store.record({
        at: now,
        by: null,
        action: 'deletion-done',
        recordingId,
        reason: recording.deletion.reason,
        before: null,
        after: {
          by: recording.deletion.by,
          objects: report.files.length,
          tombstone: report.tombstone.sha256,
        },
      });
      log.info({ recordingId, objects: report.files.length }, 'recording deleted');
    },

    /** Empties folder and spools of a deleted recording once more: a late writer brought something back. */
    async again(recording: StoredRecording): Promise<void> {
      if (recording.state === 'deleted' && recording.deletion) await enqueue(recording);
    },

    /** Goes on with what a crash or a lost job left on its way. */
    async resume(): Promise<void> {
      const now = clock();
      for (const recording of await recordings.inState(['deleting'])) {
        const patience = Math.min(erasePatienceMs * 2 ** (recording.attempts - 1), longestPatienceMs);
        if (!recording.deletion || now - recording.stateAt < patience) continue;
        const claimed = await recordings.claimAttempt(recording, now);
        if (!claimed) continue;
        log.warn({ recordingId: recording.id, attempt: claimed.attempts }, 'deletion gone on with');
        if (claimed.deletion?.committed) await enqueue(claimed);
        else {
          await commit(claimed).catch((error: unknown) => {
            if (!(error instanceof AppError && error.code === 'recording.held')) throw error;
          });
        }
      }
    },
  };
}
