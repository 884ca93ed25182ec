import type { Connection } from 'mongoose';
import type { RecordingState } from '#contract/recordings.ts';
import type { RecordingClass } from '#contract/retention.ts';
import { contains, rowsOf, type Where } from '#kernel/rows.ts';
import type { StoredRecording } from './recordings.ts';

type Conditions = Where<StoredRecording>;

/** Which recordings: of a line and a class, or of any, but for these. */
export interface KeptReach {
  readonly lineId: string | null;
  readonly recordingClass: RecordingClass | null;
  readonly notLines: readonly string[];
  readonly notClasses: readonly RecordingClass[];
  readonly notPairs: readonly { readonly lineId: string; readonly recordingClass: RecordingClass }[];
}

/** Which recordings: those that fit all that is given. `words` as the search box takes them, in lower case. */
export interface KeptScope {
  readonly recordingId?: string | undefined;
  readonly lineId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly words?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Recordings of before there were classes are of this one. */
const unnamed: RecordingClass = 'standard';
const withUnnamed = (classes: readonly RecordingClass[]): (RecordingClass | null)[] =>
  classes.includes(unnamed) ? [...classes, null] : [...classes];

/** The recordings by what they are kept for. Needs the recordings store to be there first: the model is its. */
export function createKeptRecordings(connection: Connection) {
  const model = connection.model('Recording');
  const rows = rowsOf<StoredRecording>(model);

  return {
    /** Archived or failed ones that began before this (UTC ms), the oldest first, behind `after`. */
    reachedBy: (
      reach: KeptReach,
      startedBefore: number,
      after: { readonly startedAt: number; readonly id: string } | null,
      limit: number,
    ) => rows.many(conditionsOf(reach, startedBefore, after), { sort: { startedAt: 1, _id: 1 }, limit }),

    countCovered(scope: KeptScope, states: readonly RecordingState[]): Promise<number> {
      const { recordingId, lineId, agentId, from, to } = scope;
      const words = (scope.words ?? '').toLowerCase().split(/\s+/).filter(Boolean);
      const startedAt = {
        ...(from === undefined ? {} : { $gte: from }),
        ...(to === undefined ? {} : { $lt: to }),
      };
      const conditions: Conditions = {
        state: { $in: [...states] },
        ...(recordingId === undefined ? {} : { _id: recordingId }),
        ...(lineId === undefined ? {} : { lineId }),
        ...(agentId === undefined ? {} : { agentId }),
        ...(from === undefined && to === undefined ? {} : { startedAt }),
        ...(words.length === 0 ? {} : { $and: words.map((word) => ({ searchText: contains(word) })) }),
      };
      return model.countDocuments(conditions as never).exec();
    },

    /** False when it is deleted, or on its way to be. */
    async classify(id: string, recordingClass: RecordingClass): Promise<boolean> {
      const { matchedCount } = await model
        .updateOne({ _id: id, state: { $nin: ['deleting', 'deleted'] } } as never, {
          $set: { recordingClass },
        })
        .exec();
      return matchedCount === 1;
    },
  };
}

function conditionsOf(
  reach: KeptReach,
  startedBefore: number,
  after: { readonly startedAt: number; readonly id: string } | null,
): Conditions {
  const { lineId, recordingClass, notLines, notClasses, notPairs } = reach;
  const and: Conditions[] = [];
  if (lineId !== null) and.push({ lineId });
  if (notLines.length > 0) and.push({ lineId: { $nin: [...notLines] } });
  if (recordingClass !== null) and.push({ recordingClass: { $in: withUnnamed([recordingClass]) } });
  if (notClasses.length > 0) and.push({ recordingClass: { $nin: withUnnamed(notClasses) } });
  for (const pair of notPairs) {
    const another = { recordingClass: { $nin: withUnnamed([pair.recordingClass]) } };
    and.push({ $or: [{ lineId: { $ne: pair.lineId } }, another] });
  }
  if (after) {
    const { startedAt, id } = after;
    and.push({ $or: [{ startedAt: { $gt: startedAt } }, { startedAt, _id: { $gt: id } }] });
  }
  return {
    state: { $in: ['archived', 'failed'] },
    startedAt: { $lt: startedBefore },
    ...(and.length > 0 ? { $and: and } : {}),
  };
}
