import { type Connection, Schema } from 'mongoose';
import type { LegalHold, RetentionEvent, RetentionPolicy, RetentionRule } from '#contract/retention.ts';
import { newId } from '#kernel/ids.ts';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import { mixed, number, rowsOf, text } from '#kernel/rows.ts';
import { hashOf, noHash } from './retention.ts';

const policySchema = new Schema(
  {
    _id: text,
    lineId: { type: String, default: null },
    recordingClass: { type: String, default: null },
    floorDays: number,
    ceilingDays: { type: Number, default: null },
    updatedAt: number,
    updatedBy: { type: mixed, default: null },
  },
  { versionKey: false },
);
policySchema.index({ lineId: 1, recordingClass: 1 }, { unique: true, name: 'one-policy-per-target' });

const holdSchema = new Schema(
  {
    _id: text,
    scope: { type: mixed, required: true },
    reason: text,
    placedAt: number,
    placedBy: { type: mixed, required: true },
    released: { type: mixed, default: null },
  },
  { versionKey: false, minimize: false },
);
holdSchema.index({ placedAt: -1 });

const eventSchema = new Schema(
  {
    _id: text,
    sequence: number,
    at: number,
    by: { type: mixed, default: null },
    action: text,
    recordingId: { type: String, default: null },
    reason: { type: String, default: '' },
    before: { type: mixed, default: null },
    after: { type: mixed, default: null },
    hash: text,
  },
  { versionKey: false, minimize: false },
);
// Two that come at once cannot both follow the same one.
eventSchema.index({ sequence: 1 }, { unique: true, name: 'one-event-per-number' });

const runSchema = new Schema(
  { _id: text, until: number, ranAt: { type: Number, default: 0 } },
  { versionKey: false },
);
const theRun = 'retention';

export type RetentionStore = Awaited<ReturnType<typeof createRetentionStore>>;

export async function createRetentionStore(connection: Connection) {
  const policyModel = connection.model('RetentionPolicy', policySchema, 'retention_policies');
  const holdModel = connection.model('LegalHold', holdSchema, 'legal_holds');
  const eventModel = connection.model('RetentionEvent', eventSchema, 'retention_events');
  const runs = connection.model('RetentionRun', runSchema, 'retention_runs');
  await Promise.all([policyModel, holdModel, eventModel, runs].map((model) => model.createIndexes()));
  const policies = rowsOf<RetentionPolicy>(policyModel);
  const holds = rowsOf<LegalHold>(holdModel);
  const events = rowsOf<RetentionEvent>(eventModel);

  return {
    policies: () => policies.many({}),

    /** Answers the policy as it is now. */
    async savePolicy(
      rule: RetentionRule,
      stamp: Pick<RetentionPolicy, 'updatedAt' | 'updatedBy'>,
    ): Promise<RetentionPolicy> {
      const { lineId, recordingClass, floorDays, ceilingDays } = rule;
      const save = () =>
        policies.change(
          { lineId, recordingClass },
          {
            $set: { floorDays, ceilingDays, ...stamp },
            $setOnInsert: { _id: newId('pol', stamp.updatedAt) },
          },
          { upsert: true },
        );
      // Where two make it at once, the second finds the first one's.
      const policy = await save().catch((error: unknown) => {
        if (!duplicateKeyFields(error)) throw error;
        return save();
      });
      return policy!;
    },

    removePolicy: (id: string) => policies.remove({ _id: id }),

    async insertHold(hold: LegalHold): Promise<void> {
      const { id, ...rest } = hold;
      await holdModel.insertOne({ _id: id, ...rest } as never);
    },

    /** Once; answers the hold as it is, or null when there is none. */
    async releaseHold(
      id: string,
      released: NonNullable<LegalHold['released']>,
    ): Promise<{ hold: LegalHold; now: boolean } | null> {
      const { modifiedCount } = await holdModel
        .updateOne({ _id: id, released: null }, { $set: { released } })
        .exec();
      const hold = await holds.byId(id);
      return hold && { hold, now: modifiedCount === 1 };
    },

    openHolds: () => holds.many({ released: null }, { sort: { placedAt: -1, _id: -1 } }),
    allHolds: () => holds.many({}, { sort: { placedAt: -1, _id: -1 }, limit: 1_000 }),

    /** Adds to the trail, behind whatever is its end by then. */
    async record(entry: Omit<RetentionEvent, 'id' | 'sequence' | 'hash'>): Promise<void> {
      for (;;) {
        const [last] = await events.many({}, { sort: { sequence: -1 }, limit: 1 });
        const event = { id: newId('ret', entry.at), sequence: (last?.sequence ?? 0) + 1, ...entry };
        if (await events.insert({ ...event, hash: hashOf(event, last?.hash ?? noHash) })) return;
      }
    },

    /** Newest first. */
    events: (before: number | null, limit: number) =>
      events.many(before === null ? {} : { sequence: { $lt: before } }, { sort: { sequence: -1 }, limit }),

    /** Takes the next run until then, unless another server has it or one ran after `notSince`. */
    async claimRun(now: number, until: number, notSince: number): Promise<boolean> {
      await runs
        .updateOne({ _id: theRun }, { $setOnInsert: { until: 0, ranAt: 0 } }, { upsert: true })
        .exec()
        .catch((error: unknown) => {
          if (!duplicateKeyFields(error)) throw error;
        });
      const { modifiedCount } = await runs
        .updateOne({ _id: theRun, until: { $lte: now }, ranAt: { $lte: notSince } }, { $set: { until } })
        .exec();
      return modifiedCount === 1;
    },

    /** `again`: there is more to do, and the next one need not wait. */
    async endRun(now: number, again: boolean): Promise<void> {
      await runs.updateOne({ _id: theRun }, { $set: { until: 0, ranAt: again ? 0 : now } }).exec();
    },
  };
}
