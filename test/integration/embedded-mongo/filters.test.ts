import { expect } from 'chai';
import { BSON, Decimal128, type Document, Double, Long, ObjectId, UUID } from 'mongodb';
import { refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

const { EJSON } = BSON;

const DOCS: Document[] = [
  { _id: 1, a: 1 },
  { _id: 2, a: 2.5 },
  { _id: 3, a: Long.fromNumber(3) },
  { _id: 4, a: 'x' },
  { _id: 5, a: null },
  { _id: 6 },
  { _id: 7, a: [1, 2, 3] },
  { _id: 8, a: [] },
  { _id: 9, a: [[1, 2], 3] },
  { _id: 10, a: { b: 1 } },
  { _id: 11, a: { b: [1, 2] } },
  { _id: 12, a: [{ b: 1 }, { b: 2 }] },
  { _id: 13, a: true },
  { _id: 14, a: new Date('2020-01-01') },
  { _id: 15, a: new ObjectId('000000000000000000000001') },
  { _id: 16, a: new Double(Number.NaN) },
  { _id: 17, a: [{ b: null }, {}] },
  { _id: 18, a: 'abcd' },
  { _id: 19, a: new UUID('00000000-0000-4000-8000-000000000001') },
  { _id: 20, a: Long.fromString('9007199254740993') },
];

/** A filter and the `_id`s that it finds. */
const FILTERS: [filter: Document, ids: number[]][] = [
  [{ a: 1 }, [1, 7]],
  [{ a: new Double(1) }, [1, 7]],
  [{ a: 3 }, [3, 7, 9]],
  [{ a: Decimal128.fromString('2.5') }, [2]],
  [{ a: null }, [5, 6]],
  [{ a: { $ne: 1 } }, [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]],
  [{ a: { $exists: false } }, [6]],
  [{ a: { $exists: true, $type: 'null' } }, [5]],
  [{ a: { $gt: 1 } }, [2, 3, 7, 9, 20]],
  [{ a: { $gte: 2, $lt: 3 } }, [2, 7]],
  [{ a: { $lt: 2 } }, [1, 7]],
  [{ a: { $gt: 'abc' } }, [4, 18]],
  [{ a: { $gte: null } }, [5, 6]],
  [{ a: { $gt: null } }, []],
  [{ a: { $gt: false } }, [13]],
  [{ a: { $gte: new Date('2019-01-01') } }, [14]],
  [{ a: new Double(Number.NaN) }, [16]],
  [{ a: { $lt: new Double(Number.NaN) } }, []],
  [{ a: Long.fromString('9007199254740993') }, [20]],
  [{ a: 9007199254740992 }, []],
  [{ a: { $in: [1, 'x', null] } }, [1, 4, 5, 6, 7]],
  [{ a: { $in: [/^ab/] } }, [18]],
  [{ a: { $in: [] } }, []],
  [{ a: { $nin: [1, 'x', null] } }, [2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]],
  [{ a: { $all: [1, 2] } }, [7]],
  [{ a: { $all: [] } }, []],
  [{ a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 2 } }] } }, [12]],
  [{ a: { $size: 2 } }, [9, 12, 17]],
  [{ a: { $elemMatch: { $gte: 2, $lt: 3 } } }, [7]],
  [{ a: { $elemMatch: { b: { $gt: 1 } } } }, [12]],
  [{ a: [] }, [8]],
  [{ a: [1, 2] }, [9]],
  [{ a: { b: 1 } }, [10, 12]],
  [{ 'a.b': 1 }, [10, 11, 12]],
  [{ 'a.b': null }, [1, 2, 3, 4, 5, 6, 13, 14, 15, 16, 17, 18, 19, 20]],
  [{ 'a.b': { $exists: true } }, [10, 11, 12, 17]],
  [{ 'a.0': 1 }, [7]],
  [{ 'a.0.b': 1 }, [12]],
  [{ a: { $type: 'number' } }, [1, 2, 3, 7, 9, 16, 20]],
  [{ a: { $type: 'array' } }, [7, 8, 9, 12, 17]],
  [{ a: { $type: ['string', 'bool'] } }, [4, 13, 18]],
  [{ a: /^AB/i }, [18]],
  [{ a: { $regex: 'BC', $options: 'i' } }, [18]],
  [{ a: { $not: { $gt: 1 } } }, [1, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]],
  [{ a: { $not: /x/ }, _id: { $lt: 7 } }, [1, 2, 3, 5, 6]],
  [{ a: { $mod: [2, 1] } }, [1, 3, 7, 9, 20]],
  [{ a: new UUID('00000000-0000-4000-8000-000000000001') }, [19]],
  [{ $or: [{ a: 'x' }, { a: true }] }, [4, 13]],
  [{ $nor: [{ a: { $exists: true } }, { a: 1 }] }, [6]],
  [{ $and: [{ a: { $gt: 1 } }, { a: { $lt: 3 } }] }, [2, 7]],
  [{ $expr: { $gt: ['$_id', 18] } }, [19, 20]],
  [{ $expr: { $eq: ['$a.b', 1] } }, [10]],
];

