import { Timestamp } from 'bson';
import { compare, equal } from './compare.ts';
import { fail } from './errors.ts';
import { calculate, type Operation } from './expression-numbers.ts';
import { compileFilter } from './filter.ts';
import { compileOperators, isOperatorDoc, regexMatcher } from './filter-operators.ts';
import { own } from './paths.ts';
import { compileSort } from './sort.ts';
import { type Doc, isDoc, isNumber, show, toNumber, typeName } from './values.ts';

export interface Context {
  doc: Doc;
  path: string[];
  inserting: boolean;
}

/** What becomes of a field: `keep` leaves it, `value` sets it, neither removes it. */
export type Change = (
  old: unknown,
  context: Context,
) => { keep: true } | { value: unknown } | Record<string, never>;

/** One modifier on one path; `$rename` changes two. */
export type ModifierCompiler = (path: string, operand: unknown) => { path: string; change: Change }[];

const KEEP = { keep: true } as const;

const simple =
  (compile: (operand: unknown, path: string) => Change): ModifierCompiler =>
  (path, operand) => [{ path, change: compile(operand, path) }];

const idOf = (doc: Doc) => `{_id: ${show(doc._id)}}`;

function arithmetic(name: string, operation: Operation): ModifierCompiler {
  return simple((operand, path) => {
    const verb = name === '$inc' ? 'increment' : 'multiply';
    if (!isNumber(operand)) fail(14, `Cannot ${verb} with non-numeric argument: {${path}: ${show(operand)}}`);
    return (old, { doc, path: at }) => {
      const current = old === undefined && name === '$mul' ? calculate('multiply', operand, 0) : old;
      if (old === undefined) return { value: name === '$inc' ? operand : current };
      if (!isNumber(old)) {
        fail(
          14,
          `Cannot apply ${name} to a value of non-numeric type. ${idOf(doc)} has the field '${at.at(-1)}' of non-numeric type ${typeName(old)}`,
        );
      }
      const value = calculate(operation, old, operand);
      if (value === undefined) {
        fail(
          2,
          `Failed to apply ${name} operations to current value (${show(old)}) for document ${idOf(doc)}`,
        );
      }
      return { value };
    };
  });
}

const extreme = (direction: 1 | -1): ModifierCompiler =>
  simple(
    (operand) => (old) =>
      old === undefined || compare(operand, old) * direction > 0 ? { value: operand } : KEEP,
  );

/** The array at the path; `undefined` if there is none yet. Errors as MongoDB's for other types. */
function arrayAt(old: unknown, { doc, path }: Context, name: string): unknown[] | undefined {
  if (old === undefined || Array.isArray(old)) return old;
  if (name === '$push') {
    fail(
      2,
      `The field '${path.join('.')}' must be an array but is of type ${typeName(old)} in document ${idOf(doc)}`,
    );
  }
  if (name === '$addToSet') {
    fail(
      2,
      `Cannot apply $addToSet to non-array field. Field named '${path.at(-1)}' has non-array type ${typeName(old)}`,
    );
  }
  if (name === '$pop')
    fail(14, `Path '${path.join('.')}' contains an element of non-array type '${typeName(old)}'`);
  return fail(2, `Cannot apply ${name} to a non-array value`);
}

