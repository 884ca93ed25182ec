import { type Connection, Schema } from 'mongoose';
import type { ClipState } from '#contract/clips.ts';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import type { StoredClip } from './clips.ts';

type ClipDocument = Omit<StoredClip, 'id'> & { _id: string };

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const mixed = Schema.Types.Mixed;

const schema = new Schema(
  {
    _id: text,
    callId: text,
    lineId: text,
    recordingId: { type: String, default: null },
    bookmarkId: { type: String, default: null },
    title: { type: String, default: '' },
    fromAt: number,
    toAt: number,
    zeroAt: number,
    span: { type: mixed, default: null },
    state: text,
    stateAt: number,
    attempts: { type: Number, default: 0 },
    failure: { type: mixed, default: null },
    file: { type: mixed, default: null },
    rendering: { type: mixed, default: null },
    manifest: { type: String, default: null },
    personId: text,
    personName: { type: mixed, required: true },
    personTitle: { type: mixed, required: true },
    createdAt: number,
    idempotencyKey: text,
    requestHash: text,
  },
  { versionKey: false, minimize: false },
);
schema.index({ callId: 1, fromAt: 1 });
schema.index({ state: 1, stateAt: 1 });
schema.index({ personId: 1, createdAt: -1 });
schema.index({ personId: 1, idempotencyKey: 1 }, { unique: true, name: 'one-clip-per-key' });

const present = ({ _id, ...rest }: ClipDocument): StoredClip => ({ id: _id, ...rest });

/** More clips than these nobody looks through at once. */
const most = 500;

export type ClipsStore = ReturnType<typeof createClipsStore>;

export function createClipsStore(connection: Connection) {
  const model = connection.model('Clip', schema, 'clips');
  const one = async (query: Promise<unknown>): Promise<StoredClip | null> => {
    const found = (await query) as ClipDocument | null;
    return found ? present(found) : null;
  };
  const many = async (query: Promise<unknown>) => ((await query) as ClipDocument[]).map(present);

  return {
    ready: () => model.createIndexes(),

    /** False when the person's key was used before: the unique index decides. */
    async insert(clip: StoredClip): Promise<boolean> {
      const { id, ...rest } = clip;
      try {
        await model.insertOne({ _id: id, ...rest } as never);
        return true;
      } catch (error) {
        if (duplicateKeyFields(error)) return false;
        throw error;
      }
    },

    byId: (id: string) => one(model.findById(id).lean().exec()),
    byKey: (personId: string, idempotencyKey: string) =>
      one(model.findOne({ personId, idempotencyKey }).lean().exec()),
    byIds: (ids: readonly string[]) =>
      many(
        model
          .find({ _id: { $in: [...ids] } })
          .lean()
          .exec(),
      ),

    ofCalls: (callIds: readonly string[]) =>
      many(
        model
          .find({ callId: { $in: [...callIds] } })
          .sort({ callId: 1, fromAt: 1 })
          .limit(most)
          .lean()
          .exec(),
      ),
    ofPerson: (personId: string) =>
      many(model.find({ personId }).sort({ createdAt: -1 }).limit(most).lean().exec()),

    /** Moves the state by compare-and-set: null when it was not in `from`, or was queued again since `attempts`. */
    move: (
      { id, attempts }: Pick<StoredClip, 'id' | 'attempts'>,
      from: readonly ClipState[],
      set: Partial<Omit<StoredClip, 'id'>>,
    ) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, attempts, state: { $in: [...from] } },
            { $set: set },
            { returnDocument: 'after' },
          )
          .lean()
          .exec(),
      ),

    /** What a report tells; null when it was erased meanwhile, or is not in one of these states. */
    set: (id: string, from: readonly ClipState[], set: Partial<Omit<StoredClip, 'id'>>) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, state: { $in: [...from] } },
            { $set: set },
            { returnDocument: 'after' },
          )
          .lean()
          .exec(),
      ),

    /** In these states since before `before` (UTC ms), by id, from one id to the next: for what goes through all of them. */
    standing: (states: readonly ClipState[], before: number, afterId: string, limit: number) =>
      many(
        model
          .find({ state: { $in: [...states] }, stateAt: { $lt: before }, _id: { $gt: afterId } })
          .sort({ _id: 1 })
          .limit(limit)
          .lean()
          .exec(),
      ),

    askedOf: (callId: string) => many(model.find({ callId, state: 'asked' }).lean().exec()),

    async eraseCall(callId: string): Promise<void> {
      await model.deleteMany({ callId }).exec();
    },
  };
}
