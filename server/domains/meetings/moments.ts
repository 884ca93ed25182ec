import { may } from '#contract/abilities.ts';
import { clipLengthMs } from '#contract/clips.ts';
import type { Person } from '#contract/identity.ts';
import { aroundMomentMs, type PickedMoment } from '#contract/meetings.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { MomentClips, MomentMarks, MomentRecordings } from './meetings.ports.ts';
import type { StoredItem } from './meetings.ts';

export interface MomentSources {
  readonly bookmarks: MomentMarks;
  readonly clips: MomentClips;
  readonly recordings: MomentRecordings;
  readonly scenarioName: (scenarioId: string | undefined) => Promise<LocalText | null>;
}

/** A moment as it will stand on the agenda, and the recording it is of. */
export interface ResolvedMoment {
  readonly item: StoredItem;
  readonly recording: StoredRecording;
}

const notThere = (what: string) => new AppError('not-found', `There is no such ${what}.`);

function assertThere(recording: StoredRecording): void {
  if (recording.deletion) throw new AppError('recording.deleted', 'This recording was deleted.');
}

/**
 * What a person picked, as items of an agenda: only what they may see and hear themselves. Errors: `not-found`,
 * `scope.denied`, `recording.deleted`.
 */
export async function resolveMoments(
  sources: MomentSources,
  person: Person,
  picked: readonly PickedMoment[],
): Promise<ResolvedMoment[]> {
  const resolved: ResolvedMoment[] = [];
  for (const moment of picked) resolved.push(await resolveMoment(sources, person, moment));
  return resolved;
}

async function resolveMoment(
  sources: MomentSources,
  person: Person,
  picked: PickedMoment,
): Promise<ResolvedMoment> {
  const found = await spanOf(sources, person, picked);
  const recording = await sources.recordings.find(person, found.recordingId);
  assertThere(recording);
  const end = recording.durationMs ?? Number.MAX_SAFE_INTEGER;
  const title = picked.title || found.title || (await aboutOf(sources, recording));
  return {
    recording,
    item: {
      id: newId('item'),
      recordingId: recording.id,
      callId: recording.callId,
      lineId: recording.lineId,
      clipId: found.clipId,
      bookmarkId: found.bookmarkId,
      title: title.slice(0, 200),
      fromMs: Math.max(0, Math.min(found.fromMs, end - clipLengthMs.least)),
      toMs: Math.min(found.toMs, end),
      callStartedAt: recording.startedAt,
      picture: pictureOf(recording, found),
      note: '',
      noteRevision: 0,
      gone: false,
    },
  };
}

/** The part of the recording's picture that the span is of. */
function pictureOf(
  { thumbnail, durationMs }: StoredRecording,
  { fromMs, toMs }: Pick<FoundSpan, 'fromMs' | 'toMs'>,
): StoredItem['picture'] {
  if (!thumbnail || !durationMs) return null;
  const part = (lane: readonly number[]) => {
    const perMs = lane.length / durationMs;
    return lane.slice(Math.floor(fromMs * perMs), Math.max(1, Math.ceil(toMs * perMs)));
  };
  return { agent: part(thumbnail.agent), customer: part(thumbnail.customer) };
}

interface FoundSpan {
  readonly recordingId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly title: string;
  readonly clipId: string | null;
  readonly bookmarkId: string | null;
}

async function spanOf(sources: MomentSources, person: Person, picked: PickedMoment): Promise<FoundSpan> {
  const { clipId, bookmarkId } = picked;
  if (clipId !== undefined) {
    const [clip] = await sources.clips.visible(person, [clipId]);
    const recordingId = clip && (clip.recordingId ?? (await recordingOf(sources, clip.callId)));
    if (!clip || !recordingId) throw notThere('clip');
    return { ...clip, recordingId, clipId };
  }
  if (bookmarkId !== undefined) {
    const mark = await sources.bookmarks.visible(person, bookmarkId);
    const recordingId = mark && (mark.recordingId ?? (await recordingOf(sources, mark.callId)));
    if (!mark || !recordingId) throw notThere('mark');
    const fromMs = Math.max(0, mark.offsetMs - aroundMomentMs.before);
    const toMs = mark.offsetMs + aroundMomentMs.after;
    return { recordingId, fromMs, toMs, title: mark.note, clipId: null, bookmarkId };
  }
  const { recordingId = '', fromMs = 0, toMs = 0, title = '' } = picked;
  return { recordingId, fromMs, toMs, title, clipId: null, bookmarkId: null };
}

async function recordingOf(sources: MomentSources, callId: string): Promise<string | null> {
  return (await sources.recordings.ofCalls([callId]))[0]?.id ?? null;
}

async function aboutOf(sources: MomentSources, { facts }: StoredRecording): Promise<string> {
  const scenario = await sources.scenarioName(facts.scenarioId);
  return (
    [scenario?.zh ?? scenario?.en, facts.product?.zh ?? facts.product?.en].filter(Boolean).join(' · ') || '—'
  );
}

/**
 * Has a clip cut of every item that is none yet, as far as the person may: what is heard in a meeting is then exactly
 * what is on its agenda. An item that cannot be cut is played from the recording itself.
 */
export async function cutItems(
  clips: MomentClips,
  person: Person,
  moments: readonly ResolvedMoment[],
): Promise<StoredItem[]> {
  return Promise.all(
    moments.map(async ({ item }) => {
      const { clipId, lineId, recordingId, bookmarkId, fromMs, toMs, title } = item;
      const length = toMs - fromMs;
      const cuttable = length >= clipLengthMs.least && length <= clipLengthMs.most;
      if (clipId !== null || !cuttable || !may(person, 'clips.cut', { lineId }).allowed) return item;
      const clip = await clips.cut(person, {
        // A mark's note is for whom its maker shows it to: those who are asked, and not everybody who finds the clip.
        ...{ recordingId, fromMs, toMs, title: bookmarkId === null ? title : '', idempotencyKey: item.id },
        ...(bookmarkId !== null && { bookmarkId }),
      });
      return { ...item, clipId: clip.id };
    }),
  );
}