function integer(value: unknown, name: string): number {
  const n = toNumber(value);
  if (n === undefined)
    fail(2, `The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
  return Number.isInteger(n) ? n : fail(2, `The value for ${name} must be an integer value, not ${n}`);
}

function each(operand: unknown, name: string): unknown[] {
  const { $each } = operand as Doc;
  if (!Array.isArray($each)) {
    fail(
      name === '$push' ? 2 : 14,
      `The argument to $each in ${name} must be an array but it was of type: ${typeName($each)}`,
    );
  }
  return $each;
}

const push = simple((operand) => {
  const withClauses = isDoc(operand) && '$each' in operand;
  const clauses: Doc = withClauses ? operand : {};
  const values = withClauses ? each(operand, '$push') : [operand];
  for (const key of Object.keys(clauses)) {
    if (!['$each', '$position', '$slice', '$sort'].includes(key))
      fail(2, `Unrecognized clause in $push: ${key}`);
  }
  const position = clauses.$position === undefined ? undefined : integer(clauses.$position, '$position');
  const slice = clauses.$slice === undefined ? undefined : integer(clauses.$slice, '$slice');
  const sort = clauses.$sort === undefined ? undefined : elementSorter(clauses.$sort);
  return (old, context) => {
    const array = arrayAt(old, context, '$push') ?? [];
    let result = array.toSpliced(position ?? array.length, 0, ...values);
    if (sort !== undefined) result = sort(result);
    if (slice !== undefined) result = slice >= 0 ? result.slice(0, slice) : result.slice(slice);
    return { value: result };
  };
});

function elementSorter(spec: unknown): (elements: unknown[]) => unknown[] {
  if (!isDoc(spec)) {
    const direction = toNumber(spec);
    if (direction !== 1 && direction !== -1) fail(2, 'The $sort element value must be either 1 or -1');
    return (elements) => elements.toSorted((a, b) => compare(a, b) * direction);
  }
  if (Object.keys(spec).length === 0)
    fail(2, 'The $sort pattern is empty when it should be a set of fields.');
  const sort = compileSort(spec);
  return (elements) => {
    const wrapped = elements.map((element) => ({ element, keys: isDoc(element) ? element : {} }));
    const order = new Map(sort(wrapped.map(({ keys }) => keys)).map((keys, i) => [keys, i]));
    return wrapped.toSorted((a, b) => order.get(a.keys)! - order.get(b.keys)!).map(({ element }) => element);
  };
}

const addToSet = simple((operand) => {
  const withEach = isDoc(operand) && Object.keys(operand)[0] === '$each';
  const values = withEach ? each(operand, '$addToSet') : [operand];
  if (withEach && Object.keys(operand).length > 1) {
    fail(2, `Found unexpected fields after $each in $addToSet: ${show(operand)}`);
  }
  return (old, context) => {
    const array = arrayAt(old, context, '$addToSet') ?? [];
    const added: unknown[] = [];
    for (const value of values) {
      if (![...array, ...added].some((element) => equal(element, value))) added.push(value);
    }
    return added.length === 0 && old !== undefined ? KEEP : { value: [...array, ...added] };
  };
});

const isLogical = (filter: Doc): boolean => ['$and', '$or', '$nor'].includes(Object.keys(filter)[0]!);

/** `$pull` takes a value, operators on values, or a filter on objects. */
function pullTest(operand: unknown): (element: unknown) => boolean {
  if (typeName(operand) === 'regex') return regexMatcher(operand);
  if (isOperatorDoc(operand) && !isLogical(operand))
    return compileOperators([], operand, compileFilter, false);
  if (!isDoc(operand)) return (element) => equal(element, operand);
  const matches = compileFilter(operand);
  return (element) => isDoc(element) && matches(element);
}

const remover = (
  name: string,
  compile: (operand: unknown) => (element: unknown) => boolean,
): ModifierCompiler =>
  simple((operand) => {
    const test = compile(operand);
    return (old, context) => {
      const array = arrayAt(old, context, name);
      const left = array?.filter((element) => !test(element));
      return left === undefined || left.length === array!.length ? KEEP : { value: left };
    };
  });

const pop = simple((operand) => {
  const end = toNumber(operand);
  if (end === undefined) fail(9, `Expected a number in: ${show(operand)}`);
  if (end !== 1 && end !== -1) fail(9, `$pop expects 1 or -1, found: ${show(operand)}`);
  return (old, context) => {
    const array = arrayAt(old, context, '$pop');
    if (array === undefined || array.length === 0) return KEEP;
    return { value: end === 1 ? array.slice(0, -1) : array.slice(1) };
  };
});

const currentDate = simple((operand) => {
  const type = isDoc(operand) ? operand.$type : operand;
  if (type !== true && type !== 'date' && type !== 'timestamp' && typeof operand !== 'boolean') {
    fail(
      2,
      isDoc(operand)
        ? "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}"
        : `${typeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
    );
  }
  const timestamp = type === 'timestamp';
  return () => ({
    value: timestamp ? new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 }) : new Date(),
  });
});

const rename: ModifierCompiler = (path, operand) => {
  if (typeof operand !== 'string')
    fail(2, `The 'to' field for $rename must be a string: ${path}: ${show(operand)}`);
  if (operand === path)
    fail(2, `The source and target field for $rename must differ: ${path}: ${show(operand)}`);
  for (const name of [path, operand]) {
    if (/(^|\.)\$/.test(name)) fail(2, `The source field for $rename may not be dynamic: ${name}`);
  }
  const moved = new WeakMap<Doc, unknown>();
  const follow = (doc: Doc, at: string, which: string): unknown => {
    let value: unknown = doc;
    for (const part of at.split('.')) {
      if (Array.isArray(value)) {
        fail(2, `The ${which} field cannot be an array element, '${at}' in doc with ${idOf(doc)}`);
      }
      value = isDoc(value) ? own(value, part) : undefined;
    }
    return value;
  };
  // whichever of the two paths comes first reads the value before it is taken away
  const read = (doc: Doc): unknown => {
    if (!moved.has(doc)) {
      const value = follow(doc, path, 'source');
      if (value !== undefined) follow(doc, operand, 'destination');
      moved.set(doc, value);
    }
    return moved.get(doc);
  };
  return [
    { path, change: (_old, { doc }) => (read(doc) === undefined ? KEEP : {}) },
    {
      path: operand,
      change: (_old, { doc }) => {
        const value = read(doc);
        return value === undefined ? KEEP : { value };
      },
    },
  ];
};

const set = simple((operand) => () => ({ value: operand }));

export const MODIFIERS: Record<string, ModifierCompiler> = {
  $set: set,
  $setOnInsert: set,
  $unset: simple(() => () => ({})),
  $inc: arithmetic('$inc', 'add'),
  $mul: arithmetic('$mul', 'multiply'),
  $min: extreme(-1),
  $max: extreme(1),
  $push: push,
  $addToSet: addToSet,
  $pull: remover('$pull', pullTest),
  $pullAll: remover('$pullAll', (operand) => {
    if (!Array.isArray(operand))
      fail(2, `$pullAll requires an array argument but was given a ${typeName(operand)}`);
    return (element) => operand.some((value) => equal(value, element));
  }),
  $pop: pop,
  $currentDate: currentDate,
  $rename: rename,
};
