import type { ClipJob, ClipReport, WithdrawJob } from '#contract/clips.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { RecordingEvents, StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { createClipMasking } from './clip-masking.ts';
import type { ClipsStore } from './clips.store.ts';
import { clipJobOf, isGone, manifestOf, noRecordingAfterMs, patienceOf, type StoredClip } from './clips.ts';

export type ClipEvents = { 'clip-changed': { clip: StoredClip } };

export interface ClipCuttingDependencies {
  readonly store: ClipsStore;
  readonly calls: Pick<CallsService, 'byIds'>;
  readonly recordings: Pick<RecordingsService, 'stored' | 'ofCalls' | 'byIds'>;
  readonly recordingEvents: TypedEvents<RecordingEvents>;
  readonly events: TypedEvents<ClipEvents>;
  /** No-op while a job of the same clip waits or runs. */
  readonly queue: {
    enqueueClip(job: ClipJob): Promise<void>;
    enqueueWithdrawal(job: WithdrawJob): Promise<void>;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** So many that stand still are looked at together. */
const pageSize = 50;
/** What was asked for so lately may be on its way already. Milliseconds. */
const freshMs = 2_000;

/**
 * How a clip comes to be: asked → cutting → ready, or failed. A worker does it and tells by reports; what a crash, a lost
 * job or a lost event leaves standing, {@link createClipCutting.sweep} goes on with.
 */
export function createClipCutting(deps: ClipCuttingDependencies) {
  const { store, recordings, clock, log } = deps;

  const changed = (clip: StoredClip): StoredClip => {
    deps.events.emit('clip-changed', { clip });
    return clip;
  };

  /** Queues it where the recording is there. Doing it twice at once queues it once. */
  async function begin(clip: StoredClip, recording: StoredRecording): Promise<StoredClip> {
    const job = clipJobOf(clip, recording);
    if (!job) {
      const short = recording.state === 'archived';
      return short ? fail(clip, 'clip.too-short', 'The recording is shorter than a clip may be.') : clip;
    }
    const { recordingId, fromMs, toMs } = job;
    const moved = await store.move(clip, ['asked', 'cutting'], {
      state: 'cutting',
      stateAt: clock(),
      attempts: clip.attempts + 1,
      recordingId,
      zeroAt: recording.startedAt,
      span: { fromMs, toMs },
      manifest: manifestOf(recording),
      transcript: job.transcript?.sha256 ?? null,
      failure: null,
    });
    // Somebody else was first.
    if (!moved) return (await store.byId(clip.id)) ?? clip;
    await deps.queue.enqueueClip(job);
    return clip.state === 'cutting' ? moved : changed(moved);
  }

  async function fail(clip: StoredClip, code: string, message: string): Promise<StoredClip> {
    const failed = await store.set(clip.id, ['asked', 'cutting'], {
      ...{ state: 'failed', stateAt: clock(), failure: { code, message } },
    });
    return failed ? changed(failed) : clip;
  }

  const masking = createClipMasking({ ...deps, begin, changed });

  deps.recordingEvents.on('recording-archived', ({ recording }) => {
    const attempt = async () => {
      for (const clip of await store.askedOf(recording.callId)) await begin(clip, recording);
    };
    // What is missed here the sweep finds.
    persistently('have clips cut', attempt, { log, giveUp: (_, tries) => tries > 20 }).catch((err: unknown) =>
      log.error({ recordingId: recording.id, err }, 'clips are not cut yet'),
    );
  });

  async function goOnWith(clips: readonly StoredClip[]): Promise<void> {
    const now = clock();
    const due = clips.filter((clip) => clip.state === 'asked' || now - clip.stateAt >= patienceOf(clip));
    const callIds = [...new Set(due.map(({ callId }) => callId))];
    const found = new Map((await recordings.ofCalls(callIds)).map((one) => [one.callId, one]));
    const without = callIds.filter((callId) => !found.has(callId));
    const calls = new Map((await deps.calls.byIds(without)).map((call) => [call.id, call]));
    for (const clip of due) {
      const recording = found.get(clip.callId);
      if (recording) {
        if (!isGone(recording)) await begin(clip, recording);
        continue;
      }
      const call = calls.get(clip.callId);
      const over = call === undefined ? clip.createdAt : call.endedAt;
      if (over !== null && now - over > noRecordingAfterMs) {
        await fail(clip, 'clip.no-recording', 'Nothing of this call was recorded.');
      }
    }
  }

  return {
    begin,
    changed,
    masking,

    /** A worker's word. Applying it twice, or late, changes nothing. */
    async apply(report: ClipReport): Promise<void> {
      const { clipId, recordingId } = report;
      switch (report.kind) {
        case 'cut': {
          const { file, fromMs, toMs, silencedBy, silences } = report;
          const ready = await store.made(clipId, silencedBy, ['asked', 'cutting', 'failed'], {
            ...{ state: 'ready', stateAt: clock(), failure: null, recordingId, file, span: { fromMs, toMs } },
            silences,
          });
          if (!ready) return masking.unwanted(report);
          log.info({ clipId, recordingId, afterMs: ready.stateAt - ready.createdAt }, 'clip ready');
          changed(await masking.settled(ready));
          // Its transcript may have come while it was cut.
          const recording = await recordings.stored(recordingId);
          if (recording) await masking.remask(ready, recording);
          return;
        }
        case 'rendered': {
          const { file, silencedBy } = report;
          const rendered = await store.made(clipId, silencedBy, ['ready'], { rendering: file });
          if (!rendered) return masking.unwanted(report);
          changed(rendered);
          return;
        }
        case 'withdrawn':
          await masking.gone(clipId, report.keys);
          return;
        case 'failed': {
          const { code, message, final } = report;
          log.warn({ clipId, recordingId, code, final }, 'clip not cut');
          const set = final ? { state: 'failed' as const, stateAt: clock() } : {};
          const failed = await store.set(clipId, ['cutting'], { ...set, failure: { code, message } });
          if (failed && final) changed(failed);
        }
      }
    },

    /** Goes on with what a crash, or a lost job, left standing. Throws while a store is away: nothing is decided then. */
    async sweep(): Promise<void> {
      const before = clock() - freshMs;
      // All of them, a page at a time: those whose calls are still on must not stand before those that can be cut.
      for (let afterId = ''; ; ) {
        const page = await store.standing(['asked', 'cutting'], before, afterId, pageSize);
        await goOnWith(page);
        if (page.length < pageSize) break;
        afterId = page.at(-1)!.id;
      }
      await masking.sweep();
    },
  };
}
