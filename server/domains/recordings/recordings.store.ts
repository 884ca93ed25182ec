import { type Connection, Schema } from 'mongoose';
import type { ArchivedFile } from '#contract/capture.ts';
import type { RecordingState } from '#contract/recordings.ts';
import { AppError } from '#kernel/errors.ts';
import { contains, mixed, number, rowsOf, text, type Where } from '#kernel/rows.ts';
import type { StoredRecording, TagDecision } from './recordings.ts';

const schema = new Schema(
  {
    _id: text,
    callId: text,
    lineId: text,
    agentId: { type: String, default: null },
    agentName: { type: mixed, default: null },
    customerMasked: { type: String, default: '' },
    facts: { type: mixed, required: true },
    state: text,
    stateAt: number,
    attempts: { type: Number, default: 0 },
    startedAt: number,
    callEndedAt: { type: Number, default: null },
    durationMs: { type: Number, default: null },
    thumbnail: { type: mixed, default: null },
    gaps: { type: mixed, default: [] },
    coverage: { type: Number, default: null },
    loudness: { type: mixed, default: null },
    packetsDropped: { type: Number, default: 0 },
    packets: { type: Number, default: null },
    items: { type: Number, default: null },
    holders: { type: mixed, default: [] },
    sealedIn: { type: String, default: null },
    files: { type: mixed, default: [] },
    failure: { type: mixed, default: null },
    recordingClass: { type: String, default: 'standard' },
    deletion: { type: mixed, default: null },
    tags: { type: [String], default: [] },
    tagDecisions: { type: mixed, default: {} },
    searchText: { type: String, default: '' },
  },
  { versionKey: false, minimize: false },
);
schema.index({ callId: 1 }, { unique: true });
schema.index({ startedAt: -1, _id: -1 });
schema.index({ lineId: 1, startedAt: -1 });
schema.index({ agentId: 1, startedAt: -1 });
schema.index({ tags: 1, startedAt: -1 });
schema.index({ state: 1, stateAt: 1 });

export interface RecordingFilter {
  /** null: every line. */
  readonly lineIds: readonly string[] | null;
  readonly agentId?: string | undefined;
  readonly scenarioId?: string | undefined;
  readonly tag?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly words: readonly string[];
  /** Recordings that match the words by what was said in them. */
  readonly spokenIn?: readonly string[];
}

/** Of these a recording has as many as were made. */
const severalOf: ReadonlySet<ArchivedFile['kind']> = new Set(['addendum', 'clip', 'clip-m4a']);

export type RecordingsStore = ReturnType<typeof createRecordingsStore>;

