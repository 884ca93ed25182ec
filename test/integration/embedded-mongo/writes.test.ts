import { expect } from 'chai';
import type { Document } from 'mongodb';
import { refusal, skipOn, useTarget } from './target.ts';

const THREE = [
  { _id: 1, g: 1, n: 3 },
  { _id: 2, g: 1, n: 1 },
  {
    _id: 3,
    g: 2,
    n: 2,
    a: [
      { k: 1, v: 1 },
      { k: 2, v: 2 },
    ],
  },
];

describe('Inserts, deletes, upserts and findAndModify, as MongoDB does them', () => {
  const target = useTarget();

  it('inserts with _id in front, and gives one where there is none', async () => {
    const { collectionName } = await target.collection();
    await target.db.command({ insert: collectionName, documents: [{ z: 1, _id: 5 }, { y: 1 }] });
    const rows = await target.db.collection(collectionName).find().sort({ _id: 1 }).toArray();
    expect(rows.map((row) => Object.keys(row))).to.deep.equal([
      ['_id', 'z'],
      ['_id', 'y'],
    ]);
  });

  it('answers a second document with the same _id with E11000', async () => {
    const collection = await target.collection([{ _id: 'a' }]);
    const error = await refusal(collection.insertOne({ _id: 'a' }));
    expect(error.code).to.equal(11000);
    expect(error.message).to.match(
      /^E11000 duplicate key error collection: .* index: _id_ dup key: \{ _id: "a" \}$/,
    );
    expect(error.errorResponse).to.deep.include({ keyPattern: { _id: 1 }, keyValue: { _id: 'a' } });
  });

  it('stops an ordered insert at the duplicate and skips it in an unordered one', async () => {
    const documents = [{ _id: 9 }, { _id: 1 }, { _id: 10 }];
    for (const [ordered, n] of [
      [true, 1],
      [false, 2],
    ] as const) {
      const { collectionName } = await target.collection([{ _id: 1 }]);
      const answer = await target.db.command({ insert: collectionName, documents, ordered });
      expect(answer.n).to.equal(n);
      expect(answer.writeErrors).to.have.length(1);
      expect(answer.writeErrors[0]).to.include({ index: 1, code: 11000 });
    }
  });

  it('refuses an _id that is an array, a regex, or has a field with a dollar', async () => {
    const { collectionName } = await target.collection();
    for (const [_id, code] of [
      [[1], 2],
      [/x/, 2],
      [{ $b: 1 }, 52],
    ] as const) {
      const answer = await target.db.command({ insert: collectionName, documents: [{ _id }] });
      expect(answer.writeErrors[0].code).to.equal(code);
    }
  });

  it('deletes one or all', async () => {
    const collection = await target.collection(THREE);
    expect((await collection.deleteOne({ g: 1 })).deletedCount).to.equal(1);
    expect((await collection.deleteMany({})).deletedCount).to.equal(2);
    expect((await collection.deleteMany({})).deletedCount).to.equal(0);
  });

  describe('upserts', () => {
    const CASES: [label: string, filter: Document, update: Document | Document[], inserted: Document][] = [
      [
        'the equalities of the filter and the update',
        { _id: 2, n: 5, x: { $gt: 5 }, y: { $eq: 6 } },
        { $set: { m: 1 } },
        { _id: 2, n: 5, y: 6, m: 1 },
      ],
      [
        'dotted equalities as objects',
        { _id: 2, 'o.p': 5 },
        { $set: { 'o.q': 1 } },
        { _id: 2, o: { p: 5, q: 1 } },
      ],
      ['$inc over the equality', { _id: 2, n: 5 }, { $inc: { n: 1 } }, { _id: 2, n: 6 }],
      ['$setOnInsert', { _id: 2 }, { $setOnInsert: { z: 1 }, $set: { m: 1 } }, { _id: 2, m: 1, z: 1 }],
      [
        '$and, $in of one value and $or of one branch',
        { _id: 2, $and: [{ z: 3 }], w: { $in: [4] }, $or: [{ v: 5 }] },
        { $set: { m: 1 } },
        { _id: 2, z: 3, w: 4, v: 5, m: 1 },
      ],
      ['a replacement, with only the _id of the filter', { _id: 2, n: 5 }, { m: 1 }, { _id: 2, m: 1 }],
      ['a pipeline', { _id: 2, n: 4 }, [{ $set: { m: '$n' } }], { _id: 2, n: 4, m: 4 }],
    ];
    for (const [label, filter, update, inserted] of CASES) {
      it(`insert ${label}`, async () => {
        const { collectionName } = await target.collection([{ _id: 1 }]);
        const answer = await target.db.command({
          update: collectionName,
          updates: [{ q: filter, u: update, upsert: true }],
        });
        expect(answer).to.deep.include({ n: 1, nModified: 0, upserted: [{ index: 0, _id: 2 }] });
        expect(await target.db.collection(collectionName).findOne({ _id: 2 as never })).to.deep.equal(
          inserted,
        );
      });
    }

    it('are refused where the filter and the update do not go together', async () => {
      const { collectionName } = await target.collection();
      const refused: [Document, Document, number][] = [
        [{ _id: 2 }, { $set: { _id: 3 } }, 66],
        [{ $and: [{ n: 1 }, { n: 2 }] }, { $set: { m: 1 } }, 54],
        [{ z: 5 }, { $set: { 'z.a': 1 } }, 28],
      ];
      for (const [q, u, code] of refused) {
        const answer = await target.db.command({ update: collectionName, updates: [{ q, u, upsert: true }] });
        expect(answer.writeErrors[0].code, JSON.stringify([q, u])).to.equal(code);
      }
    });
  });

  describe('findAndModify', () => {
    const modify = async (command: Document) => {
      const { collectionName } = await target.collection(THREE);
      return target.db.command({ findAndModify: collectionName, ...command });
    };

    it('changes the first in the order of the sort and answers with it as it was, or as it is with new', async () => {
      const command = { query: { g: 1 }, sort: { n: 1 }, update: { $set: { z: 1 } } };
      const before = await modify(command);
      expect(before.value).to.deep.equal({ _id: 2, g: 1, n: 1 });
      expect(before.lastErrorObject).to.deep.equal({ n: 1, updatedExisting: true });
      expect((await modify({ ...command, new: true })).value).to.deep.equal({ _id: 2, g: 1, n: 1, z: 1 });
    });

    it('answers with null where nothing matches', async () => {
      const answer = await modify({ query: { g: 9 }, update: { $set: { z: 1 } } });
      expect(answer.value).to.equal(null);
      expect(answer.lastErrorObject).to.deep.equal({ n: 0, updatedExisting: false });
    });

    it('upserts', async () => {
      const command = { query: { _id: 9 }, update: { $set: { z: 1 } }, upsert: true };
      const old = await modify(command);
      expect(old.value).to.equal(null);
      expect(old.lastErrorObject).to.deep.equal({ n: 1, updatedExisting: false, upserted: 9 });
      expect((await modify({ ...command, new: true })).value).to.deep.equal({ _id: 9, z: 1 });
    });

    it('removes', async () => {
      const answer = await modify({ query: { g: 1 }, sort: { n: -1 }, remove: true });
      expect(answer.value).to.deep.equal({ _id: 1, g: 1, n: 3 });
    });

    it('projects, positionally too', async () => {
      const command = { query: { _id: 3, 'a.k': 2 }, update: { $inc: { 'a.$.v': 10 } }, new: true };
      expect((await modify({ ...command, fields: { 'a.$': 1 } })).value).to.deep.equal({
        _id: 3,
        a: [{ k: 2, v: 12 }],
      });
      expect((await modify({ ...command, fields: { n: 1, _id: 0 } })).value).to.deep.equal({ n: 2 });
    });

    it('takes array filters, replacements and pipelines', async () => {
      const filters = { update: { $set: { 'a.$[x].v': 0 } }, arrayFilters: [{ 'x.k': 1 }] };
      expect((await modify({ query: { _id: 3 }, new: true, ...filters })).value.a[0]).to.deep.equal({
        k: 1,
        v: 0,
      });
      expect((await modify({ query: { _id: 3 }, new: true, update: { m: 1 } })).value).to.deep.equal({
        _id: 3,
        m: 1,
      });
      const pipeline = [{ $set: { m: '$g' } }];
      expect((await modify({ query: { _id: 3 }, new: true, update: pipeline })).value.m).to.equal(2);
    });

    it('refuses what makes no sense', async () => {
      const refused: Document[] = [
        {},
        { remove: true, update: {} },
        { remove: true, new: true },
        { remove: true, upsert: true },
      ];
      for (const command of refused) expect((await refusal(modify(command))).code).to.equal(9);
      expect((await refusal(modify({ query: { _id: 3 }, update: { $set: { _id: 7 } } }))).code).to.equal(66);
    });
  });

  it('keeps what a failed updateMany did before it failed, as MongoDB does', async function () {
    skipOn(this, target, ['documentdb'], 'the engine takes it back');
    const collection = await target.collection([
      { _id: 1, n: 1 },
      { _id: 2, n: 'x' },
      { _id: 3, n: 3 },
    ]);
    expect((await refusal(collection.updateMany({}, { $inc: { n: 1 } }))).code).to.equal(14);
    expect(await collection.distinct('n')).to.have.members([2, 'x', 3]);
  });
});
