import { type Connection, Schema } from 'mongoose';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import type { StoredAnalysis } from './analysis.ts';

type AnalysisDocument = Omit<StoredAnalysis, 'id'> & { _id: string };

const mixed = Schema.Types.Mixed;
const schema = new Schema(
  {
    _id: { type: String, required: true },
    callId: { type: String, required: true },
    version: { type: Number, required: true },
    state: { type: String, required: true },
    stateAt: { type: Number, required: true },
    attempts: { type: Number, default: 1 },
    summary: { type: mixed, default: null },
    trackKey: { type: String, default: null },
    failure: { type: mixed, default: null },
  },
  { versionKey: false, minimize: false },
);
schema.index({ state: 1, stateAt: 1 });

const present = ({ _id, ...rest }: AnalysisDocument): StoredAnalysis => ({ id: _id, ...rest });

export type AnalysisStore = ReturnType<typeof createAnalysisStore>;

export function createAnalysisStore(connection: Connection) {
  const model = connection.model('Analysis', schema, 'analyses');

  return {
    ready: () => model.createIndexes(),

    async byId(id: string): Promise<StoredAnalysis | null> {
      const found = (await model.findById(id).lean().exec()) as AnalysisDocument | null;
      return found && present(found);
    },

    /** Of these recordings, those whose analysis is of this version at least. */
    async asked(ids: readonly string[], version: number): Promise<Set<string>> {
      const found = (await model
        .find({ _id: { $in: [...ids] }, version: { $gte: version } }, { _id: 1 })
        .lean()
        .exec()) as { _id: string }[];
      return new Set(found.map(({ _id }) => _id));
    },

    /** Notes that an analysis was asked for; false when this version was, by somebody else. */
    async begin(analysis: StoredAnalysis): Promise<boolean> {
      const { id, ...rest } = analysis;
      try {
        await model
          .findOneAndUpdate({ _id: id, version: { $lt: rest.version } }, { $set: rest }, { upsert: true })
          .exec();
        return true;
      } catch (error) {
        // It exists, of this version or a later one.
        if (duplicateKeyFields(error)) return false;
        throw error;
      }
    },

    /** Sets what a report tells; a recording that was erased meanwhile has no analysis, and gets none. */
    async set(id: string, set: Partial<Omit<StoredAnalysis, 'id'>>): Promise<boolean> {
      return (await model.updateOne({ _id: id }, { $set: set }).exec()).matchedCount > 0;
    },

    async waitingSince(before: number, limit: number): Promise<StoredAnalysis[]> {
      const found = (await model
        .find({ state: 'waiting', stateAt: { $lt: before } })
        .sort({ stateAt: 1 })
        .limit(limit)
        .lean()
        .exec()) as AnalysisDocument[];
      return found.map(present);
    },

    waiting: () => model.countDocuments({ state: 'waiting' }).exec(),

    /** Claims the next attempt, so that of several servers one queues it again. */
    async claimAttempt({ id, attempts }: StoredAnalysis, now: number): Promise<boolean> {
      const { modifiedCount } = await model
        .updateOne(
          { _id: id, state: 'waiting', attempts },
          { $set: { stateAt: now, attempts: attempts + 1 } },
        )
        .exec();
      return modifiedCount === 1;
    },

    async erase(id: string): Promise<void> {
      await model.deleteOne({ _id: id }).exec();
    },
  };
}