/** A filter that is refused, with the code. */
const REFUSED: [filter: Document, code: number][] = [
  [{ $foo: 1 }, 2],
  [{ a: { $foo: 1 } }, 2],
  [{ a: { $gt: 1, b: 2 } }, 2],
  [{ $and: [] }, 2],
  [{ $or: {} }, 2],
  [{ a: { $in: 1 } }, 2],
  [{ a: { $in: [{ $gt: 1 }] } }, 2],
  [{ a: { $size: -1 } }, 2],
  [{ a: { $mod: [0, 1] } }, 2],
  [{ a: { $elemMatch: 1 } }, 2],
  [{ a: { $not: 1 } }, 2],
  [{ a: { $regex: '(' } }, 51091],
  [{ a: { $type: 'foo' } }, 2],
  [{ a: { $geoWithin: {} } }, 2],
  [{ $expr: { $foo: 1 } }, 168],
  [{ $text: { $search: 'x' } }, 27],
];

describe('Filters, as MongoDB answers them', () => {
  const target = useTarget();

  for (const indexed of [false, true]) {
    describe(indexed ? 'with indexes on a and a.b' : 'by scanning', () => {
      let found: (filter: Document) => Promise<unknown[]>;

      before(async () => {
        const collection = await target.collection(DOCS);
        if (indexed) await collection.createIndexes([{ key: { a: 1 } }, { key: { 'a.b': 1 } }]);
        found = async (filter) =>
          (await collection.find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
      });

      for (const [filter, ids] of FILTERS) {
        it(`finds ${ids.length} by ${EJSON.stringify(filter)}`, async () => {
          expect(await found(filter)).to.deep.equal(ids);
        });
      }
    });
  }

  for (const [filter, code] of REFUSED) {
    it(`refuses ${EJSON.stringify(filter)} with code ${code}`, async () => {
      const collection = await target.collection(DOCS.slice(0, 2));
      expect((await refusal(collection.find(filter).toArray())).code).to.be.oneOf([code, UNNUMBERED]);
    });
  }

  it('sorts values of different types in BSON order', async () => {
    const collection = await target.collection(DOCS.filter(({ _id }) => _id !== 8));
    const ids = async (direction: 1 | -1) =>
      (await collection.find().sort({ a: direction, _id: 1 }).toArray()).map(({ _id }) => _id);
    expect(await ids(1)).to.deep.equal([5, 6, 16, 1, 7, 2, 3, 9, 20, 18, 4, 17, 10, 12, 11, 19, 15, 13, 14]);
    expect(await ids(-1)).to.deep.equal([14, 13, 15, 19, 9, 11, 12, 10, 17, 4, 18, 20, 3, 7, 2, 1, 16, 5, 6]);
  });

  it('sorts an empty array before null', async function () {
    skipOn(this, target, ['documentdb'], 'the engine sorts it as null');
    const collection = await target.collection([{ _id: 1, a: null }, { _id: 2 }, { _id: 3, a: [] }]);
    const rows = await collection.find().sort({ a: 1, _id: 1 }).toArray();
    expect(rows.map(({ _id }) => _id)).to.deep.equal([3, 1, 2]);
  });
});
