import { expect } from 'chai';
import type { CreateIndexesOptions, Document, IndexSpecification } from 'mongodb';
import { Double, Long } from 'mongodb';
import { eventually } from '#support/eventually.ts';
import { refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

describe('Indexes, as MongoDB keeps them', () => {
  const target = useTarget();

  /** Inserts the documents one by one and answers with the numbers of those that were refused as duplicates. */
  async function duplicates(key: IndexSpecification, options: CreateIndexesOptions, docs: Document[]) {
    const collection = await target.collection();
    await collection.createIndex(key, options);
    const { collectionName } = collection;
    const documents = docs.map((doc, _id) => ({ _id, ...doc }));
    const answer = await target.db.command({ insert: collectionName, documents, ordered: false });
    const errors: Document[] = answer.writeErrors ?? [];
    for (const error of errors) expect(error.code).to.equal(11000);
    return errors.map(({ index }) => index);
  }

  const UNIQUE: [
    what: string,
    key: IndexSpecification,
    options: CreateIndexesOptions,
    docs: Document[],
    refused: number[],
  ][] = [
    [
      'compares numbers by value, not by type',
      { n: 1 },
      {},
      [{ n: 1 }, { n: new Double(1) }, { n: Long.fromNumber(1) }, { n: '1' }],
      [1, 2],
    ],
    ['takes a missing field for null', { n: 1 }, {}, [{}, { n: null }, { n: 1 }], [1]],
    [
      'holds for each element of an array, but not within one document',
      { n: 1 },
      {},
      [{ n: [1, 2] }, { n: 2 }, { n: [3, 3] }, { n: [4, 1] }],
      [1, 3],
    ],
    [
      'holds for fields in an array of objects',
      { 'n.k': 1 },
      {},
      [{ n: [{ k: 1 }, { k: 2 }] }, { n: { k: 2 } }],
      [1],
    ],
    [
      'holds for the fields of a compound index together',
      { n: 1, m: 1 },
      {},
      [{ n: 1, m: 1 }, { n: 1, m: 2 }, { m: 1, n: 1 }, { n: 1 }, { n: 1, m: null }],
      [2, 4],
    ],
    [
      'tells objects apart by the order of their fields',
      { n: 1 },
      {},
      [{ n: { a: 1, b: 2 } }, { n: { b: 2, a: 1 } }, { n: { a: 1, b: 2 } }],
      [2],
    ],
    [
      'leaves out missing fields if sparse',
      { n: 1 },
      { sparse: true },
      [{}, {}, { n: null }, { n: null }, { n: 1 }],
      [3],
    ],
    [
      'holds only for documents of its partial filter',
      { n: 1 },
      { partialFilterExpression: { s: 'on' } },
      [
        { n: 1, s: 'on' },
        { n: 1, s: 'off' },
        { n: 1, s: 'on' },
        { n: 2, s: 'on' },
      ],
      [2],
    ],
    [
      'knows ranges, types and lists in partial filters',
      { n: 1 },
      { partialFilterExpression: { s: { $in: ['a', 'b'] }, t: { $gt: 5 }, n: { $exists: true } } },
      [
        { n: 1, s: 'a', t: 6 },
        { n: 1, s: 'c', t: 6 },
        { n: 1, s: 'b', t: 7 },
        { n: 1, s: 'b', t: 5 },
      ],
      [2],
    ],
  ];
  for (const [what, key, options, docs, refused] of UNIQUE) {
    it(`A unique index ${what}`, async () => {
      expect(await duplicates(key, { unique: true, ...options }, docs)).to.deep.equal(refused);
    });
  }

  it('names the index and the key in E11000, for inserts and updates', async () => {
    const collection = await target.collection([
      { _id: 1, line: 'a', slot: 1 },
      { _id: 2, line: 'a', slot: 2 },
    ]);
    await collection.createIndex({ line: 1, slot: -1 }, { unique: true, name: 'seat' });
    const insert = await refusal(collection.insertOne({ _id: 3, line: 'a', slot: 1 }));
    expect(insert.message).to.contain('index: seat dup key: { line: "a", slot: 1 }');
    expect(insert.errorResponse).to.deep.include({
      keyPattern: { line: 1, slot: -1 },
      keyValue: { line: 'a', slot: 1 },
    });
    const update = await refusal(collection.updateOne({ _id: 2 }, { $set: { slot: 1 } }));
    expect(update.code).to.equal(11000);
    const modify = await refusal(collection.findOneAndUpdate({ _id: 2 }, { $set: { slot: 1 } }));
    expect(modify.code).to.equal(11000);
    expect(await collection.findOne({ _id: 2 })).to.include({ slot: 2 });
  });

  it('checks a partial index again when an update brings a document under its filter', async () => {
    const collection = await target.collection([
      { _id: 1, n: 1, s: 'on' },
      { _id: 2, n: 1, s: 'off' },
    ]);
    await collection.createIndex({ n: 1 }, { unique: true, partialFilterExpression: { s: 'on' } });
    expect((await refusal(collection.updateOne({ _id: 2 }, { $set: { s: 'on' } }))).code).to.equal(11000);
    await collection.updateOne({ _id: 1 }, { $set: { s: 'off' } });
    await collection.updateOne({ _id: 2 }, { $set: { s: 'on' } });
    expect(
      await collection.find({ n: 1 }).toArray(),
      'a partial index does not answer for all',
    ).to.have.length(2);
  });

  it('is not built over documents that break it', async () => {
    const collection = await target.collection([{ n: 1 }, { n: 1 }]);
    expect((await refusal(collection.createIndex({ n: 1 }, { unique: true }))).code).to.equal(11000);
    expect(await collection.indexes()).to.have.length(1);
  });

  it('lists what it was given and drops by name, by key, or all but _id', async () => {
    const collection = await target.collection([{ n: 1 }]);
    const names = async () => (await collection.indexes()).map(({ name }) => name);
    await collection.createIndexes([
      { key: { a: 1 }, name: 'one' },
      { key: { b: -1 }, sparse: true },
      { key: { t: 1 }, expireAfterSeconds: 60 },
      { key: { d: 1, e: 1 }, partialFilterExpression: { d: { $gt: 1 } } },
    ]);
    const listed = await collection.indexes();
    expect(listed[0]).to.deep.include({ v: 2, key: { _id: 1 }, name: '_id_' });
    expect(listed[2]).to.deep.include({ key: { b: -1 }, name: 'b_-1', sparse: true });
    expect(listed[3]).to.deep.include({ expireAfterSeconds: 60 });
    expect(listed[4]).to.deep.include({ partialFilterExpression: { d: { $gt: 1 } } });
    await collection.dropIndex('one');
    await collection.dropIndex({ b: -1 } as never);
    expect(await names()).to.deep.equal(['_id_', 't_1', 'd_1_e_1']);
    await collection.dropIndexes();
    expect(await names()).to.deep.equal(['_id_']);
    expect((await refusal(collection.dropIndex('_id_'))).code).to.equal(72);
    expect((await refusal(collection.dropIndex('nope'))).code).to.equal(27);
  });

  it('creates the same index twice without complaint, and tells a clash', async () => {
    const collection = await target.collection();
    await collection.createIndex({ n: 1 });
    expect(await collection.createIndex({ n: 1 })).to.equal('n_1');
    await collection.createIndex({ _id: 1 });
    const clashes: [IndexSpecification, CreateIndexesOptions, number][] = [
      [{ n: 1 }, { name: 'other' }, 85],
      [{ m: 1 }, { name: 'n_1' }, 86],
      [{ n: 1 }, { unique: true }, 86],
      [{ n: 1 }, { partialFilterExpression: { n: 1 } }, 86],
      [{ n: 1 }, { expireAfterSeconds: 5 }, 85],
    ];
    for (const [key, options, code] of clashes) {
      expect((await refusal(collection.createIndex(key, options))).code, JSON.stringify(options)).to.equal(
        code,
      );
    }
  });

  it('refuses what is no index', async () => {
    const { collectionName } = await target.collection();
    const refused: [Document, number][] = [
      [{ key: {}, name: 'x' }, 67],
      [{ key: { n: 0 }, name: 'x' }, 67],
      [{ key: { n: 'foo' }, name: 'x' }, 67],
      [{ key: { n: true }, name: 'x' }, 67],
      [{ key: { $n: 1 }, name: 'x' }, 67],
      [{ key: { n: 1 }, name: 'x', foo: 1 }, 197],
      [{ key: { n: 1 }, name: '' }, 67],
      [{ key: { n: 1 }, name: 'x', partialFilterExpression: { g: { $ne: 1 } } }, 67],
      [{ key: { n: 1, m: 1 }, name: 'x', expireAfterSeconds: 1 }, 67],
      [{ key: { n: 1 }, name: 'x', expireAfterSeconds: -1 }, 67],
    ];
    for (const [index, code] of refused) {
      const error = await refusal(target.db.command({ createIndexes: collectionName, indexes: [index] }));
      expect(error.code, JSON.stringify(index)).to.be.oneOf([code, UNNUMBERED]);
    }
  });

  it('refuses two arrays side by side in a compound index', async function () {
    skipOn(this, target, ['documentdb'], 'the engine indexes them');
    const collection = await target.collection();
    await collection.createIndex({ a: 1, b: 1 });
    expect((await refusal(collection.insertOne({ _id: 1, a: [1], b: [1] }))).code).to.equal(171);
    await collection.insertOne({ _id: 2, a: [1], b: 1 });
  });

  it('deletes what a TTL index says has expired, and nothing else', async function () {
    this.timeout(150_000);
    const old = new Date(Date.now() - 60_000);
    const collection = await target.collection([
      { _id: 'old', at: old },
      { _id: 'new', at: new Date() },
      { _id: 'future', at: new Date(Date.now() + 3_600_000) },
      { _id: 'none' },
      { _id: 'text', at: 'long ago' },
      { _id: 'one of two', at: [old, new Date()] },
    ]);
    await collection.createIndex({ at: 1 }, { expireAfterSeconds: 30 });
    const within = target.kind === 'embedded' ? 5000 : 140_000;
    await eventually(
      async () =>
        expect(await collection.countDocuments({ at: { $lt: new Date(Date.now() - 30_000) } })).to.equal(0),
      { within },
    );
    expect((await collection.find().toArray()).map(({ _id }) => _id)).to.have.members([
      'new',
      'future',
      'none',
      'text',
    ]);
  });
});
