import { Long, ObjectId } from 'bson';
import { fail } from './errors.ts';
import { type Form, isNullish, namedArguments, type Operator } from './expression-parts.ts';
import { toRegExp } from './filter-operators.ts';
import { type Doc, toNumber, typeName } from './values.ts';

/** What string operators accept in place of a string: null as '', numbers and dates by their text. */
function text(value: unknown, name: string): string {
  if (isNullish(value)) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (toNumber(value) !== undefined) return String(value);
  return fail(16007, `can't convert from BSON type ${typeName(value)} to String (${name})`);
}

function strings(args: unknown[], code: number, name: string): string[] | null {
  if (args.some(isNullish)) return null;
  const bad = args.find((arg) => typeof arg !== 'string');
  if (bad !== undefined) fail(code, `${name} requires string arguments, found: ${typeName(bad)}`);
  return args as string[];
}

function concat(args: unknown[]): unknown {
  const bad = args.find((arg) => !isNullish(arg) && typeof arg !== 'string');
  if (bad !== undefined) fail(16702, `$concat only supports strings, not ${typeName(bad)}`);
  return args.some(isNullish) ? null : args.join('');
}

function substring(args: unknown[], name: string): string {
  const [start, count] = args.slice(1).map((arg) => {
    const n = toNumber(arg);
    return n === undefined ? fail(34450, `${name}: positions must be numeric, but are ${typeName(arg)}`) : n;
  }) as [number, number];
  if (start < 0) fail(34455, `${name}: the starting index must be nonnegative integer.`);
  if (name === '$substrCP') {
    if (count < 0) fail(34454, `${name}: length must be a nonnegative integer.`);
    return [...text(args[0], name)].slice(start, start + count).join('');
  }
  const bytes = Buffer.from(text(args[0], name));
  const part = bytes.subarray(start, count < 0 ? undefined : start + count);
  const cut = (at: number) => at < bytes.length && (bytes[at]! & 0xc0) === 0x80;
  if (cut(start) || cut(start + part.length))
    fail(28656, `${name}: Invalid range, splits a UTF-8 character.`);
  return part.toString();
}

function toText([value]: unknown[]): unknown {
  if (isNullish(value)) return null;
  switch (typeName(value)) {
    case 'string':
    case 'bool':
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return String(value);
    case 'objectId':
      return (value as ObjectId).toHexString();
    case 'date':
      return (value as Date).toISOString();
    default:
      return fail(
        241,
        `Unsupported conversion from ${typeName(value)} to string in $convert with no onError value`,
      );
  }
}