export function createRecordingsStore(connection: Connection) {
  const model = connection.model('Recording', schema, 'recordings');
  const rows = rowsOf<StoredRecording>(model);

  function conditions(filter: RecordingFilter): Where<StoredRecording> {
    const startedAt = {
      ...(filter.from === undefined ? {} : { $gte: filter.from }),
      ...(filter.to === undefined ? {} : { $lt: filter.to }),
    };
    return {
      // A call that goes on is heard live, in a room; it is not in the library yet. What is deleted is no longer.
      state: { $nin: ['capturing', 'deleting', 'deleted'] },
      ...(filter.lineIds ? { lineId: { $in: [...filter.lineIds] } } : {}),
      ...(filter.agentId ? { agentId: filter.agentId } : {}),
      ...(filter.scenarioId ? { 'facts.scenarioId': filter.scenarioId } : {}),
      ...(filter.tag ? { tags: filter.tag } : {}),
      ...(Object.keys(startedAt).length > 0 ? { startedAt } : {}),
      ...(filter.words.length > 0
        ? {
            $or: [
              { $and: filter.words.map((word) => ({ searchText: contains(word) })) },
              { _id: { $in: [...(filter.spokenIn ?? [])] } },
            ],
          }
        : {}),
    };
  }

  return {
    ready: () => model.createIndexes(),

    /** One recording a call: the unique index decides, a second insert answers the first. */
    async insert(recording: StoredRecording): Promise<StoredRecording> {
      if (await rows.insert(recording)) return recording;
      const existing = await rows.one({ callId: recording.callId });
      if (!existing) throw new AppError('internal', 'A recording of another call has this id.');
      return existing;
    },

    byId: rows.byId,
    byIds: rows.byIds,
    byCall: (callId: string) => rows.one({ callId }),
    byCalls: (callIds: readonly string[]) => rows.many({ callId: { $in: [...callIds] } }),

    /** Archived recordings that began before this, newest first. */
    archivedBefore: (startedAt: number, limit: number) =>
      rows.many(
        { state: 'archived', startedAt: { $lt: startedAt } },
        { sort: { startedAt: -1, _id: -1 }, limit },
      ),

    /** Recordings archived between these instants that lack a file of this kind, oldest first. */
    archivedWithout: (kind: ArchivedFile['kind'], from: number, to: number, limit: number) =>
      rows.many(
        { state: 'archived', stateAt: { $gte: from, $lt: to }, 'files.kind': { $ne: kind } },
        { sort: { stateAt: 1 }, limit },
      ),

    /** Moves the state by compare-and-set; null when it was not in one of `from`. */
    move: (
      id: string,
      from: readonly RecordingState[],
      to: RecordingState,
      set: Partial<Omit<StoredRecording, 'id' | 'state'>>,
    ) => rows.change({ _id: id, state: { $in: [...from] } }, { $set: { ...set, state: to } }),

    /**
     * A recording that is archived already was sealed anew from a spool that had grown: its files are these now, and
     * what was made of the earlier ones is gone. The same archive told once more changes nothing.
     */
    async replaceArchived(id: string, files: readonly ArchivedFile[]): Promise<void> {
      const manifest = files.find(({ kind }) => kind === 'manifest');
      const another = { $not: { $elemMatch: { kind: 'manifest', sha256: manifest?.sha256 } } };
      await model
        .updateOne({ _id: id, state: 'archived', files: another } as never, { $set: { files } })
        .exec();
    },

    /** Files that were made after archiving: of a kind that counts once the new one takes the old one's place. */
    async addFiles(id: string, files: readonly ArchivedFile[]): Promise<void> {
      const keys = files.map(({ key }) => key);
      const replaced = files.flatMap(({ kind }) => (severalOf.has(kind) ? [] : [kind]));
      const stays = {
        $and: [{ $not: [{ $in: ['$$file.key', keys] }] }, { $not: [{ $in: ['$$file.kind', replaced] }] }],
      };
      const kept = { $filter: { input: '$files', as: 'file', cond: stays } };
      await model
        .updateOne(
          { _id: id, state: { $nin: ['deleting', 'deleted'] } },
          [{ $set: { files: { $concatArrays: [kept, { $literal: files }] } } }],
          { updatePipeline: true },
        )
        .exec();
    },

    /** Files that are gone from the archive, and the addendum that says so. */
    async withdrawFiles(id: string, gone: readonly string[], addendum: ArchivedFile): Promise<void> {
      const stays = { $not: [{ $in: ['$$file.key', { $literal: [...gone, addendum.key] }] }] };
      const kept = { $filter: { input: '$files', as: 'file', cond: stays } };
      await model
        .updateOne(
          { _id: id, state: { $nin: ['deleting', 'deleted'] } },
          [{ $set: { files: { $concatArrays: [kept, { $literal: [addendum] }] } } }],
          { updatePipeline: true },
        )
        .exec();
    },

    async set(id: string, set: Partial<Omit<StoredRecording, 'id' | 'state'>>): Promise<void> {
      await model.updateOne({ _id: id }, { $set: set }).exec();
    },

    /** Keeps what a person decided on a tag, unless somebody decided meanwhile or it is deleted: then false. */
    async decideTag(id: string, tag: string, decision: TagDecision): Promise<boolean> {
      const place = `tagDecisions.${tag}`;
      const before =
        decision.revision === 1
          ? { [place]: { $exists: false } }
          : { [`${place}.revision`]: decision.revision - 1 };
      const tags = { [decision.state === 'confirmed' ? '$addToSet' : '$pull']: { tags: tag } };
      const { matchedCount } = await model
        .updateOne(
          { _id: id, state: { $nin: ['deleting', 'deleted'] }, ...before } as never,
          {
            $set: { [place]: decision },
            ...tags,
          } as never,
        )
        .exec();
      return matchedCount > 0;
    },

    /** This spool holds a part of the call. */
    async addHolder(callId: string, spoolId: string): Promise<void> {
      await model.updateOne({ callId }, { $addToSet: { holders: spoolId } } as never).exec();
    },

    /** Claims the next attempt at a stage, so that of several servers one queues it again. */
    claimAttempt: (recording: StoredRecording, now: number) =>
      rows.change(
        { _id: recording.id, state: recording.state, attempts: recording.attempts },
        { $set: { stateAt: now, attempts: recording.attempts + 1 } },
      ),

    inState: (states: readonly RecordingState[]) =>
      rows.many({ state: { $in: [...states] } }, { sort: { startedAt: 1 }, limit: 1_000 }),

    /** By the recording's start, from one id to the next; for what goes through all of them. */
    startedBetween: (from: number, to: number, afterId: string, limit: number) =>
      rows.many({ startedAt: { $gte: from, $lt: to }, _id: { $gt: afterId } }, { sort: { _id: 1 }, limit }),

    /** When the first recording began that began at this instant or later; null when there is none. */
    async firstStartFrom(from: number): Promise<number | null> {
      const found = await model
        .find({ startedAt: { $gte: from } }, { startedAt: 1 })
        .sort({ startedAt: 1, _id: 1 })
        .limit(1)
        .lean()
        .exec();
      return (found[0] as { startedAt: number } | undefined)?.startedAt ?? null;
    },

    async page(filter: RecordingFilter, after: { startedAt: number; id: string } | null, limit: number) {
      const where = conditions(filter);
      const beyond = after && {
        $or: [
          { startedAt: { $lt: after.startedAt } },
          { startedAt: after.startedAt, _id: { $lt: after.id } },
        ],
      };
      const [recordings, total] = await Promise.all([
        rows.many(beyond ? { ...where, $and: [beyond] } : where, {
          sort: { startedAt: -1, _id: -1 },
          limit,
        }),
        model.countDocuments(where as never).exec(),
      ]);
      return { recordings, total };
    },

    agentIds: async (lineIds: readonly string[] | null): Promise<string[]> => {
      const found = await model.distinct('agentId', lineIds ? { lineId: { $in: [...lineIds] } } : {}).exec();
      return (found as (string | null)[]).filter((agentId) => agentId !== null);
    },

    endedSince: (since: number) => rows.many({ callEndedAt: { $gte: since } }),
    failures: (limit: number) => rows.many({ failure: { $ne: null } }, { sort: { stateAt: -1 }, limit }),

    async totals(): Promise<{ recordings: number; bytes: number; seconds: number }> {
      const [sums] = await model
        .aggregate<{ recordings: number; milliseconds: number }>([
          { $match: { state: 'archived' } },
          { $group: { _id: null, recordings: { $sum: 1 }, milliseconds: { $sum: '$durationMs' } } },
        ])
        .exec();
      const [files] = await model
        .aggregate<{ bytes: number }>([
          { $match: { state: 'archived' } },
          { $unwind: '$files' },
          { $group: { _id: null, bytes: { $sum: '$files.bytes' } } },
        ])
        .exec();
      return {
        recordings: sums?.recordings ?? 0,
        bytes: files?.bytes ?? 0,
        seconds: (sums?.milliseconds ?? 0) / 1000,
      };
    },
  };
}
