import { expect } from 'chai';
import { MongoClient, MongoServerError } from 'mongodb';
import { type Row, useTarget } from './target.ts';

const CONCURRENT = 200;

describe('Races on the document server', () => {
  const target = useTarget();
  let clients: MongoClient[];

  before(async () => {
    clients = await Promise.all([0, 1].map(() => new MongoClient(target.url, { maxPoolSize: 50 }).connect()));
  });
  after(() => Promise.all(clients.map((client) => client.close())));

  const numbers = Array.from({ length: CONCURRENT }, (_, i) => i);
  const from = (i: number, name: string) =>
    clients[i % clients.length]!.db(target.db.databaseName).collection<Row>(name);

  it(`lets exactly 5 of ${CONCURRENT} take a seat by one conditional update`, async () => {
    const { collectionName } = await target.collection([{ _id: 'slot', free: 5 }]);
    const taken = await Promise.all(
      numbers.map((i) =>
        from(i, collectionName).findOneAndUpdate(
          { _id: 'slot', free: { $gt: 0 } },
          { $inc: { free: -1 }, $push: { by: i } as never },
        ),
      ),
    );
    expect(taken.filter((doc) => doc !== null)).to.have.length(5);
    const slot = await from(0, collectionName).findOne({ _id: 'slot' });
    expect(slot).to.include({ free: 0 });
    expect(slot!.by).to.have.length(5);
  });

  it(`lets exactly 5 of ${CONCURRENT} insert into 5 places of a unique index`, async () => {
    const collection = await target.collection();
    await collection.createIndex({ slot: 1, place: 1 }, { unique: true });
    const results = await Promise.allSettled(
      numbers.map((i) => from(i, collection.collectionName).insertOne({ _id: i, slot: 's', place: i % 5 })),
    );
    const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
    expect(refused).to.have.length(CONCURRENT - 5);
    for (const error of refused)
      expect(error).to.be.instanceOf(MongoServerError).with.property('code', 11000);
    expect(await collection.countDocuments()).to.equal(5);
  });

  it(`counts ${CONCURRENT} upserts of one key into one document`, async () => {
    const collection = await target.collection();
    await collection.createIndex({ key: 1 }, { unique: true });
    await Promise.all(
      numbers.map((i) =>
        from(i, collection.collectionName).findOneAndUpdate(
          { key: 'k' },
          { $inc: { n: 1 }, $setOnInsert: { _id: i } },
          { upsert: true },
        ),
      ),
    );
    expect(await collection.find({}, { projection: { _id: 0 } }).toArray()).to.deep.equal([
      { key: 'k', n: CONCURRENT },
    ]);
  });
});
