import mongoose from 'mongoose';
import type { MongoConnection } from '#kernel/mongo.ts';
import type { PersonsStore } from './identity.service.ts';
import type { StoredPerson } from './identity.ts';

type Row = Omit<StoredPerson, 'id'> & { _id: string };

const text = { en: { type: String, required: true }, zh: { type: String, required: true } };

const personSchema = new mongoose.Schema<Row>(
  {
    _id: { type: String, required: true },
    name: text,
    title: text,
    role: { type: String, required: true },
    ear: { type: String },
    worksLineIds: { type: [String], required: true },
    email: { type: String, default: null },
  },
  { versionKey: false, collection: 'persons' },
);

export async function createPersonsStore(connection: MongoConnection): Promise<PersonsStore> {
  const persons = connection.model('Person', personSchema);
  await persons.createIndexes();

  return {
    async byIds(ids) {
      const rows = await persons.find({ _id: { $in: [...ids] } }).lean();
      return rows.map(fromRow);
    },
    async all(limit) {
      const rows = await persons.find().sort({ _id: 1 }).limit(limit).lean();
      return rows.map(fromRow);
    },
    async save(list) {
      if (list.length === 0) return;
      await persons.bulkWrite(
        list.map(({ id, ...rest }) => ({
          replaceOne: { filter: { _id: id }, replacement: { _id: id, ...rest }, upsert: true },
        })),
      );
    },
  };
}

function fromRow({ _id, ...rest }: Row): StoredPerson {
  return { id: _id, ...rest };
}
