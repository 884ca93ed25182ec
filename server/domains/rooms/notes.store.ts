import mongoose from 'mongoose';
import type { Author } from '#contract/rooms.ts';
import { duplicateKeyFields, type MongoConnection } from '#kernel/mongo.ts';

interface UpdateRow {
  _id: string;
  slotId: string;
  update: Buffer;
  personId: string;
  at: number;
}

interface SnapshotRow {
  _id: string;
  state: Buffer;
  /** Grows with every snapshot of this slot. */
  generation: number;
  at: number;
}

interface CopyRow {
  _id: string;
  slotId: string;
  personId: string;
  name: Author['name'];
  at: number;
}

const { Schema } = mongoose;
const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const binary = { type: Buffer, required: true } as const;
const plain = { versionKey: false } as const;

const updateSchema = new Schema<UpdateRow>(
  { _id: text, slotId: text, update: binary, personId: text, at: number },
  { ...plain, collection: 'note_updates' },
);
updateSchema.index({ slotId: 1, _id: 1 }, { name: 'by-slot' });
const snapshotSchema = new Schema<SnapshotRow>(
  { _id: text, state: binary, generation: number, at: number },
  { ...plain, collection: 'notes' },
);
const copySchema = new Schema<CopyRow>(
  { _id: text, slotId: text, personId: text, name: { type: Schema.Types.Mixed, required: true }, at: number },
  { ...plain, collection: 'note_copies' },
);
copySchema.index({ slotId: 1, at: 1 }, { name: 'by-slot' });

export interface StoredUpdate {
  readonly id: string;
  readonly update: Uint8Array;
}

export interface Snapshot {
  readonly state: Uint8Array;
  readonly generation: number;
}

export type NotesStore = Awaited<ReturnType<typeof createNotesStore>>;

/** Shared notes: a snapshot per slot and the updates since. Merging one twice changes nothing, so neither order nor repeats matter. */
export async function createNotesStore(connection: MongoConnection) {
  const updates = connection.model('NoteUpdate', updateSchema);
  const snapshots = connection.model('Notes', snapshotSchema);
  const copies = connection.model('NoteCopy', copySchema);
  await Promise.all([updates, snapshots, copies].map((model) => model.createIndexes()));

  return {
    /**
     * What a process that has seen these updates and this generation lacks. The updates are read first: one that a
     * snapshot swallows meanwhile is in the snapshot that is read after it.
     */
    async since(
      slotId: string,
      seen: ReadonlySet<string>,
      generation: number,
    ): Promise<{ updates: StoredUpdate[]; snapshot: Snapshot | null }> {
      const rows = await updates
        .find({ slotId, _id: { $nin: [...seen] } })
        .sort({ _id: 1 })
        .lean();
      const newer = await snapshots.findOne({ _id: slotId, generation: { $gt: generation } }).lean();
      return {
        updates: rows.map((row) => ({ id: row._id, update: bytesOf(row.update) })),
        snapshot: newer && { state: bytesOf(newer.state), generation: newer.generation },
      };
    },

    async append(row: {
      id: string;
      slotId: string;
      update: Uint8Array;
      personId: string;
      at: number;
    }): Promise<void> {
      const { id, update, ...rest } = row;
      await updates.insertOne({ _id: id, ...rest, update: Buffer.from(update) });
    },

    /**
     * Replaces the snapshot of `generation` (0: there is none) and forgets the updates that it holds; false if another
     * process was first.
     */
    async compact(
      slotId: string,
      generation: number,
      state: Uint8Array,
      updateIds: readonly string[],
      at: number,
    ): Promise<boolean> {
      const next = { state: Buffer.from(state), generation: generation + 1, at };
      if (generation === 0) {
        try {
          await snapshots.insertOne({ _id: slotId, ...next });
        } catch (error) {
          if (duplicateKeyFields(error)) return false;
          throw error;
        }
      } else {
        const { matchedCount } = await snapshots.updateOne({ _id: slotId, generation }, { $set: next });
        if (matchedCount === 0) return false;
      }
      await updates.deleteMany({ _id: { $in: [...updateIds] } });
      return true;
    },

    /** Makes this person the owner of a copy (Yjs client id) unless it has one; answers whose it is. */
    async claimCopy(slotId: string, client: number, person: Author, at: number): Promise<string> {
      const _id = `${slotId}:${client}`;
      try {
        await copies.insertOne({ _id, slotId, personId: person.personId, name: person.name, at });
        return person.personId;
      } catch (error) {
        if (!duplicateKeyFields(error)) throw error;
        const row = await copies.findById(_id).lean();
        return row?.personId ?? person.personId;
      }
    },

    /** Everybody who wrote, the first one first. */
    async authors(slotId: string): Promise<Author[]> {
      const rows = await copies.find({ slotId }).sort({ at: 1 }).lean();
      return [
        ...new Map(
          rows.map(({ personId, name }) => [
            personId,
            { personId, name: { en: name.en, zh: name.zh } } satisfies Author,
          ]),
        ).values(),
      ];
    },
  };
}

/** Lean documents hold BSON's Binary where a document would hold a Buffer. */
function bytesOf(stored: Buffer | { value(): unknown }): Uint8Array {
  if (stored instanceof Uint8Array) return stored;
  const value = (stored as { value(): unknown }).value();
  if (value instanceof Uint8Array) return value;
  throw new Error('stored bytes cannot be read');
}
