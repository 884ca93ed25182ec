import mongoose from 'mongoose';
import type { MongoConnection } from '#kernel/mongo.ts';

const { Schema } = mongoose;

interface ClearedRow {
  _id: string;
  at: number;
}
const clearedSchema = new Schema<ClearedRow>(
  { _id: { type: String, required: true }, at: { type: Number, required: true } },
  { versionKey: false, collection: 'rooms_cleared' },
);

export type RoomsKeptStore = Awaited<ReturnType<typeof createRoomsKeptStore>>;

/** What rooms wrote, slot by slot, as it is kept and goes. Its models are those of the notes and the messages. */
export async function createRoomsKeptStore(connection: MongoConnection) {
  const cleared = connection.model('RoomCleared', clearedSchema);
  await cleared.createIndexes();
  const { RoomMessage, RoomMove, NoteCopy, NoteUpdate, Notes, RoomCounter } = connection.models;
  if (!RoomMessage || !RoomMove || !NoteCopy || !NoteUpdate || !Notes || !RoomCounter) {
    throw new Error('the stores of rooms and notes are made first');
  }

  return {
    /** Slots behind `after` of whose rooms something is kept, by id; at most `limit`. */
    async slots(after: string, limit: number): Promise<string[]> {
      const pages = await Promise.all(
        [RoomMessage, RoomMove, NoteCopy].map(async (model) => {
          const rows = (await model
            .find({ slotId: { $gt: after } }, { slotId: 1 })
            .sort({ slotId: 1 })
            .limit(limit)
            .lean()) as unknown as { slotId: string }[];
          return rows.map(({ slotId }) => slotId);
        }),
      );
      // Behind the end of a full page there may be others: they are found the next time.
      const ends = pages.flatMap((page) => (page.length === limit ? page.at(-1)! : []));
      const end = ends.sort()[0];
      const all = [...new Set(pages.flat())].sort();
      return end === undefined ? all : all.filter((slotId) => slotId <= end);
    },

    /** Everything that a room wrote. Those who wrote go last, so that what a crash leaves is found again. */
    async clear(slotId: string, at: number): Promise<{ messages: number; notes: boolean }> {
      await cleared.updateOne({ _id: slotId }, { $set: { at } }, { upsert: true });
      const said = await RoomMessage.deleteMany({ slotId });
      await RoomMove.deleteMany({ slotId });
      const updates = await NoteUpdate.deleteMany({ slotId });
      const snapshot = await Notes.deleteOne({ _id: slotId });
      await RoomCounter.deleteOne({ _id: slotId });
      await NoteCopy.deleteMany({ slotId });
      return { messages: said.deletedCount, notes: updates.deletedCount + snapshot.deletedCount > 0 };
    },

    /** UTC ms; null while nothing of it was deleted. */
    async clearedAt(slotId: string): Promise<number | null> {
      const row = (await cleared.findById(slotId).lean()) as ClearedRow | null;
      return row?.at ?? null;
    },
  };
}
