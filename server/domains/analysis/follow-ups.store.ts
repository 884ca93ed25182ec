import { type Connection, Schema } from 'mongoose';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import { contains, mixed, number, rowsOf, text } from '#kernel/rows.ts';
import type { StoredFollowUp } from './follow-ups.ts';

const definition = {
  _id: text,
  callId: text,
  version: number,
  state: text,
  stateAt: number,
  attempts: { type: Number, default: 1 },
  found: { type: mixed, default: null },
  fileKey: { type: String, default: null },
  failure: { type: mixed, default: null },
} as const;

export type FollowUpsStore<Found> = ReturnType<typeof createFollowUpsStore<Found>>;

/** One collection for each kind of follow-up: `analyses`, `transcripts`. */
export function createFollowUpsStore<Found>(connection: Connection, collection: 'analyses' | 'transcripts') {
  const schema = new Schema(definition, { versionKey: false, minimize: false });
  schema.index({ state: 1, stateAt: 1 });
  if (collection === 'transcripts') schema.index({ state: 1, 'found.tags.version': 1, stateAt: -1 });
  const model = connection.model(`follow-up ${collection}`, schema, collection);
  const rows = rowsOf<StoredFollowUp<Found>>(model);

  return {
    ready: () => model.init().then(() => undefined),

    byId: rows.byId,

    /** Of these recordings, those for which this version at least was asked for. */
    async asked(ids: readonly string[], version: number): Promise<Set<string>> {
      const found = (await model
        .find({ _id: { $in: [...ids] }, version: { $gte: version } }, { _id: 1 })
        .lean()
        .exec()) as { _id: string }[];
      return new Set(found.map(({ _id }) => _id));
    },

    /** Notes that it was asked for; false when this version was, by somebody else. */
    async begin(followUp: StoredFollowUp<Found>): Promise<boolean> {
      const { id, ...rest } = followUp;
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

    /** Sets what a report tells; false when the recording was erased meanwhile: it gets none any more. */
    async set(id: string, set: Partial<Omit<StoredFollowUp<Found>, 'id'>>): Promise<boolean> {
      return (await model.updateOne({ _id: id }, { $set: set }).exec()).matchedCount > 0;
    },

    /** Follow-ups that are done and of which this field of what was found lacks this version, newest first. */
    lacking(field: string, version: number, except: readonly string[], limit: number) {
      const older = Array.from({ length: version - 1 }, (_, index) => index + 1);
      return rows.many(
        {
          state: 'done',
          [`found.${field}.version`]: { $in: [null, ...older] },
          _id: { $nin: [...except] },
        },
        { sort: { stateAt: -1 }, limit },
      );
    },

    /** Adds to what was found, as long as it is still of this file; false when it is not. */
    async setFound(id: string, fileKey: string, field: string, value: unknown): Promise<boolean> {
      const { matchedCount } = await model
        .updateOne({ _id: id, state: 'done', fileKey }, { $set: { [`found.${field}`]: value } })
        .exec();
      return matchedCount > 0;
    },

    waitingSince: (before: number, limit: number) =>
      rows.many({ state: 'waiting', stateAt: { $lt: before } }, { sort: { stateAt: 1 }, limit }),

    waiting: () => model.countDocuments({ state: 'waiting' }).exec(),

    /** Claims the next attempt, so that of several servers one queues it again. */
    async claimAttempt({ id, attempts }: { id: string; attempts: number }, now: number): Promise<boolean> {
      const { modifiedCount } = await model
        .updateOne(
          { _id: id, state: 'waiting', attempts },
          { $set: { stateAt: now, attempts: attempts + 1 } },
        )
        .exec();
      return modifiedCount === 1;
    },

    /** Recordings in whose `field` of what was found every one of these words stands. */
    async withWords(field: string, words: readonly string[], limit: number): Promise<string[]> {
      const conditions = words.map((word) => ({ [`found.${field}`]: contains(word) }));
      const found = (await model
        .find({ state: 'done', $and: conditions }, { _id: 1 })
        .sort({ stateAt: -1 })
        .limit(limit)
        .lean()
        .exec()) as { _id: string }[];
      return found.map(({ _id }) => _id);
    },

    async erase(id: string): Promise<void> {
      await model.deleteOne({ _id: id }).exec();
    },
  };
}
