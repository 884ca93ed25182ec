import { expect } from 'chai';
import { BSON, type Document, Double, Int32, Long } from 'mongodb';
import { type Kind, refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

const { EJSON } = BSON;

const CALLS: Document[] = [
  { _id: 1, line: 'a', secs: 60, tags: ['late', 'rude'], at: new Date('2024-03-10T15:30:00Z') },
  { _id: 2, line: 'a', secs: 30.5, tags: [], at: new Date('2024-03-10T16:30:00Z') },
  { _id: 3, line: 'b', secs: Long.fromNumber(90), tags: null, at: new Date('2024-03-11T02:00:00Z') },
  { _id: 4, line: 'b', secs: 'n/a', agent: { id: 7 } },
  { _id: 5, secs: null, tags: 'late', agent: [{ id: 7 }, { id: 8 }] },
];

const LINES: Document[] = [
  { _id: 10, code: 'a', name: 'Fresh food' },
  { _id: 11, code: 'b', name: 'Delivery' },
  { _id: 12, code: null, name: 'None' },
  { _id: 13, name: 'Missing' },
  { _id: 14, code: ['a', 'c'], name: 'Both' },
];

const BY_ID = { $sort: { _id: 1 } };
const byLine = (fields: Document) => [{ $group: { _id: '$line', ...fields } }, BY_ID];
const joined = (spec: Document) => [
  BY_ID,
  { $lookup: { from: 'lines', as: 'found', ...spec } },
  { $project: { found: { $sortArray: { input: '$found._id', sortBy: 1 } } } },
];

/** A pipeline over CALLS and what it gives. */
const PIPELINES: [label: string, pipeline: Document[], expected: Document[], not?: [Kind, string]][] = [
  [
    'counts and adds by group, leaving out what is no number',
    byLine({ n: { $sum: 1 }, secs: { $sum: '$secs' } }),
    [
      { _id: null, n: 1, secs: 0 },
      { _id: 'a', n: 2, secs: 90.5 },
      { _id: 'b', n: 2, secs: 90 },
    ],
  ],
  [
    'averages',
    byLine({ secs: { $avg: '$secs' } }),
    [
      { _id: null, secs: null },
      { _id: 'a', secs: 45.25 },
      { _id: 'b', secs: 90 },
    ],
  ],
  [
    'finds least and greatest in BSON order',
    byLine({ least: { $min: '$secs' }, most: { $max: '$secs' } }),
    [
      { _id: null, least: null, most: null },
      { _id: 'a', least: 30.5, most: 60 },
      { _id: 'b', least: 90, most: 'n/a' },
    ],
  ],
  [
    'collects',
    [
      BY_ID,
      {
        $group: {
          _id: null,
          all: { $push: '$line' },
          first: { $first: '$line' },
          last: { $last: '$line' },
          n: { $count: {} },
        },
      },
    ],
    [{ _id: null, all: ['a', 'a', 'b', 'b'], first: 'a', last: null, n: 5 }],
  ],
  [
    'collects a set',
    [
      { $match: { _id: { $lt: 5 } } },
      { $group: { _id: null, set: { $addToSet: '$line' } } },
      { $project: { _id: 0, set: { $sortArray: { input: '$set', sortBy: 1 } } } },
    ],
    [{ set: ['a', 'b'] }],
  ],
  [
    'groups by several expressions',
    [
      { $match: { _id: { $lt: 4 } } },
      { $group: { _id: { line: '$line', long: { $gte: ['$secs', 60] } }, n: { $sum: 1 } } },
      { $sort: { '_id.line': 1, '_id.long': 1 } },
    ],
    [
      { _id: { line: 'a', long: false }, n: 1 },
      { _id: { line: 'a', long: true }, n: 1 },
      { _id: { line: 'b', long: true }, n: 1 },
    ],
  ],
  [
    'leaves missing parts out of a compound group key',
    [{ $match: { _id: 5 } }, { $group: { _id: { line: '$line', secs: '$secs' } } }],
    [{ _id: { secs: null } }],
    ['documentdb', 'makes them null'],
  ],
  ['groups nothing into nothing', [{ $match: { _id: 99 } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
  [
    'matches, sorts, skips and limits',
    [
      { $match: { _id: { $gt: 1 } } },
      { $sort: { _id: -1 } },
      { $skip: 1 },
      { $limit: 2 },
      { $project: { _id: 1 } },
    ],
    [{ _id: 4 }, { _id: 3 }],
  ],
  ['counts', [{ $match: { line: 'a' } }, { $count: 'n' }], [{ n: 2 }]],
  [
    'counts nothing by saying nothing',
    [{ $match: { line: 'z' } }, { $count: 'n' }],
    [],
    ['documentdb', 'says 0'],
  ],
  [
    'counts by value, most first',
    [{ $match: { _id: { $ne: 2 } } }, { $sortByCount: '$line' }, { $limit: 1 }],
    [{ _id: 'b', count: 2 }],
  ],
  [
    'unwinds',
    [BY_ID, { $unwind: '$tags' }, { $project: { tags: 1 } }],
    [
      { _id: 1, tags: 'late' },
      { _id: 1, tags: 'rude' },
      { _id: 5, tags: 'late' },
    ],
  ],
  [
    'unwinds with index, keeping what is empty',
    [
      BY_ID,
      { $unwind: { path: '$tags', includeArrayIndex: 'i', preserveNullAndEmptyArrays: true } },
      { $project: { tags: 1, i: 1 } },
    ],
    [
      { _id: 1, tags: 'late', i: 0 },
      { _id: 1, tags: 'rude', i: 1 },
      { _id: 2, i: null },
      { _id: 3, tags: null, i: null },
      { _id: 4, i: null },
      { _id: 5, tags: 'late', i: null },
    ],
  ],
  [
    'looks up by equal fields, null with missing',
    joined({ localField: 'line', foreignField: 'code' }),
    [
      { _id: 1, found: [10, 14] },
      { _id: 2, found: [10, 14] },
      { _id: 3, found: [11] },
      { _id: 4, found: [11] },
      { _id: 5, found: [12, 13] },
    ],
  ],
  [
    'looks up by a pipeline with variables',
    joined({ let: { code: '$line' }, pipeline: [{ $match: { $expr: { $eq: ['$code', '$$code'] } } }] }),
    [
      { _id: 1, found: [10] },
      { _id: 2, found: [10] },
      { _id: 3, found: [11] },
      { _id: 4, found: [11] },
      { _id: 5, found: [13] },
    ],
  ],
  [
    'looks up by fields and a pipeline',
    joined({ localField: 'line', foreignField: 'code', pipeline: [{ $match: { name: 'Both' } }] }),
    [
      { _id: 1, found: [14] },
      { _id: 2, found: [14] },
      { _id: 3, found: [] },
      { _id: 4, found: [] },
      { _id: 5, found: [] },
    ],
  ],
  [
    'runs facets side by side',
    [{ $facet: { n: [{ $count: 'n' }], first: [BY_ID, { $limit: 1 }, { $project: { _id: 1 } }] } }],
    [{ n: [{ n: 5 }], first: [{ _id: 1 }] }],
  ],
  [
    'replaces the root',
    [{ $match: { _id: 4 } }, { $replaceRoot: { newRoot: { $mergeObjects: [{ x: 1 }, '$agent'] } } }],
    [{ x: 1, id: 7 }],
  ],
  [
    'adds fields and removes them',
    [
      { $match: { _id: 4 } },
      { $addFields: { 'agent.name': 'A', line: '$$REMOVE', mins: { $ifNull: ['$none', 0] } } },
      { $unset: 'secs' },
    ],
    [{ _id: 4, agent: { id: 7, name: 'A' }, mins: 0 }],
  ],
  [
    'adds fields within arrays',
    [{ $match: { _id: 5 } }, { $project: { 'agent.id': 1, 'agent.on': '$tags' } }],
    [
      {
        _id: 5,
        agent: [
          { id: 7, on: 'late' },
          { id: 8, on: 'late' },
        ],
      },
    ],
  ],
  [
    'truncates dates in a zone',
    [
      { $match: { at: { $exists: true } } },
      {
        $group: {
          _id: { $dateTrunc: { date: '$at', unit: 'day', timezone: 'Asia/Shanghai' } },
          n: { $sum: 1 },
        },
      },
      BY_ID,
    ],
    [
      { _id: new Date('2024-03-09T16:00:00Z'), n: 1 },
      { _id: new Date('2024-03-10T16:00:00Z'), n: 2 },
    ],
    ['documentdb', 'is off by a day'],
  ],
];

const REFUSED: [pipeline: unknown, code: number][] = [
  [[{ $foo: 1 }], 40324],
  [[{ $match: {}, $limit: 1 }], 40323],
  [[1], 14],
  [{}, 14],
  [[{ $match: { $foo: 1 } }], 2],
  [[{ $group: { n: { $sum: 1 } } }], 15955],
  [[{ $group: { _id: null, n: { $foo: 1 } } }], 15952],
  [[{ $group: { _id: null, n: 1 } }], 40234],
  [[{ $limit: 0 }], 15958],
  [[{ $skip: -1 }], 5107201],
  [[{ $sort: {} }], 15976],
  [[{ $project: { a: 1, b: 0 } }], 31254],
  [[{ $unwind: 'tags' }], 28818],
  [[{ $unwind: { path: '$tags', foo: 1 } }], 28811],
  [[{ $lookup: { from: 'lines', localField: 'a', as: 'j' } }], 9],
  [[{ $lookup: { from: 'lines', localField: 'a', foreignField: 'b', as: 'j', foo: 1 } }], 9],
  [[{ $replaceRoot: { newRoot: '$line' } }], 40228],
  [[{ $addFields: { x: { $foo: 1 } } }], 168],
  [[{ $addFields: { x: '$$nope' } }], 17276],
  [[{ $facet: { a: [{ $foo: 1 }] } }], 40324],
];

describe('Aggregation, as MongoDB does it', () => {
  const target = useTarget();
  let run: (pipeline: unknown) => Promise<Document[]>;

  before(async () => {
    const { collectionName } = await target.collection(CALLS);
    await target.db.collection('lines').insertMany(LINES);
    run = async (pipeline) => {
      const answer = await target.db.command({ aggregate: collectionName, pipeline, cursor: {} });
      return answer.cursor.firstBatch;
    };
  });

  for (const [label, pipeline, expected, not] of PIPELINES) {
    it(label, async function () {
      if (not) skipOn(this, target, [not[0]], not[1]);
      expect(await run(pipeline)).to.deep.equal(expected);
    });
  }

  for (const [pipeline, code] of REFUSED) {
    it(`refuses ${JSON.stringify(pipeline)} with ${code}`, async () => {
      expect((await refusal(run(pipeline))).code).to.be.oneOf([code, UNNUMBERED, ...gatewayCodes(code)]);
    });
  }

  /** What the engine says where MongoDB has a number of its own for the case. */
  const gatewayCodes = (code: number) => (target.kind === 'documentdb' && code > 1000 ? [2, 9, 14] : []);

  it('keeps the types of sums', async () => {
    const collection = await target.collection([
      { i: 1, l: Long.fromNumber(2), d: new Double(3), big: 2147483647 },
    ]);
    const options = { promoteValues: false };
    const pipeline = [
      {
        $group: {
          _id: null,
          i: { $sum: '$i' },
          il: { $sum: { $add: ['$i', '$l'] } },
          id: { $sum: { $add: ['$i', '$d'] } },
          over: { $sum: { $add: ['$big', 1] } },
        },
      },
    ];
    const [row] = await collection.aggregate(pipeline, options).toArray();
    const { _id, ...sums } = row!;
    const expected = {
      i: new Int32(1),
      il: Long.fromNumber(3),
      id: new Double(4),
      over: Long.fromNumber(2147483648),
    };
    expect(EJSON.stringify(sums, { relaxed: false })).to.equal(EJSON.stringify(expected, { relaxed: false }));
  });

  it('uses the index of the joined collection', async function () {
    this.timeout(60_000);
    const seats = await target.collection(
      Array.from({ length: 20_000 }, (_, i) => ({ _id: i, slot: i % 2000 })),
    );
    await seats.createIndex({ slot: 1 });
    const slots = await target.collection(Array.from({ length: 200 }, (_, i) => ({ _id: i })));
    const from = seats.collectionName;
    const byVariable = { let: { id: '$_id' }, pipeline: [{ $match: { $expr: { $eq: ['$slot', '$$id'] } } }] };
    for (const how of [{ localField: '_id', foreignField: 'slot' }, byVariable]) {
      const started = performance.now();
      const rows = await slots.aggregate([{ $lookup: { from, as: 'seats', ...how } }]).toArray();
      expect(rows.every((row) => row.seats.length === 10)).to.equal(true);
      if (target.kind === 'embedded')
        expect(performance.now() - started, '200 scans take seconds').to.be.below(1000);
    }
  });
});
