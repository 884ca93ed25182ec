import type { ArchiveFinding } from '#contract/operations.ts';
import type { RecordingQueues } from '#domains/recordings/recordings.ports.ts';
import { type StoredRecording, sealJobOf } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Bucket, RecordingRows } from './integrity.ports.ts';
import type { IntegrityStore } from './integrity.store.ts';
import { type FindingDraft, findingId, sureAfterMs } from './integrity.ts';

export interface MendingDependencies {
  readonly store: IntegrityStore;
  readonly recordings: RecordingRows;
  readonly queues: Pick<RecordingQueues, 'enqueueSeal' | 'enqueueArchive'>;
  readonly bucket: Bucket;
  /** Empties folder and spools of a deleted recording once more. */
  readonly eraseAgain: (recording: StoredRecording) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What can be done about a finding without asking anybody. */
export function createMending(deps: MendingDependencies) {
  const { store, recordings, queues, bucket, clock, log } = deps;

  /** Seals and archives again from what lies in a spool. False when another server was first, or the state is another. */
  async function sealAgain(recording: StoredRecording): Promise<boolean> {
    const moved = await recordings.move(recording.id, ['archived', 'failed'], 'captured', {
      stateAt: clock(),
      attempts: 1,
      failure: null,
    });
    if (!moved) return false;
    await queues.enqueueSeal(sealJobOf(moved));
    await store.mending(recording.id);
    return true;
  }

  /** A recording whose sound is gone for good says so, to those who would listen to it. */
  async function giveUp(recording: StoredRecording, key: string): Promise<void> {
    const failure = { code: 'archive.object-missing', message: 'Its sound is no longer in the archive.' };
    const moved = await recordings.move(recording.id, ['archived'], 'failed', { stateAt: clock(), failure });
    if (moved) log.error({ recordingId: recording.id, key }, 'the sound of a recording is gone');
  }

  async function mendObject(draft: FindingDraft, inSpool: (callId: string) => boolean, now: number) {
    const recording = await recordings.byId(draft.recordingId!);
    if (recording?.state !== 'archived') return 'open' as const;
    const expected = recording.files.find(({ key }) => key === draft.key);
    if (!expected || (await bucket.sizeOf(expected.key)) === expected.bytes) return 'mending' as const;
    log.error(
      { recordingId: recording.id, key: draft.key, kind: draft.kind },
      'an archived object is not whole',
    );
    if (inSpool(recording.callId)) {
      if (await sealAgain(recording)) log.warn({ recordingId: recording.id }, 'sealing again from the spool');
      return 'mending' as const;
    }
    const id = findingId(draft.kind, draft.subject);
    const before = (await store.known([id])).get(id);
    const sure = before && before.state !== 'mended' && now - before.firstSeenAt >= sureAfterMs;
    if (sure && expected.kind === 'audio' && draft.kind === 'object-missing') {
      await giveUp(recording, expected.key);
    }
    return 'open' as const;
  }

  /** What lies beside a tombstone, in bucket or spool, is to be gone: nobody lists it for somebody to decide. */
  async function eraseRemains(recordingId: string | null): Promise<ArchiveFinding['state']> {
    const recording = recordingId === null ? null : await recordings.byId(recordingId);
    if (recording?.state !== 'deleted') return 'open';
    await deps.eraseAgain(recording);
    log.warn({ recordingId }, 'remains of a deleted recording are erased');
    return 'mending';
  }

  return { sealAgain, mendObject, eraseRemains };
}
