import { type Connection, Schema } from 'mongoose';
import type { CallEndReason, CallLeg, CallPause } from '#contract/calls.ts';
import { gatheredById } from '#kernel/gathered.ts';
import type { PauseEndedBy, StoredCall, StoredLeg } from './calls.ts';

type CallDocument = Omit<StoredCall, 'id'> & { _id: string };

const legSchema = new Schema(
  {
    id: { type: String, required: true },
    role: { type: String, required: true },
    codec: { type: String, required: true },
    state: { type: String, required: true },
    rtp: { type: Schema.Types.Mixed, default: null },
  },
  { _id: false },
);

const schema = new Schema(
  {
    _id: { type: String, required: true },
    externalId: { type: String, required: true },
    lineId: { type: String, required: true },
    state: { type: String, required: true },
    origin: { type: String, required: true },
    agentId: { type: String, default: null },
    agentName: { type: Schema.Types.Mixed, default: null },
    customerMasked: { type: String, default: '' },
    facts: { type: Schema.Types.Mixed, required: true },
    legs: { type: [legSchema], required: true },
    pause: { type: Schema.Types.Mixed, default: null },
    pauses: { type: [Schema.Types.Mixed], default: [] },
    instanceId: { type: String, required: true },
    customerTokenHash: { type: String, default: null },
    customerTokenExpiresAt: { type: Number, default: null },
    openedAt: { type: Number, required: true },
    startedAt: { type: Number, default: null },
    endedAt: { type: Number, default: null },
    endReason: { type: String, default: null },
  },
  { versionKey: false, minimize: false },
);
schema.index({ externalId: 1 }, { unique: true });
schema.index({ state: 1, lineId: 1 });
schema.index({ agentId: 1, openedAt: -1 });
schema.index({ endedAt: 1 });
schema.index({ customerTokenHash: 1 }, { sparse: true });

const present = ({ _id, ...rest }: CallDocument): StoredCall => ({ id: _id, ...rest });

export type CallsStore = ReturnType<typeof createCallsStore>;

export function createCallsStore(connection: Connection) {
  const model = connection.model('Call', schema, 'calls');
  const one = async (query: Promise<unknown>): Promise<StoredCall | null> => {
    const found = (await query) as CallDocument | null;
    return found ? present(found) : null;
  };
  const many = async (query: Promise<unknown>): Promise<StoredCall[]> =>
    ((await query) as CallDocument[]).map(present);
  const byIds = (ids: readonly string[]) =>
    many(
      model
        .find({ _id: { $in: [...ids] } })
        .lean()
        .exec(),
    );
  const after = { returnDocument: 'after' as const };

  return {
    ready: () => model.createIndexes(),

    /** Answers the call that already has this external id instead, if there is one. */
    async insert(call: StoredCall): Promise<{ call: StoredCall; inserted: boolean }> {
      const { id, ...rest } = call;
      try {
        await model.insertOne({ _id: id, ...rest } as never);
        return { call, inserted: true };
      } catch (error) {
        if ((error as { code?: number }).code !== 11000) throw error;
        const existing = await one(model.findOne({ externalId: call.externalId }).lean().exec());
        if (!existing) throw error;
        return { call: existing, inserted: false };
      }
    },

    byId: gatheredById(byIds),
    byIds,
    byCustomerTokenHash: (hash: string) => one(model.findOne({ customerTokenHash: hash }).lean().exec()),

    live: (lineIds: readonly string[] | null) =>
      many(
        model
          .find({ state: 'live', ...(lineIds ? { lineId: { $in: [...lineIds] } } : {}) })
          .sort({ startedAt: -1 })
          .lean()
          .exec(),
      ),

    notEnded: () =>
      many(
        model
          .find({ state: { $in: ['open', 'live'] } })
          .lean()
          .exec(),
      ),

    /** What the call was about and who called goes; that there was a call stays. */
    async forget(id: string): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { facts: {}, customerMasked: '', agentName: null } }).exec();
    },

    /** Of which something was heard. */
    endedBetween: (from: number, to: number) =>
      many(
        model
          .find({ state: 'ended', endedAt: { $gte: from, $lt: to }, startedAt: { $ne: null } })
          .lean()
          .exec(),
      ),

    ofAgentSince: (agentId: string, since: number) =>
      many(
        model
          .find({ agentId, openedAt: { $gte: since } })
          .sort({ openedAt: -1 })
          .limit(100)
          .lean()
          .exec(),
      ),

    /** open → live, once. */
    start: (id: string, at: number) =>
      one(
        model
          .findOneAndUpdate({ _id: id, state: 'open' }, { $set: { state: 'live', startedAt: at } }, after)
          .lean()
          .exec(),
      ),

    /** open or live → ended, once; null when it had ended already. */
    end: (id: string, at: number, reason: CallEndReason) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, state: { $in: ['open', 'live'] } },
            { $set: { state: 'ended', endedAt: at, endReason: reason, 'legs.$[].state': 'ended' } },
            after,
          )
          .lean()
          .exec(),
      ),

    /** Null when the call has ended or has as many legs as it may. */
    addLeg: (id: string, leg: StoredLeg, maxLegs: number) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, state: { $in: ['open', 'live'] }, [`legs.${maxLegs - 1}`]: { $exists: false } },
            { $push: { legs: leg } },
            after,
          )
          .lean()
          .exec(),
      ),

    /** Null when the call has ended or is paused already. */
    pause: (id: string, pause: CallPause) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, state: { $in: ['open', 'live'] }, pause: null },
            { $set: { pause } },
            after,
          )
          .lean()
          .exec(),
      ),

    /** Ends this very pause, also of a call that is over; null when it is not the one that runs. */
    resume: (id: string, pause: CallPause, end: { endedAt: number; endedBy: PauseEndedBy }) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, 'pause.since': pause.since },
            { $set: { pause: null }, $push: { pauses: { ...pause, ...end } } },
            after,
          )
          .lean()
          .exec(),
      ),

    setLegState: (id: string, legId: string, state: CallLeg['state'], from: readonly CallLeg['state'][]) =>
      one(
        model
          .findOneAndUpdate(
            {
              _id: id,
              state: { $in: ['open', 'live'] },
              legs: { $elemMatch: { id: legId, state: { $in: [...from] } } },
            },
            { $set: { 'legs.$.state': state } },
            after,
          )
          .lean()
          .exec(),
      ),
  };
}
