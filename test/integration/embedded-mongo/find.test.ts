import { expect } from 'chai';
import {
  Binary,
  BSON,
  BSONRegExp,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb';
import { refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

const { EJSON } = BSON;

const DOC = {
  _id: 1,
  n: 1,
  s: 'x',
  a: [1, 2, 3],
  o: { p: 1, q: { r: 2 } },
  items: [
    { k: 'a', v: 1 },
    { k: 'b', v: 2 },
  ],
};

/** A projection and the document it makes of DOC, with the filter that found it if that matters. */
const PROJECTIONS: [projection: Document, expected: Document, filter?: Document][] = [
  [{ n: 1 }, { _id: 1, n: 1 }],
  [{ n: true, _id: 0 }, { n: 1 }],
  [{ _id: 1 }, { _id: 1 }],
  [
    { a: 0, o: 0, items: 0 },
    { _id: 1, n: 1, s: 'x' },
  ],
  [
    { _id: 0, a: 0, o: 0, items: 0 },
    { n: 1, s: 'x' },
  ],
  [{ 'o.p': 1 }, { _id: 1, o: { p: 1 } }],
  [{ o: { q: { r: 1 } } }, { _id: 1, o: { q: { r: 2 } } }],
  [{ 'items.k': 1 }, { _id: 1, items: [{ k: 'a' }, { k: 'b' }] }],
  [
    { n: 0, s: 0, a: 0, o: 0, 'items.v': 0 },
    { _id: 1, items: [{ k: 'a' }, { k: 'b' }] },
  ],
  [{ 's.z': 1 }, { _id: 1 }],
  [
    { n: 1, a: { $slice: 1 } },
    { _id: 1, n: 1, a: [1] },
  ],
  [
    { n: 1, a: { $slice: [-2, 1] } },
    { _id: 1, n: 1, a: [2] },
  ],
  [
    { s: 0, o: 0, items: 0, a: { $slice: -1 } },
    { _id: 1, n: 1, a: [3] },
  ],
  [{ items: { $elemMatch: { v: { $gt: 1 } } } }, { _id: 1, items: [{ k: 'b', v: 2 }] }],
  [{ items: { $elemMatch: { k: 'none' } } }, { _id: 1 }],
  [{ 'items.$': 1 }, { _id: 1, items: [{ k: 'b', v: 2 }] }, { 'items.k': 'b' }],
  [{ 'a.$': 1 }, { _id: 1, a: [2] }, { a: { $gte: 2 } }],
  [
    { m: '$o.p', sum: { $add: ['$n', 1] } },
    { _id: 1, m: 1, sum: 2 },
  ],
];

const REFUSED: [projection: Document, code: number][] = [
  [{ n: 1, s: 0 }, 31254],
  [{ n: 0, s: 1 }, 31253],
  [{ o: 1, 'o.p': 1 }, 31249],
  [{ n: { $foo: 1 } }, 168],
  [{ $n: 1 }, 16410],
  [{ 'items.$': 0 }, 31395],
  [{ 'a.$': 1 }, 51246],
];

describe('Finding, as MongoDB does it', () => {
  const target = useTarget();

  for (const [projection, expected, filter = {}] of PROJECTIONS) {
    it(`projects by ${JSON.stringify(projection)}`, async () => {
      const collection = await target.collection([DOC]);
      expect(await collection.find(filter, { projection }).toArray()).to.deep.equal([expected]);
    });
  }

  for (const [projection, code] of REFUSED) {
    it(`refuses to project by ${JSON.stringify(projection)} with ${code}`, async () => {
      const collection = await target.collection([DOC]);
      const error = await refusal(collection.find({ n: 1 }, { projection }).toArray());
      expect(error.code).to.be.oneOf([code, UNNUMBERED]);
    });
  }

  it('keeps every BSON type as it came', async () => {
    const values = {
      _id: 1,
      int: new Int32(1),
      whole: new Double(1),
      minus: new Double(-0),
      large: new Double(1e20),
      long: Long.fromString('9007199254740993'),
      small: Long.fromNumber(5),
      decimal: Decimal128.fromString('1.50'),
      date: new Date(-1),
      id: new ObjectId('0123456789abcdef01234567'),
      uuid: new UUID('00000000-0000-4000-8000-000000000001'),
      bytes: new Binary(Buffer.from([1, 2, 3]), 0x80),
      regex: new BSONRegExp('^a', 'i'),
      stamp: new Timestamp({ t: 1, i: 2 }),
      min: new MinKey(),
      max: new MaxKey(),
      nothing: null,
      text: 'a\u0000b 😀 世界',
      nested: { list: [new Int32(1), [new Double(2)], {}], empty: [] },
      'with.dot': 1,
    };
    const collection = await target.collection([values]);
    const found = await collection.findOne({}, { promoteValues: false, bsonRegExp: true });
    expect(EJSON.stringify(found, { relaxed: false })).to.equal(EJSON.stringify(values, { relaxed: false }));
  });

  it('keeps fields named like parts of a JavaScript object', async () => {
    const { collectionName } = await target.collection();
    const odd = JSON.parse('{"_id": 1, "__proto__": {"x": 1}, "constructor": 2, "toString": 3}');
    await target.db.command({ insert: collectionName, documents: [odd] });
    await target.db.command({
      update: collectionName,
      updates: [{ q: { _id: 1 }, u: { $set: { 'hasOwnProperty.y': 4 } } }],
    });
    const expected = JSON.parse(
      '{"_id": 1, "__proto__": {"x": 1}, "constructor": 2, "toString": 3, "hasOwnProperty": {"y": 4}}',
    );
    const [found] = await target.db
      .collection(collectionName)
      .find({ '__proto__.x': 1, constructor: 2 })
      .toArray();
    expect(JSON.stringify(found)).to.equal(JSON.stringify(expected));
    expect(
      await target.db.collection(collectionName).countDocuments({ valueOf: { $exists: true } }),
    ).to.equal(0);
  });

  it('skips, limits and sorts by several fields', async () => {
    const collection = await target.collection(Array.from({ length: 20 }, (_, i) => ({ _id: i, g: i % 3 })));
    const rows = await collection.find().sort({ g: -1, _id: 1 }).skip(5).limit(4).toArray();
    expect(rows.map(({ _id }) => _id)).to.deep.equal([17, 1, 4, 7]);
    expect(await collection.countDocuments({ g: 1 })).to.equal(7);
    expect(await collection.countDocuments({}, { skip: 5, limit: 4 })).to.equal(4);
    expect(await collection.estimatedDocumentCount()).to.equal(20);
    expect(await collection.distinct('g', { _id: { $lt: 2 } })).to.have.members([0, 1]);
  });

  it('hands out long results in batches, each document once', async () => {
    const collection = await target.collection(Array.from({ length: 350 }, (_, i) => ({ _id: i })));
    for (const batchSize of [undefined, 60, 1000]) {
      const cursor = collection.find({}, batchSize === undefined ? {} : { batchSize });
      const ids = (await cursor.toArray()).map(({ _id }) => _id);
      expect(new Set(ids).size).to.equal(350);
      expect(ids).to.have.length(350);
    }
    const aggregate = {
      aggregate: collection.collectionName,
      pipeline: [{ $match: {} }],
      cursor: { batchSize: 0 },
    };
    const { cursor } = await target.db.command(aggregate, { promoteLongs: false });
    expect(cursor.firstBatch).to.deep.equal([]);
    const more = await target.db.command({ getMore: cursor.id, collection: collection.collectionName });
    expect(more.cursor.nextBatch).to.have.length(350);
  });

  it('keeps to 16 MB in a batch', async function () {
    this.timeout(60_000);
    const collection = await target.collection();
    for (let i = 0; i < 5; i++) await collection.insertOne({ _id: i, big: 'x'.repeat(5_000_000) });
    expect(await collection.find().toArray()).to.have.length(5);
  });

  it('forgets a cursor that was closed, and one that was read to its end', async () => {
    const { collectionName } = await target.collection(Array.from({ length: 10 }, (_, i) => ({ _id: i })));
    const options = { promoteLongs: false };
    const open = () => target.db.command({ find: collectionName, batchSize: 2 }, options);
    const more = (id: unknown) => target.db.command({ getMore: id, collection: collectionName }, options);
    const killed = (await open()).cursor.id;
    const answer = await target.db.command({ killCursors: collectionName, cursors: [killed] }, options);
    expect(String(answer.cursorsKilled)).to.equal(String(killed));
    expect((await refusal(more(killed))).code).to.equal(43);
    const read = (await open()).cursor.id;
    const rest = await more(read);
    expect(rest.cursor.nextBatch).to.have.length(8);
    expect(String(rest.cursor.id)).to.equal('0');
    expect((await refusal(more(read))).code).to.equal(43);
  });

  it('reads a snapshot: documents that change while a cursor is open come as they were', async function () {
    skipOn(this, target, ['documentdb', 'mongodb'], 'they may show either');
    const collection = await target.collection(Array.from({ length: 10 }, (_, i) => ({ _id: i, n: 0 })));
    const cursor = collection.find({}, { batchSize: 2 });
    await cursor.next();
    await collection.updateMany({}, { $set: { n: 1 } });
    expect((await cursor.toArray()).every(({ n }) => n === 0)).to.equal(true);
  });

  it('answers for a collection that is not there as for an empty one', async () => {
    const nowhere = target.db.collection('nowhere');
    expect(await nowhere.find().toArray()).to.deep.equal([]);
    expect(await nowhere.countDocuments()).to.equal(0);
    expect(await nowhere.distinct('x')).to.deep.equal([]);
    expect((await nowhere.updateOne({}, { $set: { x: 1 } })).matchedCount).to.equal(0);
    expect((await nowhere.deleteMany({})).deletedCount).to.equal(0);
    expect((await refusal(nowhere.indexes())).code).to.equal(26);
  });

  it('lists databases and collections, and drops them', async () => {
    const db = target.client.db(`${target.db.databaseName}-b`);
    await db.createCollection('one');
    await db.collection('two').insertOne({ x: 1 });
    const names = async () =>
      (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    expect(await names()).to.have.members(['one', 'two']);
    expect(await db.listCollections({ name: 'two' }).toArray()).to.have.length(1);
    const databases = async () =>
      (await target.client.db().admin().listDatabases()).databases.map(({ name }) => name);
    expect(await databases()).to.include(db.databaseName);
    await db.collection('one').drop();
    expect(await names()).to.deep.equal(['two']);
    await db.dropDatabase();
    expect(await databases()).not.to.include(db.databaseName);
  });
});
