import { may } from '#contract/abilities.ts';
import type { ClipReport, WithdrawJob } from '#contract/clips.ts';
import type { Person } from '#contract/identity.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { RecordingEvents, StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { ClipsStore } from './clips.store.ts';
import { filesOf, isSilencedAs, type StoredClip, unmade } from './clips.ts';

export interface ClipMaskingDependencies {
  readonly store: ClipsStore;
  readonly recordings: Pick<RecordingsService, 'stored' | 'byIds'>;
  readonly recordingEvents: TypedEvents<RecordingEvents>;
  /** No-op while the same objects wait to be withdrawn. */
  readonly queue: { enqueueWithdrawal(job: WithdrawJob): Promise<void> };
  /** Has it cut by a worker, as the recording is now. */
  readonly begin: (clip: StoredClip, recording: StoredRecording) => Promise<StoredClip>;
  readonly changed: (clip: StoredClip) => StoredClip;
  readonly clock: Clock;
  readonly log: Log;
}

type Made = Extract<ClipReport, { kind: 'cut' | 'rendered' }>;

/** So many are looked at together. */
const pageSize = 50;
/** A withdrawal of which nothing was heard for so long is asked for again. Milliseconds. */
const patienceMs = 60_000;
/** Who asks where nobody did. */
const byMasking = { by: 'masking', reason: 'What it lets hear of personal data is silenced now.' };

export type ClipMasking = ReturnType<typeof createClipMasking>;

/** What of clips must not be heard any more: cut anew without it, or taken back, and its objects gone. */
export function createClipMasking(deps: ClipMaskingDependencies) {
  const { store, recordings, changed, clock, log } = deps;

  /** Has the objects deleted that were left behind. They may still be needed while it is being cut. */
  async function tidy(clip: StoredClip): Promise<void> {
    const { id: clipId, recordingId, callId, leftover = [], withdrawal } = clip;
    if (leftover.length === 0 || recordingId === null) return;
    await deps.queue.enqueueWithdrawal({
      ...{ clipId, recordingId, callId, keys: [...leftover] },
      requestedAt: withdrawal?.at ?? clip.stateAt,
      ...(withdrawal ? { by: `person:${withdrawal.by.id}`, reason: withdrawal.reason } : byMasking),
    });
  }

  /** Cut anew where its recording has a transcript that it is not silenced by; until then nobody hears it. */
  async function remask(clip: StoredClip, recording: StoredRecording): Promise<StoredClip> {
    if (clip.state !== 'ready' || recording.state !== 'archived' || isSilencedAs(clip, recording))
      return clip;
    const again = await store.move(clip, ['ready'], {
      ...{ ...unmade, stateAt: clock(), leftover: [...(clip.leftover ?? []), ...filesOf(clip)] },
    });
    if (!again) return (await store.byId(clip.id)) ?? clip;
    log.info({ clipId: clip.id, recordingId: recording.id }, 'clip is silenced');
    return deps.begin(changed(again), recording);
  }

  async function remaskAll(recordingId: string): Promise<void> {
    const recording = await recordings.stored(recordingId);
    if (!recording) return;
    for (const clip of await store.ofCalls([recording.callId])) await remask(clip, recording);
  }

  deps.recordingEvents.on('recording-files-added', ({ recordingId, kinds }) => {
    if (!kinds.includes('transcript')) return;
    // What is missed here is found at the next start, and when somebody wants to play it.
    persistently('silence clips', () => remaskAll(recordingId), {
      log,
      giveUp: (_, tries) => tries > 20,
    }).catch((err: unknown) => log.error({ recordingId, err }, 'clips are not silenced yet'));
  });

  return {
    tidy,
    remask,

    /** A worker made something of it that is not wanted any more: it was withdrawn, or is silenced in another way. */
    async unwanted({ clipId, silencedBy, file }: Made): Promise<void> {
      const clip = await store.byId(clipId);
      if (!clip || filesOf(clip).includes(file.key)) return;
      if (clip.state !== 'withdrawn' && (clip.transcript ?? null) === silencedBy) return;
      const left = await store.leave(clipId, [file.key]);
      if (left && left.state !== 'cutting' && left.state !== 'asked') await tidy(left);
    },

    /** It is cut: what it was before goes, unless it is the very same. Then the other form is the same, too. */
    async settled(clip: StoredClip): Promise<StoredClip> {
      const { id, file, leftover = [] } = clip;
      if (leftover.length === 0) return clip;
      if (file && leftover.includes(file.key)) return (await store.forget(id, leftover)) ?? clip;
      await tidy(clip);
      return clip;
    },

    /** A worker's word that objects are gone. */
    async gone(clipId: string, keys: readonly string[]): Promise<void> {
      const left = await store.forget(clipId, keys);
      if (left) changed(left);
    },

    /** Its maker may, and the CX team. Doing it again answers it as it is. Errors: `ability.denied`. */
    async withdraw(person: Person, clip: StoredClip, reason: string): Promise<StoredClip> {
      const mine = clip.personId === person.id && may(person, 'clips.cut', { lineId: clip.lineId }).allowed;
      if (!mine && !may(person, 'clips.withdraw', { lineId: clip.lineId }).allowed) {
        throw new AppError('ability.denied', 'Only who cut it, and the CX team, take a clip back.');
      }
      for (let current: StoredClip | null = clip; current; current = await store.byId(clip.id)) {
        if (current.state === 'withdrawn') return current;
        // By what it is now: a worker may be cutting it.
        const withdrawn = await store.move(current, [current.state], {
          ...{ ...unmade, state: 'withdrawn', stateAt: clock() },
          leftover: [...(current.leftover ?? []), ...filesOf(current)],
          withdrawal: { at: clock(), by: { id: person.id, name: person.name }, reason },
        });
        if (!withdrawn) continue;
        log.info({ clipId: clip.id, recordingId: clip.recordingId }, 'clip taken back');
        await tidy(withdrawn);
        return changed(withdrawn);
      }
      throw new AppError('not-found', 'There is no such clip.');
    },

    /** Goes on with withdrawals of which nothing was heard. */
    async sweep(): Promise<void> {
      for (const clip of await store.withLeftover(clock() - patienceMs, pageSize)) await tidy(clip);
    },

    /** At a start: transcripts that came while nobody listened. */
    async catchUp(): Promise<void> {
      for (let afterId = ''; ; ) {
        const page = await store.standing(['ready'], clock(), afterId, pageSize);
        const ids = page.flatMap(({ recordingId }) => recordingId ?? []);
        const found = new Map((await recordings.byIds([...new Set(ids)])).map((one) => [one.id, one]));
        for (const clip of page) {
          const recording = found.get(clip.recordingId ?? '');
          if (recording) await remask(clip, recording);
        }
        if (page.length < pageSize) return;
        afterId = page.at(-1)!.id;
      }
    },
  };
}
