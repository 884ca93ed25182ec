import { type Connection, Schema } from 'mongoose';
import type { LegalHold, RetentionEvent, RetentionPolicy, RetentionRule } from '#contract/retention.ts';
import { newId } from '#kernel/ids.ts';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import { hashOf, noHash } from './retention.ts';

type Row<T extends { id: string }> = Omit<T, 'id'> & { _id: string };

const mixed = Schema.Types.Mixed;
const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;

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

const present = <T extends { id: string }>({ _id, ...rest }: Row<T>): T =>
  ({ id: _id, ...rest }) as unknown as T;

export type RetentionStore = Awaited<ReturnType<typeof createRetentionStore>>;

export async function createRetentionStore(connection: Connection) {
  const policies = connection.model('RetentionPolicy', policySchema, 'retention_policies');
  const holds = connection.model('LegalHold', holdSchema, 'legal_holds');
  const events = connection.model('RetentionEvent', eventSchema, 'retention_events');
  const runs = connection.model('RetentionRun', runSchema, 'retention_runs');
  await Promise.all([policies, holds, events, runs].map((model) => model.createIndexes()));

  const lastEvent = async (): Promise<RetentionEvent | null> => {
    const [row] = await events.find().sort({ sequence: -1 }).limit(1).lean().exec();
    return row ? present<RetentionEvent>(row as unknown as Row<RetentionEvent>) : null;
  };

  return {
    async policies(): Promise<RetentionPolicy[]> {
      const rows = await policies.find().lean().exec();
      return (rows as unknown as Row<RetentionPolicy>[]).map(present<RetentionPolicy>);
    },

    /** Answers the policy as it is now. */
    async savePolicy(
      rule: RetentionRule,
      stamp: Pick<RetentionPolicy, 'updatedAt' | 'updatedBy'>,
    ): Promise<RetentionPolicy> {
      const { lineId, recordingClass, floorDays, ceilingDays } = rule;
      const save = () =>
        policies
          .findOneAndUpdate(
            { lineId, recordingClass },
            {
              $set: { floorDays, ceilingDays, ...stamp },
              $setOnInsert: { _id: newId('pol', stamp.updatedAt) },
            },
            { upsert: true, returnDocument: 'after' },
          )
          .lean()
          .exec();
      // Where two make it at once, the second finds the first one's.
      const row = await save().catch((error: unknown) => {
        if (!duplicateKeyFields(error)) throw error;
        return save();
      });
      return present<RetentionPolicy>(row as unknown as Row<RetentionPolicy>);
    },

    async removePolicy(id: string): Promise<RetentionPolicy | null> {
      const row = await policies.findOneAndDelete({ _id: id }).lean().exec();
      return row ? present<RetentionPolicy>(row as unknown as Row<RetentionPolicy>) : null;
    },

    async insertHold(hold: LegalHold): Promise<void> {
      const { id, ...rest } = hold;
      await holds.insertOne({ _id: id, ...rest } as never);
    },

    /** Once; answers the hold as it is, or null when there is none. */
    async releaseHold(
      id: string,
      released: NonNullable<LegalHold['released']>,
    ): Promise<{ hold: LegalHold; now: boolean } | null> {
      const { modifiedCount } = await holds
        .updateOne({ _id: id, released: null }, { $set: { released } })
        .exec();
      const row = await holds.findById(id).lean().exec();
      return row ? { hold: present(row as unknown as Row<LegalHold>), now: modifiedCount === 1 } : null;
    },

    async openHolds(): Promise<LegalHold[]> {
      const rows = await holds.find({ released: null }).sort({ placedAt: -1, _id: -1 }).lean().exec();
      return (rows as unknown as Row<LegalHold>[]).map(present<LegalHold>);
    },

    async allHolds(): Promise<LegalHold[]> {
      const rows = await holds.find().sort({ placedAt: -1, _id: -1 }).limit(1_000).lean().exec();
      return (rows as unknown as Row<LegalHold>[]).map(present<LegalHold>);
    },

    /** Adds to the trail, behind whatever is its end by then. */
    async record(event: Omit<RetentionEvent, 'id' | 'sequence' | 'hash'>): Promise<void> {
      for (;;) {
        const last = await lastEvent();
        const whole = { id: newId('ret', event.at), sequence: (last?.sequence ?? 0) + 1, ...event };
        const { id, ...rest } = { ...whole, hash: hashOf(whole, last?.hash ?? noHash) };
        try {
          await events.insertOne({ _id: id, ...rest } as never);
          return;
        } catch (error) {
          if (!duplicateKeyFields(error)?.includes('sequence')) throw error;
        }
      }
    },

    /** Newest first. */
    async events(before: number | null, limit: number): Promise<RetentionEvent[]> {
      const rows = await events
        .find(before === null ? {} : { sequence: { $lt: before } })
        .sort({ sequence: -1 })
        .limit(limit)
        .lean()
        .exec();
      return (rows as unknown as Row<RetentionEvent>[]).map(present<RetentionEvent>);
    },

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
