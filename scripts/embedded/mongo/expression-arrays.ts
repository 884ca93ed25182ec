import { ACCUMULATORS } from './accumulators.ts';
import { compare, equal, hashKey } from './compare.ts';
import { fail } from './errors.ts';
import {
  checkVariable,
  type Evaluate,
  type Form,
  isNullish,
  isTruthy,
  namedArguments,
  type Operator,
} from './expression-parts.ts';
import { compileSort } from './sort.ts';
import { type Doc, isDoc, isNumber, show, toNumber, typeName } from './values.ts';

const ANY = Number.POSITIVE_INFINITY;

function integer(value: unknown, complain: () => never): number {
  const n = toNumber(value);
  return n !== undefined && Number.isInteger(n) ? n : complain();
}

function arrayOf(value: unknown, complain: () => never): unknown[] {
  return Array.isArray(value) ? value : complain();
}

function elementAt([array, index]: unknown[]): unknown {
  if (isNullish(array) || isNullish(index)) return null;
  const elements = arrayOf(array, () =>
    fail(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(array)}`),
  );
  const i = integer(index, () =>
    fail(28691, `$arrayElemAt's second argument must be representable as a 32-bit integer: ${show(index)}`),
  );
  return elements.at(i);
}

function slice(args: unknown[]): unknown {
  if (args.some(isNullish)) return null;
  const array = arrayOf(args[0], () =>
    fail(28724, `First argument to $slice must be an array, but is of type: ${typeName(args[0])}`),
  );
  const [first, second] = args
    .slice(1)
    .map((arg) =>
      integer(arg, () => fail(28726, `Argument to $slice must be a 32-bit integer: ${show(arg)}`)),
    );
  if (second === undefined) return first! >= 0 ? array.slice(0, first) : array.slice(first);
  if (second <= 0) fail(28729, `Third argument to $slice must be positive: ${second}`);
  const start = first! >= 0 ? first! : Math.max(0, array.length + first!);
  return array.slice(start, start + second);
}

function concatenate(args: unknown[]): unknown {
  if (args.some(isNullish)) return null;
  const bad = args.find((arg) => !Array.isArray(arg));
  if (bad !== undefined) fail(28664, `$concatArrays only supports arrays, not ${typeName(bad)}`);
  return args.flat();
}

function mergeObjects(args: unknown[]): unknown {
  const merged: Doc = {};
  for (const object of args) {
    if (isNullish(object)) continue;
    if (!isDoc(object))
      fail(
        40400,
        `$mergeObjects requires object inputs, but input ${show(object)} is of type ${typeName(object)}`,
      );
    Object.assign(merged, object);
  }
  return merged;
}

function toObject([pairs]: unknown[]): unknown {
  if (isNullish(pairs)) return null;
  const object: Doc = {};
  for (const pair of arrayOf(pairs, () =>
    fail(40386, `$arrayToObject requires an array input, found: ${typeName(pairs)}`),
  )) {
    const [key, value] = Array.isArray(pair) ? pair : isDoc(pair) ? [pair.k, pair.v] : [undefined];
    if (typeof key !== 'string')
      fail(
        40394,
        '$arrayToObject requires an array of key-value pairs, where the key must be of type string',
      );
    if (value !== undefined) object[key] = value;
  }
  return object;
}

function toPairs([object]: unknown[]): unknown {
  if (isNullish(object)) return null;
  if (!isDoc(object)) fail(40390, `$objectToArray requires a document input, found: ${typeName(object)}`);
  return Object.entries(object).map(([k, v]) => ({ k, v }));
}

type SetWork = (sets: Set<string>[], all: unknown[]) => unknown;

/** Set operators tell elements apart by value; null and missing give null. */
function setOperator(arity: [number, number], work: SetWork): Operator {
  const run = (args: unknown[], name: string) => {
    if (args.some(isNullish)) return null;
    const arrays = args.map((arg) =>
      arrayOf(arg, () =>
        fail(17041, `All operands of ${name} must be arrays. One argument is of type: ${typeName(arg)}`),
      ),
    );
    const distinct = new Map(arrays.flat().map((value) => [hashKey(value), value]));
    return work(
      arrays.map((array) => new Set(array.map(hashKey))),
      [...distinct.values()],
    );
  };
  return { arity, run };
}

const has = (set: Set<string> | undefined, value: unknown): boolean => set?.has(hashKey(value)) === true;
const sorted = (values: unknown[]): unknown[] => values.sort(compare);

/** `$sum` and its like outside `$group`: over the arguments, or over the one array given. */
function overValues(name: string): Operator {
  const run = (args: unknown[]) => {
    const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    const accumulator = ACCUMULATORS[name]!();
    for (const value of values) accumulator.add(value);
    return accumulator.result();
  };
  return { arity: [1, ANY], run };
}

