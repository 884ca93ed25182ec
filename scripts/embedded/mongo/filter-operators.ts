import { type BSONRegExp, Long, MaxKey, MinKey } from 'bson';
import { compare, equal, hashKey, rank } from './compare.ts';
import { fail } from './errors.ts';
import { type Position, someAt, type Test } from './paths.ts';
import {
  type Doc,
  isDoc,
  isNumber,
  show,
  TYPE_NUMBERS,
  type TypeName,
  toNumber,
  typeName,
} from './values.ts';

/** Tells whether a document passes; on success notes which element of the first array did, for positional `$`. */
export type Matcher = (doc: unknown, position?: Position) => boolean;

type ArrayTest = (value: unknown, position?: Position) => boolean;

type CompileFilter = (filter: unknown) => Matcher;

export function isOperatorDoc(value: unknown): value is Doc {
  if (!isDoc(value)) return false;
  const first = Object.keys(value)[0];
  return first?.startsWith('$') === true && !['$ref', '$id', '$db'].includes(first);
}

const isMissing = (value: unknown) => value === undefined || value === null;

export function equalTo(operand: unknown): Test {
  if (operand === null) return isMissing;
  if (typeof operand === 'string') return (value) => value === operand;
  return (value) => value !== undefined && equal(value, operand);
}

function ordered(operand: unknown, accepts: (order: number) => boolean): Test {
  if (operand === null) return accepts(0) ? isMissing : () => false;
  if (operand instanceof MinKey || operand instanceof MaxKey) {
    return (value) => value !== undefined && accepts(compare(value, operand));
  }
  const type = rank(operand);
  const notANumber = (value: unknown) => type === 10 && Number.isNaN(toNumber(value));
  const operandIsNaN = notANumber(operand);
  return (value) => {
    if (value === undefined || rank(value) !== type) return false;
    if (operandIsNaN || notANumber(value)) return operandIsNaN && notANumber(value) && accepts(0);
    return accepts(compare(value, operand));
  };
}

export function toRegExp(pattern: string, options: string): RegExp {
  for (const flag of options) {
    if (!'imsu'.includes(flag)) fail(51108, `invalid flag in regex options: ${flag}`);
  }
  const flags = options.replace('u', '');
  try {
    return new RegExp(pattern, `${flags}u`);
  } catch {
    try {
      return new RegExp(pattern, flags);
    } catch (error) {
      return fail(51091, `Regular expression is invalid: ${(error as Error).message}`);
    }
  }
}

export function regexMatcher(operand: unknown, options?: string): Test {
  const { pattern, options: own } =
    typeof operand === 'string' ? { pattern: operand, options: '' } : (operand as BSONRegExp);
  const regex = toRegExp(pattern, options ?? own);
  return (value) =>
    typeof value === 'string'
      ? regex.test(value)
      : typeName(value) === 'regex' && typeof operand !== 'string' && equal(value, operand);
}

function oneOf(operator: string, operand: unknown): Test {
  if (!Array.isArray(operand)) fail(2, `${operator} needs an array`);
  if (operand.some(isOperatorDoc)) fail(2, `cannot nest $ under ${operator}`);
  const keys = new Set(operand.map(hashKey));
  const regexes = operand.filter((value) => typeName(value) === 'regex').map((value) => regexMatcher(value));
  const acceptsMissing = keys.has('z');
  return (value) =>
    value === undefined
      ? acceptsMissing
      : keys.has(hashKey(value)) || regexes.some((matches) => matches(value));
}

function ofType(operand: unknown): Test {
  const wanted = new Set<TypeName>();
  for (const entry of Array.isArray(operand) ? operand : [operand]) {
    if (entry === 'number')
      for (const name of ['int', 'long', 'double', 'decimal'] as const) wanted.add(name);
    else if (typeof entry === 'string') {
      if (!Object.hasOwn(TYPE_NUMBERS, entry) || entry === 'missing') {
        fail(2, `Unknown type name alias: ${entry}`);
      }
      wanted.add(entry as TypeName);
    } else {
      const found = Object.entries(TYPE_NUMBERS).find(([, n]) => n !== 0 && n === toNumber(entry));
      if (found === undefined) fail(2, `Invalid numerical type code: ${show(entry)}`);
      wanted.add(found[0] as TypeName);
    }
  }
  if (wanted.size === 0) fail(9, 'a must match at least one type');
  return (value) => value !== undefined && wanted.has(typeName(value));
}

function modulo(operand: unknown): Test {
  if (!Array.isArray(operand)) fail(2, 'malformed mod, needs to be an array');
  if (operand.length < 2) fail(2, 'malformed mod, not enough elements');
  if (operand.length > 2) fail(2, 'malformed mod, too many elements');
  const [divisor, remainder] = operand.map((n) => Math.trunc(toNumber(n) ?? Number.NaN)) as [number, number];
  if (Number.isNaN(divisor)) fail(2, 'malformed mod, divisor not a number');
  if (Number.isNaN(remainder)) fail(2, 'malformed mod, remainder not a number');
  if (divisor === 0) fail(2, 'divisor cannot be 0');
  return (value) =>
    value instanceof Long
      ? value.toBigInt() % BigInt(divisor) === BigInt(remainder)
      : isNumber(value) && Math.trunc(toNumber(value)!) % divisor === remainder;
}

