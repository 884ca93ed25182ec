import { type Connection, Schema } from 'mongoose';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import type { StoredBookmark } from './bookmarks.ts';

type BookmarkDocument = Omit<StoredBookmark, 'id'> & { _id: string };

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const mixed = Schema.Types.Mixed;

const schema = new Schema(
  {
    _id: text,
    callId: text,
    lineId: text,
    slotId: { type: String, default: null },
    at: number,
    zeroAt: number,
    note: { type: String, default: '' },
    visibility: text,
    remedy: { type: mixed, default: null },
    personId: text,
    personName: { type: mixed, required: true },
    personTitle: { type: mixed, required: true },
    createdAt: number,
    updatedAt: number,
    revision: number,
    idempotencyKey: text,
    requestHash: text,
  },
  { versionKey: false, minimize: false },
);
schema.index({ callId: 1, at: 1 });
schema.index({ slotId: 1, createdAt: 1 });
schema.index({ personId: 1, createdAt: -1 });
schema.index({ personId: 1, idempotencyKey: 1 }, { unique: true, name: 'one-mark-per-key' });

const present = ({ _id, ...rest }: BookmarkDocument): StoredBookmark => ({ id: _id, ...rest });

/** More marks than these nobody looks through at once. */
const most = 1_000;

export type BookmarksStore = ReturnType<typeof createBookmarksStore>;

export function createBookmarksStore(connection: Connection) {
  const model = connection.model('Bookmark', schema, 'bookmarks');
  const one = async (query: Promise<unknown>): Promise<StoredBookmark | null> => {
    const found = (await query) as BookmarkDocument | null;
    return found ? present(found) : null;
  };
  const many = async (query: Promise<unknown>) => ((await query) as BookmarkDocument[]).map(present);

  return {
    ready: () => model.createIndexes(),

    /** False when the person's key was used before: the unique index decides. */
    async insert(mark: StoredBookmark): Promise<boolean> {
      const { id, ...rest } = mark;
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

    ofCalls: (callIds: readonly string[]) =>
      many(
        model
          .find({ callId: { $in: [...callIds] } })
          .sort({ callId: 1, at: 1 })
          .limit(most)
          .lean()
          .exec(),
      ),
    ofSlot: (slotId: string) => many(model.find({ slotId }).sort({ createdAt: 1 }).limit(most).lean().exec()),
    /** Newest first. UTC ms. */
    ofPerson: (personId: string, from: number, to: number) =>
      many(
        model
          .find({ personId, createdAt: { $gte: from, $lt: to } })
          .sort({ createdAt: -1 })
          .limit(most)
          .lean()
          .exec(),
      ),

    /** Changes it if it still has this revision; null when it has not. */
    change: (
      id: string,
      revision: number,
      set: Partial<Pick<StoredBookmark, 'note' | 'visibility' | 'remedy'>> & { updatedAt: number },
    ) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, revision },
            { $set: { ...set, revision: revision + 1 } },
            { returnDocument: 'after' },
          )
          .lean()
          .exec(),
      ),

    /** False when it has another revision, or is gone. */
    async remove(id: string, revision: number): Promise<boolean> {
      return (await model.deleteOne({ _id: id, revision }).exec()).deletedCount === 1;
    },

    async eraseCall(callId: string): Promise<void> {
      await model.deleteMany({ callId }).exec();
    },
  };
}
