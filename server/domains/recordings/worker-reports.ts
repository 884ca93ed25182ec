import type { Report } from '#contract/capture.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { RecordingQueues } from './recordings.ports.ts';
import type { RecordingsStore } from './recordings.store.ts';
import { archiveJobOf, coverageOf, type RecordingEvents } from './recordings.ts';

export interface WorkerReportsDependencies {
  readonly store: RecordingsStore;
  readonly queues: Pick<RecordingQueues, 'enqueueArchive'>;
  readonly events: TypedEvents<RecordingEvents>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Applies a worker's word, delivered at least once. Applying it twice, or late, changes nothing. */
export async function applyReport(report: Report, deps: WorkerReportsDependencies): Promise<void> {
  const { store, queues, events, clock, log } = deps;
  switch (report.kind) {
    case 'capture-started':
    case 'captured':
      // The tap says it first, and for all copies; where its server died, the sweep does.
      return;
    case 'capture-lost':
      log.warn({ callId: report.callId, captureId: report.captureId, reason: report.reason }, 'capture lost');
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
        loudness: facts.loudness,
        sealedIn: report.spoolId ?? null,
        failure: null,
      });
      if (sealed) events.emit('recording-moved', { recording: sealed });
      // Sealed already: perhaps by an earlier try that did not get as far as the queue. Queueing twice does nothing.
      const recording = sealed ?? (before.state === 'sealed' ? before : null);
      if (recording) await queues.enqueueArchive(archiveJobOf(recording));
      return;
    }
    case 'archived': {
      const recording = await store.move(report.recordingId, ['sealed'], 'archived', {
        stateAt: clock(),
        files: report.files,
        failure: null,
      });
      if (!recording) {
        await store.replaceArchived(report.recordingId, report.files);
        return;
      }
      log.info({ recordingId: recording.id, callId: recording.callId }, 'archived');
      events.emit('recording-moved', { recording });
      events.emit('recording-archived', { recording });
      return;
    }
    case 'files-added':
      await store.addFiles(report.recordingId, report.files);
      events.emit('recording-files-added', {
        recordingId: report.recordingId,
        kinds: report.files.map(({ kind }) => kind),
      });
      return;
    case 'files-withdrawn':
      await store.withdrawFiles(report.recordingId, report.keys, report.addendum);
      return;
    case 'failed': {
      const failure = { code: report.code, message: report.message };
      log.error(
        { recordingId: report.recordingId, stage: report.stage, code: report.code, final: report.final },
        'recording failed',
      );
      if (report.final) {
        const recording = await store.move(
          report.recordingId,
          ['capturing', 'captured', 'sealed'],
          'failed',
          { stateAt: clock(), failure },
        );
        if (recording) events.emit('recording-moved', { recording });
      } else {
        // Of a stage that is over since then it is no news: reports may overtake each other.
        const states = {
          capture: 'capturing',
          seal: 'captured',
          archive: 'sealed',
          erase: 'deleting',
        } as const;
        const at = states[report.stage];
        await store.move(report.recordingId, [at], at, { failure });
      }
    }
  }
}