const end = (index: number): Operator => ({
  arity: [1, 1],
  run: ([array], name) => {
    if (isNullish(array)) return null;
    return arrayOf(array, () =>
      fail(28689, `${name}'s argument must be an array, but is ${typeName(array)}`),
    ).at(index);
  },
});

export const ARRAY_OPERATORS: Record<string, Operator> = {
  $size: {
    arity: [1, 1],
    run: ([array]) =>
      arrayOf(array, () =>
        fail(17124, `The argument to $size must be an array, but was of type: ${typeName(array)}`),
      ).length,
  },
  $arrayElemAt: { arity: [2, 2], run: elementAt },
  $first: end(0),
  $last: end(-1),
  $slice: { arity: [2, 3], run: slice },
  $concatArrays: { arity: [0, ANY], run: concatenate },
  $isArray: { arity: [1, 1], run: ([value]) => Array.isArray(value) },
  $in: {
    arity: [2, 2],
    run: ([value, array]) =>
      arrayOf(array, () =>
        fail(40081, `$in requires an array as a second argument, found: ${typeName(array)}`),
      ).some((element) => equal(element, value)),
  },
  $reverseArray: {
    arity: [1, 1],
    run: ([array]) =>
      isNullish(array)
        ? null
        : [
            ...arrayOf(array, () =>
              fail(
                34435,
                `The argument to $reverseArray must be an array, but was of type: ${typeName(array)}`,
              ),
            ),
          ].reverse(),
  },
  $mergeObjects: { arity: [0, ANY], run: mergeObjects },
  $arrayToObject: { arity: [1, 1], run: toObject },
  $objectToArray: { arity: [1, 1], run: toPairs },
  $setUnion: setOperator([0, ANY], (_sets, all) => sorted(all)),
  $setIntersection: setOperator([0, ANY], (sets, all) =>
    sorted(all.filter((value) => sets.every((set) => has(set, value)))),
  ),
  $setDifference: setOperator([2, 2], ([a, b], all) => all.filter((v) => has(a, v) && !has(b, v))),
  $sum: overValues('$sum'),
  $avg: overValues('$avg'),
  $min: overValues('$min'),
  $max: overValues('$max'),
};

/** Evaluates `input` to an array and hands its elements to `work`; null and missing give null. */
function overInput(
  input: Evaluate,
  code: number,
  name: string,
  work: (elements: unknown[], root: unknown, variables: Doc) => unknown,
): Evaluate {
  return (root, variables) => {
    const array = input(root, variables);
    if (isNullish(array)) return null;
    return work(
      arrayOf(array, () => fail(code, `input to ${name} must be an array not ${typeName(array)}`)),
      root,
      variables,
    );
  };
}

export const ARRAY_FORMS: Record<string, Form> = {
  $map: (argument, compile) => {
    const named = namedArguments('$map', argument, ['input', 'in'], ['as']);
    const as = checkVariable(named.as ?? 'this');
    const body = compile(named.in, as);
    return overInput(compile(named.input), 16883, '$map', (elements, root, variables) =>
      elements.map((element) => body(root, { ...variables, [as]: element }) ?? null),
    );
  },
  $filter: (argument, compile) => {
    const named = namedArguments('$filter', argument, ['input', 'cond'], ['as', 'limit']);
    const as = checkVariable(named.as ?? 'this');
    const test = compile(named.cond, as);
    const limit = compile(named.limit ?? null);
    return overInput(compile(named.input), 28651, '$filter', (elements, root, variables) => {
      const kept = elements.filter((element) => isTruthy(test(root, { ...variables, [as]: element })));
      const most = limit(root, variables);
      return isNullish(most) ? kept : kept.slice(0, toNumber(most));
    });
  },
  $reduce: (argument, compile) => {
    const named = namedArguments('$reduce', argument, ['input', 'initialValue', 'in'], []);
    const body = compile(named.in, 'value', 'this');
    const initial = compile(named.initialValue);
    return overInput(compile(named.input), 40080, '$reduce', (elements, root, variables) =>
      elements.reduce(
        (value: unknown, element) => body(root, { ...variables, value, this: element }),
        initial(root, variables),
      ),
    );
  },
  $sortArray: (argument, compile) => {
    const named = namedArguments('$sortArray', argument, ['input', 'sortBy'], []);
    const direction = isNumber(named.sortBy) ? toNumber(named.sortBy)! : undefined;
    const byFields = direction === undefined ? compileSort(named.sortBy) : undefined;
    return overInput(compile(named.input), 2942504, '$sortArray', (elements) =>
      byFields === undefined
        ? [...elements].sort((a, b) => compare(a, b) * direction!)
        : byFields(elements as Doc[]),
    );
  },
};
