import type { WorkerHeartbeat } from '#contract/capture.ts';
import type { CallTap, TapStatus } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { RecordingQueues } from './recordings.ports.ts';
import type { StoredRecording } from './recordings.ts';

/** A capture job that no worker took up for this long is queued once more under a new lease. Milliseconds. */
const untakenMs = 20_000;
/** A call that no recorder has for this long is an alarm. Milliseconds. */
const alarmAfterMs = 5_000;

export type CopiesWanted = 'auto' | '1' | '2';

export interface CopiesDependencies {
  readonly tap: CallTap;
  readonly queues: Pick<RecordingQueues, 'enqueueCapture'>;
  readonly workers: () => Promise<WorkerHeartbeat[]>;
  readonly copies: CopiesWanted;
  /** A call that nobody records; it goes on all the same. */
  readonly onUntaken: (call: { callId: string; recordingId: string; forMs: number }) => void;
  readonly clock: Clock;
  readonly log: Log;
}

type Ids = Pick<StoredRecording, 'id' | 'callId'>;

interface Kept {
  readonly recordingId: string;
  /** When each copy's capture was queued last; undefined: not, or given up. */
  readonly queuedAt: (number | undefined)[];
  unrecordedSince: number | undefined;
  told: boolean;
}

export type Copies = ReturnType<typeof createCopies>;

/**
 * How many copies a call should have: as many as asked for, in `auto` two where two workers can take it. `able` are the
 * workers that take calls; one that is full still counts for a call that it records.
 */
export function wantedCopies(
  asked: CopiesWanted,
  able: ReadonlySet<string>,
  call: Pick<TapStatus, 'copies' | 'ended'>,
): number {
  // What is over needs no second copy any more: one on disk is enough to seal.
  if (call.ended || asked === '1') return 1;
  if (asked === '2') return 2;
  const recording = call.copies.flatMap(({ workerId }) => (workerId === null ? [] : [workerId]));
  return Math.max(1, Math.min(2, new Set([...able, ...recording]).size));
}

/** Sees to it that every call at this instance's tap is recorded by as many workers as it should be. */
export function createCopies(deps: CopiesDependencies) {
  const { tap, queues, clock, log } = deps;
  const kept = new Map<string, Kept>();
  let able = new Set<string>();

  async function queue(callId: string, copy: number): Promise<void> {
    const call = kept.get(callId);
    if (!call) return;
    const captureId = newId('cap', clock());
    call.queuedAt[copy] = clock();
    const { recordingId } = call;
    await queues.enqueueCapture({ captureId, callId, recordingId, copy, tap: tap.lease(callId, copy) });
    log.info({ callId, recordingId, captureId, copy }, 'capture queued');
  }

  const statusOf = (callId: string) => tap.status().find((one) => one.callId === callId);

  async function lookForWorkers(): Promise<void> {
    try {
      // Whether one lives is for its key's expiry to say: its clock may be another one than ours.
      const living = (await deps.workers()).filter(({ refusing }) => !refusing);
      able = new Set(living.map(({ workerId }) => workerId));
    } catch (error) {
      // While Redis is away the last answer stands.
      log.debug({ err: error }, 'recordings workers could not be asked for');
    }
  }

  function watchUntaken(call: Kept, status: TapStatus, now: number): void {
    if (status.connected) {
      if (call.told) log.info({ callId: status.callId }, 'the call is recorded again');
      call.unrecordedSince = undefined;
      call.told = false;
      return;
    }
    call.unrecordedSince ??= now;
    const forMs = now - call.unrecordedSince;
    if (call.told || forMs < alarmAfterMs) return;
    call.told = true;
    const { callId } = status;
    log.error({ callId, recordingId: call.recordingId, forMs }, 'no worker takes this call');
    deps.onUntaken({ callId, recordingId: call.recordingId, forMs });
  }

  return {
    /** The call's recording exists: asks for its copies. Doing it twice asks anew. */
    async begin({ id, callId }: Ids): Promise<void> {
      if (able.size === 0) await lookForWorkers();
      kept.set(callId, { recordingId: id, queuedAt: [], unrecordedSince: undefined, told: false });
      await queue(callId, 0);
      const status = statusOf(callId);
      if (status && wantedCopies(deps.copies, able, status) > 1) await queue(callId, 1);
    },

    /** A recorder of this copy is gone: another one is asked for at once, unless the other copy is all there can be. */
    async lost({ id, callId }: Ids, copy: number): Promise<void> {
      const status = statusOf(callId);
      if (!status) return;
      if (!kept.has(callId)) {
        kept.set(callId, { recordingId: id, queuedAt: [], unrecordedSince: undefined, told: false });
      }
      const connected = status.copies.filter(({ workerId }) => workerId !== null).length;
      if (connected < wantedCopies(deps.copies, able, status)) await queue(callId, copy);
      else kept.get(callId)!.queuedAt[copy] = undefined;
    },

    /**
     * Every second: second copies where a second worker came, none where it went, captures that nobody took anew, and
     * the alarm for calls that nobody records.
     */
    async tend(): Promise<void> {
      await lookForWorkers();
      const now = clock();
      const statuses = new Map(tap.status().map((status) => [status.callId, status]));
      for (const [callId, call] of kept) {
        const status = statuses.get(callId);
        if (!status) {
          kept.delete(callId);
          continue;
        }
        watchUntaken(call, status, now);
        const open = status.copies.flatMap(({ workerId }, copy) => (workerId === null ? [copy] : []));
        let lacking = wantedCopies(deps.copies, able, status) - (status.copies.length - open.length);
        for (const copy of open) {
          const queuedAt = call.queuedAt[copy];
          if (lacking > 0) {
            lacking -= 1;
            if (queuedAt === undefined || now - queuedAt > untakenMs) await queue(callId, copy);
          } else if (status.copies[copy]!.expected) {
            call.queuedAt[copy] = undefined;
            tap.waive(callId, copy);
          }
        }
      }
    },

    /** Calls that no recorder has had for seconds. */
    untaken: (): number => [...kept.values()].filter(({ told }) => told).length,
  };
}
