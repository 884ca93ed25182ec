import { type Connection, Schema } from 'mongoose';
import type { ArchiveFinding, FindingKind } from '#contract/operations.ts';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import type { FindingDraft } from './integrity.ts';
import { findingId } from './integrity.ts';

interface FindingRow extends Omit<ArchiveFinding, 'id'> {
  _id: string;
  /** The part of a sweep that sees it: when that part no longer does, it is mended. */
  scope: string;
}

/** One sweep at a time, of all servers. */
interface SweepRow {
  _id: string;
  holder: string | null;
  /** The sweep is its holder's until then. */
  until: number;
  startedAt: number | null;
  finishedAt: number | null;
  wholeAt: number | null;
  /** The last day of the archive that the walk has been through; null at its beginning. */
  walkedTo: string | null;
  recordings: number;
  objects: number;
}
export type SweepState = Omit<SweepRow, '_id' | 'until' | 'holder'>;

const mixed = Schema.Types.Mixed;
const findingSchema = new Schema(
  {
    _id: { type: String, required: true },
    scope: { type: String, required: true },
    kind: { type: String, required: true },
    recordingId: { type: String, default: null },
    callId: { type: String, default: null },
    lineId: { type: String, default: null },
    key: { type: String, default: null },
    detail: { type: mixed, default: {} },
    firstSeenAt: { type: Number, required: true },
    lastSeenAt: { type: Number, required: true },
    state: { type: String, required: true },
    mendedAt: { type: Number, default: null },
    canRetry: { type: Boolean, default: false },
  },
  { versionKey: false, minimize: false },
);
findingSchema.index({ state: 1, lastSeenAt: -1, _id: -1 });
findingSchema.index({ scope: 1, state: 1 });
findingSchema.index({ recordingId: 1 });

const sweepSchema = new Schema(
  {
    _id: { type: String, required: true },
    holder: { type: String, default: null },
    until: { type: Number, required: true },
    startedAt: { type: Number, default: null },
    finishedAt: { type: Number, default: null },
    wholeAt: { type: Number, default: null },
    walkedTo: { type: String, default: null },
    recordings: { type: Number, default: 0 },
    objects: { type: Number, default: 0 },
  },
  { versionKey: false },
);

const present = ({ _id, scope: _, ...rest }: FindingRow): ArchiveFinding => ({ id: _id, ...rest });
const theSweep = 'archive';
const notMended = { $in: ['open', 'mending'] };

export type IntegrityStore = Awaited<ReturnType<typeof createIntegrityStore>>;

