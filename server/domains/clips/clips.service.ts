import { may } from '#contract/abilities.ts';
import type { Clip, ClipState, CutRequest, clipsEndpoints } from '#contract/clips.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { BookmarksService } from '#domains/bookmarks/bookmarks.service.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { RecordingStorage } from '#domains/recordings/recordings.ports.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import { audioLifetimeSeconds, type StoredRecording } from '#domains/recordings/recordings.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import { type ClipCuttingDependencies, createClipCutting } from './clip-cutting.ts';
import { hashOf, isGone, isSilencedAs, manifestOf, presentClip, type StoredClip, unmade } from './clips.ts';

export interface ClipsDependencies extends ClipCuttingDependencies {
  readonly calls: Pick<CallsService, 'find' | 'byIds'>;
  readonly recordings: Pick<RecordingsService, 'find' | 'stored' | 'ofCalls' | 'byIds'>;
  readonly bookmarks: Pick<BookmarksService, 'visible' | 'counts'>;
  readonly hearings: HearingsService;
  readonly storage: RecordingStorage;
}

/** A client's idea of a live call may be ahead of it by this much. Milliseconds. */
const aheadMs = 5_000;

export type ClipsService = ReturnType<typeof createClipsService>;

/** Spans of calls to be heard by themselves: asked for at any time, cut by a worker once the call is archived. */
export function createClipsService(deps: ClipsDependencies) {
  const { store, recordings, clock, log } = deps;
  const cutting = createClipCutting(deps);
  const { begin, changed, masking } = cutting;

  async function find(person: Person, clipId: string): Promise<StoredClip> {
    const clip = await store.byId(clipId);
    if (!clip) throw new AppError('not-found', 'There is no such clip.');
    requireAbility(person, 'recordings.replay', { lineId: clip.lineId });
    return clip;
  }

  interface Place {
    readonly callId: string;
    readonly lineId: string;
    readonly zeroAt: number;
    /** The last offset that there is (yet), ms. */
    readonly endMs: number;
    readonly recording: StoredRecording | null;
  }

  async function placeOf(person: Person, request: CutRequest): Promise<Place> {
    if (request.recordingId !== undefined) {
      const recording = await recordings.find(person, request.recordingId);
      const { callId, lineId, startedAt, durationMs } = recording;
      return { callId, lineId, zeroAt: startedAt, endMs: durationMs ?? clock() - startedAt, recording };
    }
    const call = await deps.calls.find(request.callId!);
    if (call.startedAt === null) throw new AppError('not-found', 'Nobody has spoken on this call yet.');
    const endMs = (call.endedAt ?? clock()) - call.startedAt + aheadMs;
    const [recording = null] = await recordings.ofCalls([call.id]);
    return { callId: call.id, lineId: call.lineId, zeroAt: call.startedAt, endMs, recording };
  }

  async function presented(person: Person, callId: string, lineId: string): Promise<{ clips: Clip[] }> {
    requireAbility(person, 'recordings.replay', { lineId });
    return { clips: (await store.ofCalls([callId])).map(presentClip) };
  }

  return {
    /** Errors: those of the contract. */
    async cut(person: Person, request: CutRequest): Promise<Clip> {
      const { callId, lineId, zeroAt, endMs, recording } = await placeOf(person, request);
      requireAbility(person, 'clips.cut', { lineId });
      const requestHash = hashOf(request);
      const before = await store.byKey(person.id, request.idempotencyKey);
      if (before) return presentClip(sameRequest(before, requestHash));
      if (recording) assertThere(recording);
      if (request.fromMs >= endMs) {
        throw new AppError('request.invalid', 'The clip lies beyond the end of the call.', {
          details: { fields: [{ path: 'body.fromMs', message: `less than ${endMs}` }] },
        });
      }
      const bookmarkId = request.bookmarkId ?? null;
      if (bookmarkId !== null && (await deps.bookmarks.visible(person, bookmarkId))?.callId !== callId) {
        throw new AppError('not-found', 'There is no such mark on this call.');
      }
      const now = clock();
      const clip: StoredClip = {
        ...{ id: newId('clip', now), callId, lineId, recordingId: recording?.id ?? null, bookmarkId },
        ...{ title: request.title, fromAt: zeroAt + request.fromMs, toAt: zeroAt + request.toMs, zeroAt },
        ...{ span: null, state: 'asked', stateAt: now, attempts: 0, failure: null },
        ...{ file: null, rendering: null, manifest: null },
        ...{ personId: person.id, personName: person.name, personTitle: person.title, createdAt: now },
        ...{ idempotencyKey: request.idempotencyKey, requestHash },
      };
      if (!(await store.insert(clip))) {
        const twin = await store.byKey(person.id, request.idempotencyKey);
        if (twin) return presentClip(sameRequest(twin, requestHash));
        throw new AppError('internal', 'Something went wrong on our side. Please try again.');
      }
      log.info({ clipId: clip.id, callId, recordingId: clip.recordingId }, 'clip asked for');
      changed(clip);
      // Looked at anew: it may have been archived, or deleted, since it was asked for.
      const [current] = await recordings.ofCalls([callId]);
      if (!current) return presentClip(clip);
      if (isGone(current)) {
        await store.eraseCall(callId);
        assertThere(current);
      }
      return presentClip(await begin(clip, current));
    },

    /** Of a call or a recording, by their beginning; else one's own. Errors: those of the contract. */
    async list(
      person: Person,
      query: { callId?: string | undefined; recordingId?: string | undefined },
    ): Promise<{ clips: Clip[] }> {
      if (query.recordingId !== undefined) {
        const { callId, lineId } = await recordings.find(person, query.recordingId);
        return presented(person, callId, lineId);
      }
      if (query.callId !== undefined) {
        return presented(person, query.callId, (await deps.calls.find(query.callId)).lineId);
      }
      requireAbility(person, 'recordings.replay');
      return { clips: (await store.ofPerson(person.id)).map(presentClip) };
    },

    show: async (person: Person, clipId: string): Promise<Clip> => presentClip(await find(person, clipId)),

    /** The hearing is on record before the addresses are given out. Errors: those of the contract. */
    async audio(person: Person, clipId: string): Promise<ResponseOf<typeof clipsEndpoints.audio>> {
      const clip = await find(person, clipId);
      const { file, rendering, span, recordingId } = clip;
      assertNotWithdrawn(clip);
      if (clip.state !== 'ready' || !file || !span || recordingId === null) throw notReady(clip);
      const recording = await recordings.find(person, recordingId);
      assertThere(recording);
      if (recording.state !== 'archived' || manifestOf(recording) !== clip.manifest) {
        // The recording was sealed anew, and its clips went with what they were cut from: it is cut again.
        const again = await store.move(clip, ['ready'], { ...unmade, stateAt: clock() });
        throw notReady(again ? await begin(changed(again), recording) : clip);
      }
      if (!isSilencedAs(clip, recording)) throw notReady(await masking.remask(clip, recording));
      const expiresInSeconds = audioLifetimeSeconds;
      const expiresAt = clock() + expiresInSeconds * 1000;
      const renderings = await Promise.all(
        [file, ...(rendering ? [rendering] : [])].map(async ({ key, contentType }) => ({
          contentType,
          url: await deps.storage.presignGet(key, { expiresInSeconds, contentType }),
        })),
      );
      const context = { way: 'clip', wayId: clip.id, reason: null } as const;
      const { hearingId } = await deps.hearings.recordReplay(person, recording, context);
      const durationMs = span.toMs - span.fromMs;
      return { hearingId, renderings, gainDb: recording.loudness?.gainDb ?? 0, durationMs, expiresAt };
    },

    /** Its maker may, and the CX team. Errors: those of the contract. */
    withdraw: async (person: Person, clipId: string, reason: string): Promise<Clip> =>
      presentClip(await masking.withdraw(person, await find(person, clipId), reason)),

    async rename(person: Person, clipId: string, title: string): Promise<Clip> {
      const clip = await find(person, clipId);
      requireAbility(person, 'clips.cut', { lineId: clip.lineId });
      if (clip.personId !== person.id) throw new AppError('ability.denied', 'Only who cut it renames it.');
      const renamed = await store.set(clipId, anyState, { title });
      if (!renamed) throw new AppError('not-found', 'There is no such clip.');
      return presentClip(changed(renamed));
    },

    /** Errors: those of the contract. */
    async retry(person: Person, clipId: string): Promise<Clip> {
      const clip = await find(person, clipId);
      requireAbility(person, 'clips.cut', { lineId: clip.lineId });
      const [recording] = await recordings.ofCalls([clip.callId]);
      if (recording) assertThere(recording);
      const asked = await store.move(clip, ['failed'], { ...unmade, stateAt: clock() });
      if (!asked) throw new AppError('clip.no-retry', 'This clip has not failed.');
      changed(asked);
      return presentClip(recording ? await begin(asked, recording) : asked);
    },

    /** Errors: `ability.denied`. What lies outside the person's scope is not counted. */
    async counts(person: Person, recordingIds: readonly string[]) {
      requireAbility(person, 'recordings.replay');
      const all = await recordings.byIds(recordingIds);
      const within = all.filter((one) => !isGone(one) && inScope(person, one.lineId));
      const callIds = within.map(({ callId }) => callId);
      const [clips, marks] = await Promise.all([
        store.ofCalls(callIds),
        deps.bookmarks.counts(person, callIds),
      ]);
      const counts = within.map(({ id, callId }) => ({
        recordingId: id,
        clips: clips.filter((clip) => clip.callId === callId && !uncounted.has(clip.state)).length,
        bookmarks: marks.get(callId) ?? 0,
      }));
      return { counts: counts.filter((one) => one.clips + one.bookmarks > 0) };
    },

    /** Those of these clips that the person may hear. For what is made of clips. */
    async visible(person: Person, clipIds: readonly string[]): Promise<Clip[]> {
      return (await store.byIds(clipIds)).filter(({ lineId }) => inScope(person, lineId)).map(presentClip);
    },

    /** Its files once it is cut, whoever asks: for what is made of clips. Null while there is nothing to be heard. */
    async ready(clipId: string) {
      const clip = await store.byId(clipId);
      if (clip?.state !== 'ready' || !clip.file || !clip.span || clip.recordingId === null) return null;
      const recording = await recordings.stored(clip.recordingId);
      if (recording?.state !== 'archived' || manifestOf(recording) !== clip.manifest) return null;
      if (!isSilencedAs(clip, recording)) return null;
      const files = [clip.file, ...(clip.rendering ? [clip.rendering] : [])];
      return { durationMs: clip.span.toMs - clip.span.fromMs, files };
    },

    /** Of these clips those that were taken back, and what is silenced in the others. For what is made of clips. */
    async standings(clipIds: readonly string[]): Promise<Map<string, Pick<Clip, 'masking' | 'withdrawn'>>> {
      const clips = (await store.byIds(clipIds)).map(presentClip);
      return new Map(clips.map(({ id, masking: done, withdrawn }) => [id, { masking: done, withdrawn }]));
    },

    apply: cutting.apply,
    sweep: cutting.sweep,
    /** At a start: transcripts that came while nobody listened. */
    catchUp: masking.catchUp,

    /** Forgets the clips of a call; their files go with the recording's folder. May be repeated. */
    eraseCall: (callId: string): Promise<void> => store.eraseCall(callId),
  };
}

const inScope = (person: Person, lineId: string): boolean =>
  may(person, 'recordings.replay', { lineId }).allowed;

const anyState: readonly ClipState[] = ['asked', 'cutting', 'ready', 'failed'];
/** Of which nothing can be heard, and never will unless somebody asks. */
const uncounted: ReadonlySet<ClipState> = new Set(['failed', 'withdrawn']);

function assertThere(recording: StoredRecording): void {
  if (isGone(recording)) throw new AppError('recording.deleted', 'This recording was deleted.');
}

function assertNotWithdrawn({ withdrawal }: StoredClip): void {
  if (!withdrawal) return;
  throw new AppError('clip.withdrawn', 'This clip was taken back.', { details: { at: withdrawal.at } });
}

function notReady({ state }: StoredClip): AppError {
  return new AppError('clip.not-ready', 'This clip is not cut yet.', { details: { state } });
}

function sameRequest(before: StoredClip, requestHash: string): StoredClip {
  if (before.requestHash === requestHash) return before;
  throw new AppError('idempotency.reused', 'This key was used for another clip.');
}
