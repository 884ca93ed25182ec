import { expect } from 'chai';
import { BSON, type Document, Double, Long } from 'mongodb';
import { type Kind, refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

const { EJSON } = BSON;

const START = {
  _id: 1,
  n: 1,
  s: 'x',
  a: [1, 2, 3],
  o: { p: 1 },
  items: [
    { k: 'a', v: 1 },
    { k: 'b', v: 2 },
  ],
  nul: null,
  big: 2147483647,
  whole: new Double(2),
};

interface More {
  filter?: Document;
  arrayFilters?: Document[];
  /** Targets known to do otherwise than MongoDB, and how. */
  not?: [Kind, string];
}

/** An update and the fields that it changes (`undefined` = gone); nothing in `changes` = the document stays as it was. */
const UPDATES: [update: Document | Document[], changes: Document, more?: More][] = [
  [{ $set: { n: 2 } }, { n: 2 }],
  [{ $set: { n: 1 } }, {}],
  [{ $set: { n: new Double(1) } }, { n: new Double(1) }],
  [{ $set: { 'o.p': 5, 'o.z': 6 } }, { o: { p: 5, z: 6 } }],
  [{ $set: { 'x.y.z': 1 } }, { x: { y: { z: 1 } } }],
  [{ $set: { 'a.1': 9 } }, { a: [1, 9, 3] }],
  [{ $set: { 'a.5': 9 } }, { a: [1, 2, 3, null, null, 9] }],
  [{ $set: { 'items.1.k': 'z' } }, { items: [START.items[0], { k: 'z', v: 2 }] }],
  [{ $set: {} }, {}],
  [{ $set: { _id: 1 } }, {}],
  [{ $setOnInsert: { z: 1 } }, {}],
  [{ $unset: { n: '' } }, { n: undefined }],
  [{ $unset: { 'a.1': 1 } }, { a: [1, null, 3] }],
  [{ $unset: { 's.x': 1, none: 1 } }, {}],
  [{ $inc: { n: 1 } }, { n: 2 }],
  [{ $inc: { n: 1.5 } }, { n: 2.5 }],
  [{ $inc: { none: 5 } }, { none: 5 }],
  [{ $inc: { big: 1 } }, { big: Long.fromNumber(2147483648) }],
  [{ $inc: { whole: 1 } }, { whole: new Double(3) }],
  [{ $inc: { n: 0 } }, {}, { not: ['documentdb', 'counts it as a change'] }],
  [{ $mul: { n: 3 } }, { n: 3 }],
  [{ $mul: { none: 5.5 } }, { none: new Double(0) }],
  [{ $min: { n: 0 } }, { n: 0 }],
  [{ $min: { n: 5 } }, {}],
  [{ $max: { n: 5, none: 1 } }, { n: 5, none: 1 }],
  [{ $max: { s: 1 } }, {}],
  [{ $push: { a: 4 } }, { a: [1, 2, 3, 4] }],
  [{ $push: { none: 4 } }, { none: [4] }],
  [{ $push: { a: { $each: [5, 6], $position: 0 } } }, { a: [5, 6, 1, 2, 3] }],
  [{ $push: { a: { $each: [5], $position: -1 } } }, { a: [1, 2, 5, 3] }],
  [{ $push: { a: { $each: [0], $sort: -1, $slice: 2 } } }, { a: [3, 2] }],
  [{ $push: { a: { $each: [0], $slice: -2 } } }, { a: [3, 0] }],
  [
    { $push: { items: { $each: [{ k: 'c', v: 0 }], $sort: { v: 1 } } } },
    { items: [{ k: 'c', v: 0 }, ...START.items] },
  ],
  [{ $addToSet: { a: 2 } }, {}],
  [{ $addToSet: { a: new Double(2) } }, {}],
  [{ $addToSet: { a: { $each: [2, 9, 9] } } }, { a: [1, 2, 3, 9] }],
  [{ $addToSet: { items: { k: 'a', v: 1 } } }, {}],
  [{ $addToSet: { items: { v: 1, k: 'a' } } }, { items: [...START.items, { v: 1, k: 'a' }] }],
  [{ $pull: { a: { $gte: 2 } } }, { a: [1] }],
  [{ $pull: { a: 2 } }, { a: [1, 3] }],
  [{ $pull: { items: { k: 'a' } } }, { items: [START.items[1]] }],
  [{ $pull: { items: { $or: [{ k: 'a' }, { v: 2 }] } } }, { items: [] }],
  [{ $pull: { none: 1 } }, {}],
  [{ $pullAll: { a: [1, 3] } }, { a: [2] }],
  [{ $pop: { a: 1 } }, { a: [1, 2] }],
  [{ $pop: { a: -1 } }, { a: [2, 3] }],
  [{ $rename: { n: 'o.n' } }, { n: undefined, o: { p: 1, n: 1 } }],
  [{ $rename: { n: 's' } }, { n: undefined, s: 1 }],
  [{ $rename: { none: 's' } }, {}],
  [
    { $set: { 'items.$.v': 9 } },
    { items: [START.items[0], { k: 'b', v: 9 }] },
    { filter: { 'items.k': 'b' } },
  ],
  [{ $set: { 'a.$': 9 } }, { a: [1, 9, 3] }, { filter: { a: { $gt: 1 } } }],
  [
    { $inc: { 'items.$.v': 5 } },
    { items: [START.items[0], { k: 'b', v: 7 }] },
    { filter: { items: { $elemMatch: { k: 'b', v: 2 } } } },
  ],
  [
    { $inc: { 'items.$[].v': 1 } },
    {
      items: [
        { k: 'a', v: 2 },
        { k: 'b', v: 3 },
      ],
    },
  ],
  [{ $set: { 'a.$[big]': 0 } }, { a: [1, 0, 0] }, { arrayFilters: [{ big: { $gte: 2 } }] }],
  [
    { $set: { 'items.$[i].v': 7 } },
    { items: [START.items[0], { k: 'b', v: 7 }] },
    { arrayFilters: [{ 'i.k': 'b' }] },
  ],
  [[{ $set: { z: { $add: ['$n', 1] } } }, { $unset: 's' }], { z: 2, s: undefined }],
];

/** An update that is refused, with the code. */
const REFUSED: [update: Document, code: number, more?: More][] = [
  [{ $set: { 's.x': 1 } }, 28],
  [{ $set: { 'nul.x': 1 } }, 28],
  [{ $set: { 'a.x': 1 } }, 28],
  [{ $set: { _id: 2 } }, 66],
  [{ $unset: { _id: 1 } }, 66],
  [{ $inc: { s: 1 } }, 14],
  [{ $inc: { n: 'x' } }, 14],
  [{ $inc: { nul: 1 } }, 14],
  [{ $mul: { s: 2 } }, 14],
  [{ $push: { s: 4 } }, 2],
  [{ $push: { a: { $each: [1], $foo: 1 } } }, 2],
  [{ $push: { a: { $each: 5 } } }, 2],
  [{ $addToSet: { s: 1 } }, 2],
  [{ $pull: { s: 1 } }, 2],
  [{ $pop: { a: 2 } }, 9],
  [{ $pop: { s: 1 } }, 14, { not: ['documentdb', 'says 2'] }],
  [{ $rename: { n: 5 } }, 2],
  [{ $rename: { 'items.k': 'x' } }, 2, { not: ['documentdb', 'says 28'] }],
  [{ $rename: { n: 'a.0' } }, 2],
  [{ $currentDate: { n: 'x' } }, 2],
  [{ $foo: { a: 1 } }, 9],
  [{ $set: { n: 1 }, $inc: { n: 1 } }, 40],
  [{ $set: { o: 1, 'o.p': 2 } }, 40],
  [{ $set: { 'a.$[x]': 0, 'a.0': 5 } }, 40, { arrayFilters: [{ x: 9 }] }],
  [{ $set: { '': 1 } }, 56],
  [{ $set: { 'a.': 1 } }, 56],
  [{ $set: { 'a.$': 1 } }, 2],
  [{ $set: { 's.$[]': 1 } }, 2, { not: ['documentdb', 'says 28'] }],
  [{ $set: { 'a.$[x]': 0 } }, 2],
  [{ $set: { 'a.$[x]': 0 } }, 9, { arrayFilters: [{ x: 1 }, { y: 1 }] }],
  [{ $set: { 'a.$[x]': 0 } }, 9, { arrayFilters: [{ x: 1 }, { x: 2 }] }],
  [{ $bit: { n: { and: 1 } } }, 9, { not: ['documentdb', 'has $bit'] }],
];

describe('Updates, as MongoDB does them', () => {
  const target = useTarget();

  /** Sends the statement as it is, past the driver's own checks. */
  async function send(update: unknown, { filter = {}, arrayFilters }: More) {
    const { collectionName } = await target.collection([START]);
    const statement = { q: { _id: 1, ...filter }, u: update, ...(arrayFilters ? { arrayFilters } : {}) };
    const answer = await target.db.command({ update: collectionName, updates: [statement] });
    const [after] = await target.db.collection(collectionName).find({}, { promoteValues: false }).toArray();
    return { answer, after };
  }

  for (const [update, changes, more = {}] of UPDATES) {
    it(`does ${EJSON.stringify(update)}`, async function () {
      if (more.not) skipOn(this, target, [more.not[0]], more.not[1]);
      const { answer, after } = await send(update, more);
      const expected = { ...START, ...changes };
      expect(EJSON.stringify(sorted(after!), { relaxed: false })).to.equal(
        EJSON.stringify(sorted(expected), { relaxed: false }),
      );
      expect(answer).to.include({ n: 1, nModified: Object.keys(changes).length > 0 ? 1 : 0 });
    });
  }

  for (const [update, code, more = {}] of REFUSED) {
    it(`refuses ${EJSON.stringify(update)} ${EJSON.stringify(more.arrayFilters ?? [])} with ${code}`, async function () {
      if (more.not) skipOn(this, target, [more.not[0]], more.not[1]);
      const { answer, after } = await send(update, more);
      expect(answer.writeErrors).to.have.length(1);
      expect(answer.writeErrors[0].code).to.be.oneOf([code, ...gatewayCodes(code)]);
      expect(EJSON.stringify(sorted(after!), { relaxed: false })).to.equal(
        EJSON.stringify(sorted(START), { relaxed: false }),
      );
    });
  }

  /** What the engine says where MongoDB has a number of its own for the case. */
  function gatewayCodes(code: number): number[] {
    if (target.kind !== 'documentdb') return [];
    return code === 56 || code === 9 ? [2, UNNUMBERED] : [UNNUMBERED];
  }

  it('sets the date of the server by $currentDate', async () => {
    const { after } = await send({ $currentDate: { at: true, on: { $type: 'date' } } }, {});
    expect(Date.now() - Number(after!.at)).to.be.within(-1000, 10_000);
    expect(after!.on).to.be.instanceOf(Date);
  });

  it('replaces a document but keeps its _id', async () => {
    const collection = await target.collection([START]);
    const result = await collection.replaceOne({ _id: 1 }, { m: 1 } as never);
    expect(result).to.include({ matchedCount: 1, modifiedCount: 1 });
    expect(await collection.findOne()).to.deep.equal({ _id: 1, m: 1 });
    const changed = collection.replaceOne({ _id: 1 }, { _id: 2, m: 1 });
    expect((await refusal(changed)).code).to.equal(66);
  });

  it('updates many, and counts what was matched and what was changed', async () => {
    const collection = await target.collection([{ n: 1 }, { n: 2 }, { n: 2 }]);
    const result = await collection.updateMany({ n: { $gte: 1 } }, { $set: { n: 2 } });
    expect(result).to.include({ matchedCount: 3, modifiedCount: 1 });
    const { collectionName } = collection;
    const replace = target.db.command({
      update: collectionName,
      updates: [{ q: {}, u: { n: 1 }, multi: true }],
    });
    expect((await replace).writeErrors[0].code).to.equal(9);
  });

  it('stops an ordered batch at the first error and carries on with an unordered one', async () => {
    const { collectionName } = await target.collection([{ _id: 1, n: 1 }]);
    const updates = [
      { q: { _id: 1 }, u: { $inc: { n: 1 } } },
      { q: { _id: 1 }, u: { $foo: 1 } },
      { q: { _id: 1 }, u: { $inc: { n: 1 } } },
    ];
    const ordered = await target.db.command({ update: collectionName, updates });
    expect(ordered).to.include({ n: 1 });
    expect(ordered.writeErrors[0].index).to.equal(1);
    const unordered = await target.db.command({ update: collectionName, updates, ordered: false });
    expect(unordered).to.include({ n: 2 });
  });
});

/** The document with its fields by name: their order is not what these tests are about. */
function sorted(doc: Document): Document {
  const fields = Object.entries(doc).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
