import type { Report, WorkerHeartbeat } from '#contract/capture.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { CallTap } from '#domains/calls/calls.ports.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { CallEvents, StoredCall } from '#domains/calls/calls.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { type CopiesWanted, createCopies } from './copies.ts';
import type { RecordingQueues } from './recordings.ports.ts';
import type { RecordingsStore } from './recordings.store.ts';
import {
  archiveJobOf,
  type RecordingEvents,
  type StoredRecording,
  sealJobOf,
  searchTextOf,
  stageTimeoutMs,
} from './recordings.ts';
import { applyReport } from './worker-reports.ts';

/** After a call's end the recorder's own word is waited for this long before the spool is sealed as it is. */
const finishGraceMs = 10_000;

export interface CaptureDependencies {
  readonly store: RecordingsStore;
  readonly calls: CallsService;
  readonly tap: CallTap;
  readonly queues: RecordingQueues;
  /** The recordings workers that live now. */
  readonly workers: () => Promise<WorkerHeartbeat[]>;
  readonly copies: CopiesWanted;
  readonly callEvents: TypedEvents<CallEvents>;
  readonly events: TypedEvents<RecordingEvents>;
  readonly scenarioName: (scenarioId: string) => Promise<LocalText | null>;
  readonly instanceId: string;
  readonly instanceAlive: (instanceId: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

export type CaptureService = ReturnType<typeof createCaptureService>;

/**
 * Keeps every call: queues its capture when it is first heard, moves the capture when a recorder dies, and leads
 * the recording through capturing → captured → sealed → archived. Each step may be repeated after a crash anywhere.
 */
export function createCaptureService(deps: CaptureDependencies) {
  const { store, tap, queues, clock, log } = deps;
  const copies = createCopies({
    tap,
    queues,
    workers: deps.workers,
    copies: deps.copies,
    onUntaken: (call) => deps.events.emit('capture-untaken', call),
    clock,
    log,
  });

  async function writeDown(call: StoredCall, set: Partial<StoredRecording>): Promise<StoredRecording> {
    const scenario = call.facts.scenarioId ? await deps.scenarioName(call.facts.scenarioId) : null;
    const now = clock();
    return store.insert({
      id: newId('rec', call.startedAt ?? now),
      callId: call.id,
      lineId: call.lineId,
      agentId: call.agentId,
      agentName: call.agentName,
      customerMasked: call.customerMasked,
      facts: call.facts,
      state: 'capturing',
      stateAt: now,
      attempts: 0,
      startedAt: call.startedAt ?? now,
      callEndedAt: null,
      durationMs: null,
      thumbnail: null,
      gaps: [],
      coverage: null,
      packetsDropped: 0,
      packets: null,
      files: [],
      failure: null,
      searchText: searchTextOf(call, scenario),
      ...set,
    });
  }

  async function begin(call: StoredCall): Promise<void> {
    await copies.begin(await writeDown(call, {}));
  }

  async function captured(recordingId: string, set: Partial<StoredRecording>): Promise<void> {
    const moved = await store.move(recordingId, ['capturing'], 'captured', {
      ...set,
      stateAt: clock(),
      attempts: 1,
    });
    if (moved) deps.events.emit('recording-moved', { recording: moved });
    // Moved by an earlier try that did not get as far as the queue: queueing twice does nothing.
    const recording = moved ?? (await store.byId(recordingId));
    if (recording?.state !== 'captured') return;
    await queues.enqueueSeal(sealJobOf(recording));
    if (moved) log.info({ recordingId, callId: recording.callId }, 'captured');
  }

  /** What is being written for calls that nobody waits for; a stop waits for it. */
  const writing = new Set<Promise<void>>();
  const keepTrying = (what: string, callId: string, attempt: () => Promise<void>) => {
    const written = persistently(what, attempt, { log, giveUp: (_, tries) => tries > 200 })
      .catch((error: unknown) => log.error({ callId, what, err: error }, 'gave up'))
      .finally(() => writing.delete(written));
    writing.add(written);
  };

  deps.callEvents.on('call-started', ({ call }) => keepTrying('begin recording', call.id, () => begin(call)));

  deps.callEvents.on('call-ended', ({ call }) => {
    if (call.startedAt === null) return;
    keepTrying('note call end', call.id, async () => {
      const recording = await store.byCall(call.id);
      if (recording) await store.set(recording.id, { callEndedAt: call.endedAt });
    });
  });

  tap.on('recorder-connected', ({ callId, spoolId }) =>
    keepTrying('note holder', callId, () => store.addHolder(callId, spoolId)),
  );

  tap.on('recorder-lost', ({ callId, copy }) =>
    keepTrying('move capture', callId, async () => {
      const recording = await store.byCall(callId);
      if (recording?.state !== 'capturing') return;
      log.warn({ callId, recordingId: recording.id, copy }, 'recorder lost, capture moves');
      await copies.lost(recording, copy);
    }),
  );

  tap.on('recorder-finished', ({ callId, packets, dropped, items, spoolIds }) =>
    keepTrying('finish capture', callId, async () => {
      const recording = await store.byCall(callId);
      if (recording) {
        await captured(recording.id, { packets, packetsDropped: dropped, items, holders: spoolIds });
      }
    }),
  );

  return {
    /** Resolves when everything that events asked for is written. */
    async written(): Promise<void> {
      await Promise.all(writing);
    },

    /** A worker's word: see {@link applyReport}. */
    apply: (report: Report) => applyReport(report, deps),

    /**
     * Every few seconds: calls whose recorder never said goodbye (their server died) are led on, and stages that
     * stand still are queued again.
     */
    async sweep(): Promise<void> {
      const now = clock();
      const tapped = new Map(tap.status().map((status) => [status.callId, status]));
      for (const recording of await store.inState(['capturing', 'captured', 'sealed'])) {
        if (recording.state === 'capturing') {
          if (tapped.has(recording.callId)) continue;
          const call = await deps.calls.find(recording.callId).catch(() => null);
          const over =
            call === null || (call.state === 'ended' && now - (call.endedAt ?? now) > finishGraceMs);
          if (!over) continue;
          // Its own server still waits for a recorder to have all of it.
          const elsewhere = call !== null && call.instanceId !== deps.instanceId;
          if (elsewhere && (await deps.instanceAlive(call.instanceId))) continue;
          await captured(recording.id, { callEndedAt: call?.endedAt ?? now });
          continue;
        }
        const stage = recording.state as 'captured' | 'sealed';
        // Each new attempt waits twice as long as the one before, up to half an hour.
        const patience = Math.min(
          stageTimeoutMs[stage] * 2 ** Math.max(0, recording.attempts - 1),
          30 * 60_000,
        );
        if (now - recording.stateAt < patience) continue;
        const claimed = await store.claimAttempt(recording, now);
        if (!claimed) continue;
        await (stage === 'captured'
          ? queues.enqueueSeal(sealJobOf(recording))
          : queues.enqueueArchive(archiveJobOf(recording)));
        log.warn({ recordingId: recording.id, stage, attempt: claimed.attempts }, 'stage queued again');
      }
    },

    /**
     * A spool holds a call that has ended and of which there is no recording (a database that was set back): it is
     * written down, and sealed from there. False when the call is not known, or not over.
     */
    async adopt(callId: string, spoolIds: readonly string[]): Promise<boolean> {
      const call = await deps.calls.find(callId).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'not-found') return null;
        throw error;
      });
      if (call?.state !== 'ended' || (await store.byCall(callId))) return false;
      const recording = await writeDown(call, {
        ...{ state: 'captured', attempts: 1, callEndedAt: call.endedAt, holders: spoolIds },
      });
      await queues.enqueueSeal(sealJobOf(recording));
      log.warn({ callId, recordingId: recording.id }, 'a call without a recording is sealed from a spool');
      return true;
    },

    /** Every second: see {@link createCopies}. */
    tend: () => copies.tend(),

    /** Calls that no recorder has had for seconds: an alarm. */
    untaken: () => copies.untaken(),
  };
}
