import { expect } from 'chai';
import { BSON, type Document, Double, Long } from 'mongodb';
import { type Kind, refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

const { EJSON } = BSON;

const DOC = {
  _id: 1,
  i: 5,
  d: 2.5,
  neg: -3,
  s: 'Hello',
  nul: null,
  a: [3, 1, 2],
  o: { p: 1, q: 'z' },
  oo: [
    { k: 'a', v: 1 },
    { k: 'b', v: 2 },
  ],
  t: new Date('2024-03-10T09:30:15.123Z'),
  big: 2147483647,
};

/** `{case, then}`; written so because an object literal with a `then` looks like a promise. */
const when = (test: unknown, result: unknown): Document =>
  Object.fromEntries(
    [
      ['case', test],
      ['then', result],
    ].filter(([, value]) => value !== undefined),
  );

/** An expression and its value over DOC; `undefined` is a missing field. */
const EXPRESSIONS: [expression: unknown, value: unknown, not?: [Kind, string]][] = [
  [{ $add: ['$i', '$d'] }, 7.5],
  [{ $add: ['$big', 1] }, Long.fromNumber(2147483648)],
  [{ $add: ['$t', 1000] }, new Date('2024-03-10T09:30:16.123Z')],
  [{ $add: ['$i', '$none'] }, null],
  [{ $subtract: ['$t', new Date('2024-03-10T09:30:15Z')] }, Long.fromNumber(123)],
  [{ $multiply: ['$i', 2] }, 10],
  [{ $divide: [6, 2] }, new Double(3)],
  [{ $mod: ['$neg', 2] }, -1],
  [{ $abs: '$neg' }, 3],
  [{ $floor: '$d' }, new Double(2)],
  [{ $ceil: '$d' }, new Double(3)],
  [{ $round: [2.345, 2] }, 2.34],
  [{ $round: ['$d'] }, new Double(2)],
  [{ $round: [1234, -2] }, 1200],
  [{ $trunc: [2.789, 1] }, 2.7],
  [{ $eq: ['$none', null] }, false],
  [{ $gt: ['$i', null] }, true],
  [{ $lt: ['$i', '$s'] }, true],
  [{ $cmp: ['$a', [3, 1, 3]] }, -1],
  [{ $and: ['$i', { $not: '$nul' }] }, true],
  [{ $or: ['$nul', 0] }, false],
  [{ $cond: [{ $gte: ['$i', 5] }, 'yes', 'no'] }, 'yes'],
  [{ $cond: { if: '$nul', ...when(undefined, 1), else: '$none' } }, undefined],
  [{ $ifNull: ['$nul', '$none', 'x'] }, 'x'],
  [
    {
      $switch: {
        branches: [when('$nul', 1), when('$i', 2)],
        default: 3,
      },
    },
    2,
  ],
  [{ $size: '$a' }, 3],
  [{ $arrayElemAt: ['$a', -1] }, 2],
  [{ $arrayElemAt: ['$a', 9] }, undefined],
  [{ $first: '$a' }, 3],
  [{ $slice: ['$a', 1, 1] }, [1]],
  [{ $concatArrays: ['$a', [9]] }, [3, 1, 2, 9]],
  [{ $in: [1, '$a'] }, true],
  [{ $isArray: '$s' }, false],
  [{ $reverseArray: '$a' }, [2, 1, 3]],
  [{ $filter: { input: '$a', as: 'x', cond: { $gt: ['$$x', 1] } } }, [3, 2]],
  [{ $map: { input: '$oo', in: { $concat: ['$$this.k', '!'] } } }, ['a!', 'b!']],
  [{ $reduce: { input: '$a', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
  [{ $sortArray: { input: '$oo', sortBy: { v: -1 } } }, [DOC.oo[1], DOC.oo[0]]],
  [{ $arrayToObject: '$oo' }, { a: 1, b: 2 }],
  [
    { $objectToArray: '$o' },
    [
      { k: 'p', v: 1 },
      { k: 'q', v: 'z' },
    ],
  ],
  [{ $mergeObjects: ['$o', { r: 1 }, null] }, { p: 1, q: 'z', r: 1 }],
  [{ $setIntersection: ['$a', [1, 9]] }, [1]],
  [{ $setDifference: ['$a', [1]] }, [3, 2]],
  [{ $size: { $setUnion: ['$a', [1, 9]] } }, 4],
  [{ $sum: '$a' }, 6],
  [{ $max: ['$i', '$d'] }, 5],
  [{ $concat: ['$s', ' ', 'you'] }, 'Hello you'],
  [{ $concat: ['$s', '$nul'] }, null],
  [{ $toUpper: '$s' }, 'HELLO'],
  [{ $substrCP: ['世界你好', 1, 2] }, '界你'],
  [{ $strLenCP: '世界' }, 2],
  [{ $split: ['a,b', ','] }, ['a', 'b']],
  [{ $toString: '$t' }, '2024-03-10T09:30:15.123Z'],
  [{ $toInt: '12' }, 12],
  [{ $toLong: '$t' }, Long.fromNumber(1710063015123)],
  [{ $toDouble: '$i' }, new Double(5)],
  [{ $toDate: '2024-01-01T10:00:00Z' }, new Date('2024-01-01T10:00:00Z')],
  [{ $toBool: '$s' }, true],
  [{ $type: '$none' }, 'missing'],
  [{ $type: '$d' }, 'double'],
  [{ $isNumber: '$i' }, true],
  [{ $literal: '$i' }, '$i'],
  [{ $let: { vars: { x: '$i' }, in: { $multiply: ['$$x', '$$x'] } } }, 25],
  [{ $getField: { field: 'p', input: '$o' } }, 1],
  ['$oo.k', ['a', 'b']],
  ['$$ROOT.o.p', 1],
  ['$$REMOVE', undefined],
  [
    ['$i', '$none'],
    [5, null],
  ],
  [{ $hour: { date: '$t', timezone: 'Asia/Shanghai' } }, 17],
  [{ $dayOfWeek: '$t' }, 1],
  [{ $isoWeek: '$t' }, 10],
  [
    { $dateToString: { date: '$t', format: '%Y-%m-%d %H:%M:%S.%L %z', timezone: 'America/New_York' } },
    '2024-03-10 05:30:15.123 -0400',
  ],
  [{ $dateToString: { date: '$nul', onNull: 'none' } }, 'none'],
  [
    { $dateTrunc: { date: '$t', unit: 'hour', timezone: 'Asia/Kathmandu' } },
    new Date('2024-03-10T09:15:00Z'),
  ],
  [
    { $dateTrunc: { date: '$t', unit: 'month', timezone: 'Asia/Shanghai' } },
    new Date('2024-02-29T16:00:00Z'),
  ],
  [{ $dateTrunc: { date: '$t', unit: 'week', startOfWeek: 'monday' } }, new Date('2024-03-04T00:00:00Z')],
  [
    { $dateTrunc: { date: new Date('2024-10-27T12:00:00Z'), unit: 'day', timezone: 'Europe/Berlin' } },
    new Date('2024-10-26T22:00:00Z'),
    ['documentdb', 'loses days over summer times'],
  ],
  [
    { $dateTrunc: { date: new Date('1999-12-31T23:59:59Z'), unit: 'day' } },
    new Date('1999-12-31T00:00:00Z'),
    ['documentdb', 'rounds up before 2000'],
  ],
  [{ $dateAdd: { startDate: '$t', unit: 'month', amount: -1 } }, new Date('2024-02-10T09:30:15.123Z')],
  [
    {
      $dateAdd: {
        startDate: new Date('2024-03-09T12:00:00Z'),
        unit: 'day',
        amount: 1,
        timezone: 'America/New_York',
      },
    },
    new Date('2024-03-10T11:00:00Z'),
  ],
  [
    {
      $dateDiff: {
        startDate: new Date('2024-03-10T23:59:00Z'),
        endDate: new Date('2024-03-11T00:01:00Z'),
        unit: 'day',
      },
    },
    Long.fromNumber(1),
  ],
];

const REFUSED: [expression: Document, code: number][] = [
  [{ $add: ['$i', '$s'] }, 14],
  [{ $divide: ['$i', 0] }, 2],
  [{ $mod: ['$i', 0] }, 16610],
  [{ $subtract: ['$i'] }, 16020],
  [{ $size: '$s' }, 17124],
  [{ $arrayElemAt: ['$s', 0] }, 28689],
  [{ $in: [1, '$s'] }, 40081],
  [{ $concat: ['$s', '$i'] }, 16702],
  [{ $cond: ['$i', 1] }, 16020],
  [{ $switch: { branches: [when('$nul', 1)] } }, 40066],
  [{ $map: { input: '$a', as: 'X', in: 1 } }, 9],
  [{ $toInt: 'x' }, 241],
  [{ $toDate: 'x' }, 241],
  [{ $hour: { date: '$t', timezone: 'No/Where' } }, 40485],
  [{ $hour: '$s' }, 16006],
  [{ $dateTrunc: { date: '$t', unit: 'eon' } }, 9],
  [{ $add: 1, $subtract: 2 }, 15983],
  [{ $foo: 1 }, 168],
];

describe('Expressions, as MongoDB evaluates them', () => {
  const target = useTarget();
  let evaluate: (expression: unknown) => Promise<Document>;

  before(async () => {
    const collection = await target.collection([DOC]);
    evaluate = async (expression) => {
      const pipeline = [{ $project: { _id: 0, value: expression } }];
      const [row] = await collection.aggregate(pipeline, { promoteValues: false }).toArray();
      return row!;
    };
  });

  for (const [expression, value, not] of EXPRESSIONS) {
    it(`${EJSON.stringify(expression)} is ${EJSON.stringify(value)}`, async function () {
      if (not) skipOn(this, target, [not[0]], not[1]);
      const expected = value === undefined ? {} : { value };
      expect(EJSON.stringify(await evaluate(expression), { relaxed: false })).to.equal(
        EJSON.stringify(expected, { relaxed: false }),
      );
    });
  }

  for (const [expression, code] of REFUSED) {
    it(`${EJSON.stringify(expression)} is refused with ${code}`, async () => {
      const codes = target.kind === 'documentdb' ? [code, UNNUMBERED, 2, 9, 14] : [code];
      expect(Number((await refusal(evaluate(expression))).code)).to.be.oneOf(codes);
    });
  }
});