function size(operand: unknown): Test {
  const n = isNumber(operand) ? toNumber(operand)! : Number.NaN;
  if (Number.isNaN(n)) fail(2, `Failed to parse $size. Expected a number in: $size: ${show(operand)}`);
  if (n < 0) fail(2, `Failed to parse $size. Expected a non-negative number in: $size: ${show(operand)}`);
  if (!Number.isInteger(n)) fail(2, `Failed to parse $size. Expected an integer: $size: ${show(operand)}`);
  return (value) => Array.isArray(value) && value.length === n;
}

/** The test of an `$elemMatch`, on the array as a whole; notes the index of the element that passed. */
function elemMatch(operand: unknown, compile: CompileFilter): ArrayTest {
  if (!isDoc(operand)) fail(2, '$elemMatch needs an Object');
  const first = Object.keys(operand)[0] ?? '';
  const overValues = isOperatorDoc(operand) && !['$and', '$or', '$nor', '$expr'].includes(first);
  const matches = overValues ? compileOperators([], operand, compile, false) : compile(operand);
  return (value, position) => {
    if (!Array.isArray(value)) return false;
    const index = value.findIndex((element) => {
      if (overValues || isDoc(element)) return matches(element);
      return Array.isArray(element) && matches({ ...element });
    });
    if (index >= 0 && position !== undefined) position.index = index;
    return index >= 0;
  };
}

function all(operand: unknown, compile: CompileFilter): ArrayTest {
  if (!Array.isArray(operand)) fail(2, '$all needs an array');
  if (operand.length === 0) return () => false;
  const elements = operand.map((entry): Test => {
    if (isDoc(entry) && '$elemMatch' in entry) return elemMatch(entry.$elemMatch, compile);
    if (isOperatorDoc(entry)) fail(2, 'no $ expressions in $all');
    const test = typeName(entry) === 'regex' ? regexMatcher(entry) : equalTo(entry);
    return (value) => test(value) || (Array.isArray(value) && value.some(test));
  });
  return (value) => elements.every((matches) => matches(value));
}

/** `{$gt: 1, $lt: 5}` at a path. Without `intoLeaf` the value at the path is not looked into if it is an array. */
export function compileOperators(
  parts: string[],
  operators: Doc,
  compile: CompileFilter,
  intoLeaf = true,
): Matcher {
  const some =
    (test: ArrayTest, enter = intoLeaf): Matcher =>
    (doc, position) =>
      someAt(doc, parts, enter ? test : (value) => test(value, position), enter, position);
  const none =
    (test: Test, enter = intoLeaf): Matcher =>
    (doc) =>
      !someAt(doc, parts, test, enter);
  const checks = Object.entries(operators).map(([name, operand]) => {
    if (typeName(operand) === 'regex' && ['$ne', '$gt', '$gte', '$lt', '$lte'].includes(name)) {
      fail(2, "Can't have RegEx as arg to predicate over field");
    }
    switch (name) {
      case '$eq':
        return some(equalTo(operand));
      case '$ne':
        return none(equalTo(operand));
      case '$gt':
        return some(ordered(operand, (order) => order > 0));
      case '$gte':
        return some(ordered(operand, (order) => order >= 0));
      case '$lt':
        return some(ordered(operand, (order) => order < 0));
      case '$lte':
        return some(ordered(operand, (order) => order <= 0));
      case '$in':
        return some(oneOf(name, operand));
      case '$nin':
        return none(oneOf(name, operand));
      case '$exists': {
        const exists = (value: unknown) => value !== undefined;
        const wanted = operand !== false && operand !== null && toNumber(operand) !== 0;
        return wanted ? some(exists, false) : none(exists, false);
      }
      case '$type':
        return some(ofType(operand));
      case '$mod':
        return some(modulo(operand));
      case '$size':
        return some(size(operand), false);
      case '$elemMatch':
        return some(elemMatch(operand, compile), false);
      case '$all':
        return some(all(operand, compile), false);
      case '$regex':
        return some(regex(operand, operators.$options));
      case '$options':
        return '$regex' in operators ? () => true : fail(2, '$options needs a $regex');
      case '$not': {
        const matches = negated(operand, parts, compile, intoLeaf);
        return (doc: unknown) => !matches(doc);
      }
      default:
        return fail(2, `unknown operator: ${name}`);
    }
  });
  return checks.length === 1
    ? checks[0]!
    : (doc, position) => checks.every((matches) => matches(doc, position));
}

function regex(operand: unknown, options: unknown): Test {
  if (typeof operand !== 'string' && typeName(operand) !== 'regex') fail(2, '$regex has to be a string');
  if (options !== undefined && typeof options !== 'string') fail(2, '$options has to be a string');
  return regexMatcher(operand, options);
}

function negated(operand: unknown, parts: string[], compile: CompileFilter, intoLeaf: boolean): Matcher {
  if (typeName(operand) === 'regex') {
    const test = regexMatcher(operand);
    return (doc) => someAt(doc, parts, test, intoLeaf);
  }
  if (!isDoc(operand)) fail(2, '$not needs a regex or a document');
  const first = Object.keys(operand)[0];
  if (first === undefined) fail(2, '$not cannot be empty');
  if (!isOperatorDoc(operand)) fail(2, `unknown operator: ${first}`);
  return compileOperators(parts, operand, compile, intoLeaf);
}