export async function createIntegrityStore(connection: Connection) {
  const findings = connection.model('ArchiveFinding', findingSchema, 'archive_findings');
  const sweeps = connection.model('ArchiveSweep', sweepSchema, 'archive_sweeps');
  await Promise.all([findings.createIndexes(), sweeps.createIndexes()]);
  const sweepRow = async () => (await sweeps.findById(theSweep).lean().exec()) as SweepRow | null;

  return {
    async sweepState(): Promise<SweepState> {
      const row = await sweepRow();
      const { startedAt, finishedAt, wholeAt, walkedTo, recordings, objects } = row ?? {
        ...{ startedAt: null, finishedAt: null, wholeAt: null, walkedTo: null, recordings: 0, objects: 0 },
      };
      return { startedAt, finishedAt, wholeAt, walkedTo, recordings, objects };
    },

    /**
     * Takes the sweep for this holder until then, unless another has it or it was begun after `notSince`.
     * Answers where the walk stands; null when it was not to be had.
     */
    async claim(claim: {
      holder: string;
      now: number;
      until: number;
      notSince: number;
    }): Promise<{ walkedTo: string | null } | null> {
      const { holder, now, until, notSince } = claim;
      await sweeps
        .updateOne({ _id: theSweep }, { $setOnInsert: { until: 0 } }, { upsert: true })
        .exec()
        .catch((error: unknown) => {
          // Another server made it at the same moment.
          if (!duplicateKeyFields(error)) throw error;
        });
      const free = { until: { $lte: now }, $or: [{ startedAt: null }, { startedAt: { $lte: notSince } }] };
      const row = (await sweeps
        .findOneAndUpdate(
          { _id: theSweep, ...free },
          { $set: { holder, until, startedAt: now, recordings: 0, objects: 0 } },
          { returnDocument: 'after' },
        )
        .lean()
        .exec()) as SweepRow | null;
      return row && { walkedTo: row.walkedTo };
    },

    /** Goes on holding it and notes how far it is; false when it was lost to another. */
    async renew(
      holder: string,
      set: Partial<Omit<SweepRow, '_id' | 'holder'>>,
      counted: { recordings: number; objects: number },
    ): Promise<boolean> {
      const { modifiedCount, matchedCount } = await sweeps
        .updateOne({ _id: theSweep, holder }, { $set: set, $inc: counted })
        .exec();
      return matchedCount + modifiedCount > 0;
    },

    /** Ends a sweep, so that the next one may begin. */
    async release(holder: string, finishedAt: number): Promise<void> {
      await sweeps
        .updateOne({ _id: theSweep, holder }, { $set: { until: 0, holder: null, finishedAt } })
        .exec();
    },

    /** What was known of these before, by id. */
    async known(ids: readonly string[]): Promise<Map<string, ArchiveFinding>> {
      const rows = (await findings
        .find({ _id: { $in: [...ids] } })
        .lean()
        .exec()) as unknown as FindingRow[];
      return new Map(rows.map((row) => [row._id, present(row)]));
    },

    /** Notes that these were seen in this part of the sweep. One that had been mended is open again, as new. */
    async seen(
      scope: string,
      drafts: readonly (FindingDraft & { state?: ArchiveFinding['state'] })[],
      now: number,
    ): Promise<void> {
      for (const { subject, kind, state = 'open', ...rest } of drafts) {
        const _id = findingId(kind, subject);
        const set = { ...rest, kind, scope, lastSeenAt: now, state, mendedAt: null };
        const again = await findings.updateOne({ _id, state: notMended }, { $set: set }).exec();
        if (again.matchedCount > 0) continue;
        await findings.updateOne({ _id }, { $set: { ...set, firstSeenAt: now } }, { upsert: true }).exec();
      }
    },

    /** What this part of the sweep had seen before and does not see any more is mended. */
    async mendUnseen(scope: string, seenSince: number, now: number): Promise<number> {
      const { modifiedCount } = await findings
        .updateMany(
          { scope, state: notMended, lastSeenAt: { $lt: seenSince } },
          { $set: { state: 'mended', mendedAt: now } },
        )
        .exec();
      return modifiedCount;
    },

    /** Somebody did something about what is wrong with this recording. */
    async mending(recordingId: string): Promise<void> {
      await findings.updateMany({ recordingId, state: 'open' }, { $set: { state: 'mending' } }).exec();
    },

    async openOf(recordingId: string): Promise<ArchiveFinding[]> {
      const rows = await findings.find({ recordingId, state: notMended }).lean().exec();
      return (rows as unknown as FindingRow[]).map(present);
    },

    async page(
      filter: { state: 'open' | 'mended'; kind?: FindingKind | undefined },
      after: { at: number; id: string } | null,
      limit: number,
    ): Promise<ArchiveFinding[]> {
      const beyond = after
        ? { $or: [{ lastSeenAt: { $lt: after.at } }, { lastSeenAt: after.at, _id: { $lt: after.id } }] }
        : {};
      const rows = await findings
        .find({
          state: filter.state === 'open' ? notMended : 'mended',
          ...(filter.kind ? { kind: filter.kind } : {}),
          ...beyond,
        })
        .sort({ lastSeenAt: -1, _id: -1 })
        .limit(limit)
        .lean()
        .exec();
      return (rows as unknown as FindingRow[]).map(present);
    },

    async openByKind(): Promise<{ kind: FindingKind; count: number }[]> {
      const groups = await findings
        .aggregate<{ _id: FindingKind; count: number }>([
          { $match: { state: notMended } },
          { $group: { _id: '$kind', count: { $sum: 1 } } },
          { $sort: { _id: 1 } },
        ])
        .exec();
      return groups.map(({ _id, count }) => ({ kind: _id, count }));
    },

    /** Mended ones are forgotten after a while. */
    async forgetMendedBefore(before: number): Promise<void> {
      await findings.deleteMany({ state: 'mended', mendedAt: { $lt: before } }).exec();
    },
  };
}
