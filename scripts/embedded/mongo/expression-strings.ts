import { Long, ObjectId } from 'bson';
import { fail } from './errors.ts';
import { isNullish, type Operator } from './expression-parts.ts';
import { toNumber, typeName } from './values.ts';

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
    if (n === undefined) fail(34450, `${name}: positions must be numeric, but are ${typeName(arg)}`);
    return n < 0 ? fail(34454, `${name}: start and length must be nonnegative integers.`) : n;
  }) as [number, number];
  return [...text(args[0], name)].slice(start, start + count).join('');
}

function toText([value]: unknown[]): unknown {
  if (isNullish(value)) return null;
  switch (typeName(value)) {
    case 'string':
    case 'bool':
    case 'int':
    case 'long':
    case 'decimal':
      return String(value);
    case 'double':
      return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
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

export const STRING_OPERATORS: Record<string, Operator> = {
  $concat: { arity: [0, Number.POSITIVE_INFINITY], run: concat },
  $toLower: changed((s) => s.replace(/[A-Z]+/g, (run) => run.toLowerCase())),
  $toUpper: changed((s) => s.replace(/[a-z]+/g, (run) => run.toUpperCase())),
  $substrCP: { arity: [3, 3], run: substring },
  $strLenCP: {
    arity: [1, 1],
    run: ([value], name) =>
      typeof value === 'string'
        ? [...value].length
        : fail(34471, `${name} requires a string argument, found: ${typeName(value)}`),
  },
  $split: {
    arity: [2, 2],
    run: (args, name) => {
      const found = strings(args, 40085, name);
      if (found?.[1] === '') fail(40087, '$split requires a non-empty separator');
      return found === null ? null : found[0]!.split(found[1]!);
    },
  },
  $toString: { arity: [1, 1], run: toText },
  $toDate: { arity: [1, 1], run: toDate },
  $toObjectId: { arity: [1, 1], run: toObjectId },
};
