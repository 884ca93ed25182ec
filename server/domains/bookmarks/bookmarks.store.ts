import { type Connection, Schema } from 'mongoose';
import { mixed, number, rowsOf, text } from '#kernel/rows.ts';
import type { StoredBookmark } from './bookmarks.ts';

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

/** More marks than these nobody looks through at once. */
const most = 1_000;

export type BookmarksStore = ReturnType<typeof createBookmarksStore>;

export function createBookmarksStore(connection: Connection) {
  const model = connection.model('Bookmark', schema, 'bookmarks');
  const rows = rowsOf<StoredBookmark>(model);

  return {
    ready: () => model.createIndexes(),

    /** False when the person's key was used before: the unique index decides. */
    insert: rows.insert,

    byId: rows.byId,
    byKey: (personId: string, idempotencyKey: string) => rows.one({ personId, idempotencyKey }),

    ofCalls: (callIds: readonly string[]) =>
      rows.many({ callId: { $in: [...callIds] } }, { sort: { callId: 1, at: 1 }, limit: most }),
    ofSlot: (slotId: string) => rows.many({ slotId }, { sort: { createdAt: 1 }, limit: most }),
    /** Newest first. UTC ms. */
    ofPerson: (personId: string, from: number, to: number) =>
      rows.many({ personId, createdAt: { $gte: from, $lt: to } }, { sort: { createdAt: -1 }, limit: most }),

    /** Changes it if it still has this revision; null when it has not. */
    change: (
      id: string,
      revision: number,
      set: Partial<Pick<StoredBookmark, 'note' | 'visibility' | 'remedy'>> & { updatedAt: number },
    ) => rows.change({ _id: id, revision }, { $set: { ...set, revision: revision + 1 } }),

    /** False when it has another revision, or is gone. */
    async remove(id: string, revision: number): Promise<boolean> {
      return (await rows.remove({ _id: id, revision })) !== null;
    },

    async eraseCall(callId: string): Promise<void> {
      await model.deleteMany({ callId }).exec();
    },
  };
}