function toDate([value]: unknown[]): unknown {
  if (isNullish(value)) return null;
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Long || ['double', 'decimal'].includes(typeName(value)))
    return new Date(toNumber(value)!);
  if (typeof value === 'string') {
    const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(value);
    const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`;
    const date = new Date(zoned);
    if (!iso || Number.isNaN(+date))
      fail(241, `Error parsing date string '${value}' in $convert with no onError value`);
    return date;
  }
  return fail(
    241,
    `Unsupported conversion from ${typeName(value)} to date in $convert with no onError value`,
  );
}

function toObjectId([value]: unknown[]): unknown {
  if (isNullish(value) || value instanceof ObjectId) return value ?? null;
  if (typeof value === 'string' && /^[0-9a-fA-F]{24}$/.test(value)) return new ObjectId(value);
  return fail(241, `Failed to parse objectId '${value}' in $convert with no onError value`);
}

const changed = (work: (s: string) => string): Operator => ({
  arity: [1, 1],
  run: ([value], name) => work(text(value, name)),
});

const SPACES = '\\s\\0';
const escaped = (characters: string): string => characters.replace(/[\\\]^-]/g, '\\$&');

const trimmer =
  (start: boolean, finish: boolean): Form =>
  (argument, compile, name) => {
    const named = namedArguments(name, argument, ['input'], ['chars']);
    const [input, chars] = [compile(named.input), compile(named.chars ?? null)];
    return (root, variables) => {
      const value = strings([input(root, variables)], 50699, name)?.[0];
      if (value === undefined) return null;
      const given = chars(root, variables);
      if (named.chars !== undefined && isNullish(given)) return null;
      const set = typeof given === 'string' ? escaped(given) : SPACES;
      const from = start ? value.replace(new RegExp(`^[${set}]+`, 'u'), '') : value;
      return finish ? from.replace(new RegExp(`[${set}]+$`, 'u'), '') : from;
    };
  };

const replacer =
  (all: boolean): Form =>
  (argument, compile, name) => {
    const named = namedArguments(name, argument, ['input', 'find', 'replacement'], []);
    const parts = Object.values(named).map((part) => compile(part));
    return (root, variables) => {
      const found = strings(
        parts.map((part) => part(root, variables)),
        51746,
        name,
      );
      if (found === null) return null;
      const [input, find, replacement] = found as [string, string, string];
      return all ? input.replaceAll(find, () => replacement) : input.replace(find, () => replacement);
    };
  };

export const STRING_FORMS: Record<string, Form> = {
  $trim: trimmer(true, true),
  $ltrim: trimmer(true, false),
  $rtrim: trimmer(false, true),
  $replaceOne: replacer(false),
  $replaceAll: replacer(true),
  $regexMatch: (argument, compile, name) => {
    const named = namedArguments(name, argument, ['input', 'regex'], ['options']);
    const [input, regex, options] = [
      compile(named.input),
      compile(named.regex),
      compile(named.options ?? ''),
    ];
    return (root, variables) => {
      const value = strings(
        [input(root, variables)],
        51104,
        `${name} needs 'input' to be of type string: it`,
      )?.[0];
      const pattern = regex(root, variables);
      if (isNullish(pattern) || value === undefined) return false;
      const own = typeName(pattern) === 'regex' ? (pattern as Doc) : { pattern, options: '' };
      if (typeof own.pattern !== 'string') fail(51105, `${name} needs 'regex' to be of type string or regex`);
      return toRegExp(own.pattern, String(own.options || options(root, variables))).test(value);
    };
  },
};

export const STRING_OPERATORS: Record<string, Operator> = {
  $concat: { arity: [0, Number.POSITIVE_INFINITY], run: concat },
  $toLower: changed((s) => s.replace(/[A-Z]+/g, (run) => run.toLowerCase())),
  $toUpper: changed((s) => s.replace(/[a-z]+/g, (run) => run.toUpperCase())),
  $substrCP: { arity: [3, 3], run: substring },
  $substrBytes: { arity: [3, 3], run: substring },
  $substr: { arity: [3, 3], run: substring },
  $strLenCP: {
    arity: [1, 1],
    run: (args, name) =>
      [
        ...(strings(args, 34471, name)?.[0] ??
          fail(34471, `${name} requires a string argument, found: ${typeName(args[0])}`)),
      ].length,
  },
  $strLenBytes: {
    arity: [1, 1],
    run: (args, name) =>
      Buffer.byteLength(
        strings(args, 34473, name)?.[0] ??
          fail(34473, `${name} requires a string argument, found: ${typeName(args[0])}`),
      ),
  },
  $strcasecmp: {
    arity: [2, 2],
    run: ([a, b], name) => {
      const [x, y] = [text(a, name).toUpperCase(), text(b, name).toUpperCase()];
      return x < y ? -1 : x > y ? 1 : 0;
    },
  },
  $split: {
    arity: [2, 2],
    run: (args, name) => {
      const found = strings(args, 40085, name);
      if (found?.[1] === '') fail(40087, '$split requires a non-empty separator');
      return found === null ? null : found[0]!.split(found[1]!);
    },
  },
  $indexOfCP: {
    arity: [2, 4],
    run: ([value, wanted, start = 0, end = Number.POSITIVE_INFINITY], name) => {
      if (isNullish(value)) return null;
      const found = strings([value, wanted], 40093, name);
      if (found === null)
        return fail(40094, `${name} requires a string as the second argument, found: ${typeName(wanted)}`);
      const points = [...found[0]!].slice(0, toNumber(end));
      const at = points.slice(toNumber(start)).join('').indexOf(found[1]!);
      return at < 0 ? -1 : [...points.slice(toNumber(start)).join('').slice(0, at)].length + toNumber(start)!;
    },
  },
  $toString: { arity: [1, 1], run: toText },
  $toDate: { arity: [1, 1], run: toDate },
  $toObjectId: { arity: [1, 1], run: toObjectId },
};
