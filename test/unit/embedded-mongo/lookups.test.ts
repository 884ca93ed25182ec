import { Decimal128, Double, Long, MaxKey, MinKey, ObjectId, UUID } from 'bson';
import { expect } from 'chai';
import { Collection } from '#scripts/embedded/mongo/collection.ts';
import { compare, hashKey } from '#scripts/embedded/mongo/compare.ts';
import { compileFilter } from '#scripts/embedded/mongo/filter.ts';
import type { Doc } from '#scripts/embedded/mongo/values.ts';

/** Numbers from a fixed seed, so that a failure comes again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

const VALUES: unknown[] = [
  new MinKey(),
  null,
  Number.NaN,
  -1.5,
  0,
  new Double(0),
  1,
  new Double(1),
  Long.fromNumber(1),
  Decimal128.fromString('1.0'),
  1.5,
  Decimal128.fromString('1.50'),
  0.1,
  Decimal128.fromString('0.1'),
  2 ** 53,
  Long.fromString('9007199254740993'),
  1e300,
  Number.POSITIVE_INFINITY,
  '',
  'a',
  'b',
  '世',
  '\u{1F600}',
  '\uFFFD',
  {},
  { a: 1 },
  { a: 1, b: 2 },
  { b: 2, a: 1 },
  [],
  [1],
  [1, 2],
  [null],
  new ObjectId('000000000000000000000001'),
  new UUID('00000000-0000-4000-8000-000000000001'),
  true,
  false,
  new Date(0),
  new Date(1),
  new MaxKey(),
];

const collectionOf = (docs: Doc[]): Collection => {
  const collection = new Collection('test', 'c', {}, new UUID(), () => {});
  for (const doc of docs) collection.insert(doc);
  return collection;
};

const found = (collection: Collection, filter: Doc): unknown[] =>
  collection.matching(filter, compileFilter(filter)).map(({ doc }) => doc._id);

describe('Comparison in the embedded document server', () => {
  it('is an order: antisymmetric and transitive over every type', () => {
    for (const a of VALUES) {
      for (const b of VALUES) {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a)), `${a} ${b}`).to.equal(0);
        for (const c of VALUES) {
          if (compare(a, b) <= 0 && compare(b, c) <= 0)
            expect(compare(a, c), `${a} ${b} ${c}`).to.be.at.most(0);
        }
      }
    }
  });

  it('calls equal exactly what has the same hash key', () => {
    for (const a of VALUES) {
      for (const b of VALUES) expect(hashKey(a) === hashKey(b), `${a} ${b}`).to.equal(compare(a, b) === 0);
    }
  });
});

describe('Indexes in the embedded document server', () => {
  it('find what a scan finds, whatever the data and the filter', () => {
    const random = randomFrom(7);
    const pick = <T>(list: T[]): T => list[random(list.length)]!;
    const scalars = [null, 1, 2, 3, 1.5, 'x', 'y', Long.fromNumber(2), new Date(1), true];
    const value = (): unknown => {
      const kind = random(10);
      if (kind === 0) return [];
      if (kind === 1) return [pick(scalars), pick(scalars)];
      if (kind === 2) return [{ c: pick(scalars) }, { c: pick(scalars), d: pick(scalars) }];
      if (kind === 3) return { c: pick(scalars), d: pick(scalars) };
      return pick(scalars);
    };
    const condition = (): unknown => {
      const kind = random(9);
      if (kind === 0) return { $in: [pick(scalars), pick(scalars)] };
      if (kind === 1) return { $gt: pick(scalars) };
      if (kind === 2) return { $gte: pick(scalars), $lt: pick(scalars) };
      if (kind === 3) return { $lte: pick(scalars) };
      if (kind === 4) return { $ne: pick(scalars) };
      if (kind === 5) return { $elemMatch: { c: pick(scalars) } };
      return pick(scalars);
    };
    const doc = (i: number): Doc => {
      const fields = ['a', 'b', 'e'].filter(() => random(5) > 0);
      return { _id: i, ...Object.fromEntries(fields.map((field) => [field, value()])) };
    };
    const docs = Array.from({ length: 400 }, (_, i) => doc(i));
    const scanned = collectionOf(docs);
    const indexed = collectionOf(docs.slice(0, 200));
    const keys = [{ a: 1 }, { b: 1, e: -1 }, { 'a.c': 1 }, { 'a.c': 1, 'a.d': 1 }, { e: 1, 'b.c': 1 }];
    keys.forEach((key, i) => {
      try {
        indexed.addIndex({ v: 2, key, name: `i${i}`, ...(i % 2 === 1 ? { sparse: true } : {}) });
      } catch (error) {
        expect(error).to.have.property('code', 171); // two arrays side by side cannot be indexed
      }
    });
    expect(indexed.indexes.size).to.be.greaterThan(3);
    for (const later of docs.slice(200)) {
      try {
        indexed.insert(later);
      } catch {
        scanned.remove(scanned.matching({ _id: later._id }, compileFilter({ _id: later._id }))[0]!);
      }
    }
    const paths = ['a', 'b', 'e', 'a.c', 'a.d', 'b.c', '_id'];
    const filter = (): Doc => {
      const some = Object.fromEntries(
        Array.from({ length: 1 + random(3) }, () => [pick(paths), condition()]),
      );
      return random(6) === 0
        ? { $or: [some, { e: condition() }] }
        : random(6) === 0
          ? { $and: [some, { a: condition() }] }
          : some;
    };
    for (let i = 0; i < 3000; i++) {
      const wanted = filter();
      expect(found(indexed, wanted), JSON.stringify(wanted)).to.deep.equal(found(scanned, wanted));
    }
  });

  it('answer a lookup among 100,000 documents in well under a millisecond, and keep up with changes', function () {
    this.timeout(60_000);
    const collection = new Collection('test', 'c', {}, new UUID(), () => {});
    for (const [i, key] of [{ code: 1 }, { line: 1, at: -1 }].entries()) {
      collection.addIndex({ v: 2, key, name: `i${i}`, ...(i === 0 ? { unique: true } : {}) });
    }
    for (let i = 0; i < 100_000; i++) {
      collection.insert({ _id: i, code: `c${(i * 7919) % 100_000}`, line: i % 5000, at: new Date(i) });
    }
    const filters: [Doc, number][] = [
      [{ _id: 77_777 }, 1],
      [{ code: 'c4711' }, 1],
      [{ line: 17 }, 20],
      [{ line: 17, at: { $gte: new Date(50_000) } }, 10],
    ];
    for (const [filter, expected] of filters) {
      const times = Array.from({ length: 101 }, () => {
        const started = performance.now();
        expect(found(collection, filter)).to.have.length(expected);
        return performance.now() - started;
      });
      expect(times.sort((a, b) => a - b)[50], JSON.stringify(filter)).to.be.below(1);
    }
  });
});
