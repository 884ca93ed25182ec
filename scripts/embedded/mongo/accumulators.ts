import { compare, hashKey } from './compare.ts';
import { fail } from './errors.ts';
import { calculateWidening } from './expression-numbers.ts';
import { isNullish } from './expression-parts.ts';
import { asDouble, type Doc, isDoc, isNumber, show, toNumber, typeName } from './values.ts';

export interface Accumulator {
  add(value: unknown): void;
  result(): unknown;
}

function sum(): Accumulator {
  let total: unknown = 0;
  return {
    add(value) {
      if (isNumber(value)) total = calculateWidening('add', total, value);
    },
    result: () => total,
  };
}

function average(): Accumulator {
  let total = 0;
  let count = 0;
  return {
    add(value) {
      if (!isNumber(value)) return;
      if (typeName(value) === 'decimal')
        fail(238, 'arithmetic on Decimal128 is not supported by this server');
      total += toNumber(value)!;
      count++;
    },
    result: () => (count === 0 ? null : asDouble(total / count)),
  };
}

function extreme(direction: 1 | -1): Accumulator {
  let best: unknown;
  return {
    add(value) {
      if (!isNullish(value) && (best === undefined || compare(value, best) * direction > 0)) best = value;
    },
    result: () => best ?? null,
  };
}

/** Accumulators of `$group`; `$sum`, `$avg`, `$min`, `$max` also work on arrays in expressions. */
export const ACCUMULATORS: Record<string, () => Accumulator> = {
  $sum: sum,
  $avg: average,
  $min: () => extreme(-1),
  $max: () => extreme(1),
  $first: () => {
    let first: unknown;
    let seen = false;
    return {
      add(value) {
        if (!seen) first = value ?? null;
        seen = true;
      },
      result: () => first,
    };
  },
  $last: () => {
    let last: unknown;
    return {
      add(value) {
        last = value ?? null;
      },
      result: () => last,
    };
  },
  $push: () => {
    const values: unknown[] = [];
    return {
      add(value) {
        if (value !== undefined) values.push(value);
      },
      result: () => values,
    };
  },
  $addToSet: () => {
    const values = new Map<string, unknown>();
    return {
      add(value) {
        if (value !== undefined && !values.has(hashKey(value))) values.set(hashKey(value), value);
      },
      result: () => [...values.values()],
    };
  },
  $mergeObjects: () => {
    const merged: Doc = {};
    return {
      add(value) {
        if (isNullish(value)) return;
        if (!isDoc(value))
          fail(
            40400,
            `$mergeObjects requires object inputs, but input ${show(value)} is of type ${typeName(value)}`,
          );
        Object.assign(merged, value);
      },
      result: () => merged,
    };
  },
};
