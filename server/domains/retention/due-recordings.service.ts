import type { LegalHold, RetentionItem, RetentionPolicy, RetentionPreview } from '#contract/retention.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { Deletions } from './deletions.service.ts';
import type { RecordingRows } from './retention.ports.ts';
import type { RetentionStore } from './retention.store.ts';
import { classOf, dayMs, dueAt, holdsOn, reachOf, withOwn } from './retention.ts';

/** A run that dies is another's after this. Milliseconds. */
const runLeaseMs = 10 * 60_000;
/** More than this waits for the next run, a minute later, so that a new policy does not flood the workers at once. */
const ordinaryRun = 500;
/** Recordings read at a time. */
const batch = 500;

export interface DueDependencies {
  readonly store: RetentionStore;
  readonly recordings: RecordingRows;
  readonly deletions: Deletions;
  /** Deletions that one run orders. 500 unless told. */
  readonly perRun?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The recordings that have reached their ceiling: which ones they are, or would be, and the runs that order their deletion. */
export function createDueRecordings(deps: DueDependencies) {
  const { store, recordings, deletions, clock, log, perRun = ordinaryRun } = deps;

  /** What has reached a policy's ceiling at that instant, the oldest first, with the holds on it. */
  async function* reached(policy: RetentionPolicy, policies: readonly RetentionPolicy[], at: number) {
    if (policy.ceilingDays === null) return;
    const holds = await store.openHolds();
    const reach = reachOf(policy, policies);
    let after: { startedAt: number; id: string } | null = null;
    for (;;) {
      const rows = await recordings.reachedBy(reach, at - policy.ceilingDays * dayMs, after, batch);
      for (const recording of rows) yield { recording, holds: holdsOn(holds, recording) };
      const last = rows.at(-1);
      if (!last || rows.length < batch) return;
      after = { startedAt: last.startedAt, id: last.id };
    }
  }

  /** Orders the deletion of what is due; answers how many were ordered and whether there is more. */
  async function deleteDue(): Promise<{ queued: number; more: boolean }> {
    const policies = withOwn(await store.policies());
    let queued = 0;
    for (const policy of policies) {
      for await (const { recording, holds } of reached(policy, policies, clock())) {
        if (holds.length > 0) continue;
        if (queued >= perRun) return { queued, more: true };
        const reason = `older than ${policy.ceilingDays} days`;
        try {
          await deletions.order(recording, { by: `policy:${policy.id}`, actor: null, reason });
          queued += 1;
        } catch (error) {
          // A hold or another server was first.
          if (!(error instanceof AppError && error.blame === 'caller')) throw error;
          log.info({ recordingId: recording.id, code: error.code }, 'not deleted');
        }
      }
    }
    return { queued, more: false };
  }

  return {
    /** What these policies would have deleted at that instant (UTC ms), and what they could not; the longest due are named. */
    async preview(
      at: number,
      policies: readonly RetentionPolicy[],
      limit: number,
    ): Promise<RetentionPreview> {
      const [due, held] = [noSum(), noSum()];
      const byPolicy: RetentionPreview['byPolicy'] = [];
      const items: RetentionItem[] = [];
      for (const policy of policies) {
        const own = { policy, due: noSum(), held: noSum() };
        for await (const { recording, holds } of reached(policy, policies, at)) {
          const item = itemOf(recording, policy, holds);
          for (const sum of holds.length > 0 ? [held, own.held] : [due, own.due])
            add(sum, recording, item.bytes);
          items.push(item);
          // However many are due, only the longest due ones are kept in memory.
          if (items.length >= 2 * limit) longestDue(items, limit);
        }
        byPolicy.push(own);
      }
      longestDue(items, limit);
      return { at, due, held, byPolicy, items };
    },

    /** Orders what is due, unless another server is at it or one was after `notSince`: then null. Answers how many. */
    async run(notSince: number): Promise<number | null> {
      const now = clock();
      if (!(await store.claimRun(now, now + runLeaseMs, notSince))) return null;
      let more = true;
      try {
        const outcome = await deleteDue();
        more = outcome.more;
        if (outcome.queued > 0) log.info({ queued: outcome.queued, more }, 'retention run');
        return outcome.queued;
      } finally {
        await store.endRun(clock(), more);
      }
    },
  };
}

type Sum = RetentionPreview['due'];
const noSum = (): Sum => ({ recordings: 0, bytes: 0, seconds: 0 });

function longestDue(items: RetentionItem[], limit: number): void {
  items.sort((a, b) => a.dueAt - b.dueAt);
  items.length = Math.min(items.length, limit);
}

function add(sum: Sum, recording: StoredRecording, bytes: number): void {
  sum.recordings += 1;
  sum.bytes += bytes;
  sum.seconds += (recording.durationMs ?? 0) / 1_000;
}

function itemOf(
  recording: StoredRecording,
  policy: RetentionPolicy,
  holds: readonly LegalHold[],
): RetentionItem {
  return {
    recordingId: recording.id,
    lineId: recording.lineId,
    recordingClass: classOf(recording),
    startedAt: recording.startedAt,
    bytes: recording.files.reduce((sum, { bytes }) => sum + bytes, 0),
    policyId: policy.id,
    dueAt: dueAt(recording, policy) ?? 0,
    holds: holds.map(({ id, reason }) => ({ id, reason })),
  };
}
