import type { Report } from '#contract/capture.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { CallTap } from '#domains/calls/calls.ports.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { CallEvents, StoredCall } from '#domains/calls/calls.ts';
import type { Clock } from '#kernel/clock.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { RecordingQueues } from './recordings.ports.ts';
import type { RecordingsStore } from './recordings.store.ts';
import { coverageOf, type StoredRecording, searchTextOf, stageTimeoutMs } from './recordings.ts';

/** A capture job that no worker took up for this long is queued once more under a new lease. Milliseconds. */
const untakenMs = 20_000;

/** After a call's end the recorder's own word is waited for this long before the spool is sealed as it is. */
const finishGraceMs = 10_000;

export type RecordingEvents = {
  'recording-archived': { recording: StoredRecording };
};

export interface CaptureDependencies {
  readonly store: RecordingsStore;
  readonly calls: CallsService;
  readonly tap: CallTap;
  readonly queues: RecordingQueues;
  readonly callEvents: TypedEvents<CallEvents>;
  readonly events: TypedEvents<RecordingEvents>;
  readonly scenarioName: (scenarioId: string) => Promise<LocalText | null>;
  readonly instanceId: string;
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
  /** When the capture of a call of this process was queued last. */
  const queuedAt = new Map<string, number>();

  async function queueCapture(recording: StoredRecording): Promise<void> {
    const captureId = newId('cap', clock());
    queuedAt.set(recording.callId, clock());
    const job = {
      captureId,
      callId: recording.callId,
      recordingId: recording.id,
      tap: tap.lease(recording.callId),
    };
    await queues.enqueueCapture(job);
    log.info({ callId: recording.callId, recordingId: recording.id, captureId }, 'capture queued');
  }

  async function begin(call: StoredCall): Promise<void> {
    const scenario = call.facts.scenarioId ? await deps.scenarioName(call.facts.scenarioId) : null;
    const now = clock();
    const recording = await store.insert({
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
    });
    await queueCapture(recording);
  }

  async function captured(recordingId: string, set: Partial<StoredRecording>): Promise<void> {
    const recording = await store.move(recordingId, ['capturing'], 'captured', {
      ...set,
      stateAt: clock(),
      attempts: 1,
    });
    if (!recording) return;
    queuedAt.delete(recording.callId);
    await queues.enqueueSeal({ recordingId, callId: recording.callId });
    log.info({ recordingId, callId: recording.callId }, 'captured');
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

  tap.on('recorder-lost', ({ callId }) =>
    keepTrying('move capture', callId, async () => {
      const recording = await store.byCall(callId);
      if (recording?.state !== 'capturing') return;
      log.warn({ callId, recordingId: recording.id }, 'recorder lost, capture moves');
      await queueCapture(recording);
    }),
  );

  tap.on('recorder-finished', ({ callId, packets }) => {
    const dropped = tap.status().find((status) => status.callId === callId)?.dropped ?? 0;
    keepTrying('finish capture', callId, async () => {
      const recording = await store.byCall(callId);
      if (recording) await captured(recording.id, { packets, packetsDropped: dropped });
    });
  });

  return {
    /** Resolves when everything that events asked for is written. */
    async written(): Promise<void> {
      await Promise.all(writing);
    },

    /** A worker's word, delivered at least once. Applying it twice, or late, changes nothing. */
    async apply(report: Report): Promise<void> {
      switch (report.kind) {
        case 'capture-started':
          queuedAt.set(report.callId, clock());
          return;
        case 'captured': {
          const call = await deps.calls.find(report.callId);
          if (call.state === 'ended') await captured(report.recordingId, { packets: report.packets });
          return;
        }
        case 'capture-lost':
          log.warn(
            { callId: report.callId, captureId: report.captureId, reason: report.reason },
            'capture lost',
          );
          return;
        case 'sealed': {
          const { facts } = report;
          const before = await store.byId(report.recordingId);
          if (!before) return;
          const kept = before.packets ?? facts.legs.reduce((sum, leg) => sum + leg.packets, 0);
          const sealed = await store.move(report.recordingId, ['captured'], 'sealed', {
            stateAt: clock(),
            attempts: 1,
            startedAt: facts.startedAt,
            durationMs: facts.durationMs,
            thumbnail: facts.thumbnail,
            gaps: facts.gaps,
            coverage: coverageOf(kept, before.packetsDropped, facts.coverage),
            failure: null,
          });
          if (sealed) await queues.enqueueArchive({ recordingId: sealed.id, callId: sealed.callId });
          return;
        }
        case 'archived': {
          const recording = await store.move(report.recordingId, ['sealed'], 'archived', {
            stateAt: clock(),
            files: report.files,
            failure: null,
          });
          if (!recording) return;
          log.info({ recordingId: recording.id, callId: recording.callId }, 'archived');
          deps.events.emit('recording-archived', { recording });
          return;
        }
        case 'files-added':
          await store.addFiles(report.recordingId, report.files);
          return;
        case 'failed': {
          const failure = { code: report.code, message: report.message };
          log.error(
            { recordingId: report.recordingId, stage: report.stage, code: report.code, final: report.final },
            'recording failed',
          );
          if (report.final) {
            await store.move(report.recordingId, ['capturing', 'captured', 'sealed'], 'failed', {
              stateAt: clock(),
              failure,
            });
          } else {
            await store.set(report.recordingId, { failure });
          }
        }
      }
    },

    /**
     * Every few seconds: captures nobody took, calls whose recorder never said goodbye (their server died),
     * and stages that stand still are queued again.
     */
    async sweep(): Promise<void> {
      const now = clock();
      const tapped = new Map(tap.status().map((status) => [status.callId, status]));
      for (const recording of await store.inState(['capturing', 'captured', 'sealed'])) {
        if (recording.state === 'capturing') {
          const status = tapped.get(recording.callId);
          if (status) {
            if (!status.connected && now - (queuedAt.get(recording.callId) ?? 0) > untakenMs)
              await queueCapture(recording);
            continue;
          }
          const call = await deps.calls.find(recording.callId).catch(() => null);
          const over =
            call === null || (call.state === 'ended' && now - (call.endedAt ?? now) > finishGraceMs);
          const elsewhere = call !== null && call.instanceId !== deps.instanceId && call.state !== 'ended';
          if (over && !elsewhere) await captured(recording.id, { callEndedAt: call?.endedAt ?? now });
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
        const job = { recordingId: recording.id, callId: recording.callId };
        await (stage === 'captured' ? queues.enqueueSeal(job) : queues.enqueueArchive(job));
        log.warn({ recordingId: recording.id, stage, attempt: claimed.attempts }, 'stage queued again');
      }
      for (const callId of queuedAt.keys()) if (!tapped.has(callId)) queuedAt.delete(callId);
    },
  };
}
