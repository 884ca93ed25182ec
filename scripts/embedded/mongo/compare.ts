import { type Binary, type BSONRegExp, EJSON, type Long, type ObjectId, type Timestamp } from 'bson';
import { type Doc, type TypeName, toNumber, typeName } from './values.ts';

/** The order of types in comparisons and sorts (MongoDB manual, "Comparison/Sort Order"). */
const RANKS: Record<string, number> = {
  minKey: -1,
  missing: 0,
  null: 5,
  int: 10,
  long: 10,
  double: 10,
  decimal: 10,
  string: 15,
  symbol: 15,
  object: 20,
  array: 25,
  binData: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  dbPointer: 55,
  javascript: 60,
  maxKey: 127,
};

export const rank = (value: unknown): number => RANKS[typeName(value)] ?? 0;

/** memcmp order of UTF-8, which differs from JavaScript's order only where surrogates meet U+E000–U+FFFF. */
function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogateX = x >= 0xd800 && x <= 0xdfff;
    const surrogateY = y >= 0xd800 && y <= 0xdfff;
    if (surrogateX !== surrogateY && x >= 0xd800 && y >= 0xd800) return surrogateX ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

/** Numerator and denominator of any finite number, exactly. */
function fraction(value: unknown): [bigint, bigint] {
  if (typeName(value) === 'long') return [(value as Long).toBigInt(), 1n];
  if (typeName(value) === 'decimal') {
    const [digits, exponent = '0'] = String(value).toUpperCase().split('E') as [string, string?];
    const [whole, part = ''] = digits.split('.') as [string, string?];
    const scale = Number(exponent) - part.length;
    const n = BigInt(whole + part);
    return scale >= 0 ? [n * 10n ** BigInt(scale), 1n] : [n, 10n ** BigInt(-scale)];
  }
  let n = Number(value as number);
  let shift = 0n;
  while (!Number.isInteger(n)) {
    n *= 2;
    shift++;
  }
  return [BigInt(n), 1n << shift];
}

function compareNumbers(a: unknown, b: unknown): number {
  const x = toNumber(a)!;
  const y = toNumber(b)!;
  if (x < y && typeof a === 'number' && typeof b === 'number') return -1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(y)) - Number(Number.isNaN(x));
  const plain = typeof a === 'number' && typeof b === 'number';
  if (plain || !Number.isFinite(x) || !Number.isFinite(y)) return x < y ? -1 : x > y ? 1 : 0;
  return compareExactly(a, b);
}

function compareExactly(a: unknown, b: unknown): number {
  const [n1, d1] = fraction(a);
  const [n2, d2] = fraction(b);
  const left = n1 * d2;
  const right = n2 * d1;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** BSON order: negative, zero or positive. Fields of objects are compared in their order: type, name, value. */
export function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  const type = typeName(a);
  const order = RANKS[type]!;
  const other = rank(b);
  if (order !== other) return order - other;
  switch (type) {
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return compareNumbers(a, b);
    case 'object':
      return compareDocs(a as Doc, b as Doc);
    case 'array': {
      const [xs, ys] = [a as unknown[], b as unknown[]];
      for (let i = 0; i < Math.min(xs.length, ys.length); i++) {
        const order = compare(xs[i] ?? null, ys[i] ?? null);
        if (order !== 0) return order;
      }
      return xs.length - ys.length;
    }
    case 'binData': {
      const [x, y] = [a as Binary, b as Binary];
      return x.position - y.position || x.sub_type - y.sub_type || Buffer.compare(x.buffer, y.buffer);
    }
    case 'objectId':
      return Buffer.compare((a as ObjectId).id, (b as ObjectId).id);
    case 'bool':
    case 'date':
      return Number(a) - Number(b);
    case 'timestamp':
      return (a as Timestamp).compare(b as Timestamp);
    case 'regex': {
      const [x, y] = [a as BSONRegExp, b as BSONRegExp];
      return compareStrings(x.pattern, y.pattern) || compareStrings(x.options, y.options);
    }
    case 'null':
    case 'missing':
    case 'minKey':
    case 'maxKey':
      return 0;
    default:
      return compareStrings(EJSON.stringify(a), EJSON.stringify(b));
  }
}

function compareDocs(a: Doc, b: Doc): number {
  const keysA = Object.keys(a);
  const keysB = Object.keys(b);
  for (let i = 0; i < Math.min(keysA.length, keysB.length); i++) {
    const [keyA, keyB] = [keysA[i]!, keysB[i]!];
    const order = rank(a[keyA]) - rank(b[keyB]) || compareStrings(keyA, keyB) || compare(a[keyA], b[keyB]);
    if (order !== 0) return order;
  }
  return keysA.length - keysB.length;
}

export const equal = (a: unknown, b: unknown): boolean => compare(a, b) === 0;

/** Equal in value, type and field order: what decides whether an update changed anything. */
export function identical(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  const type = typeName(a);
  if (type !== typeName(b)) return false;
  if (type === 'array') {
    const [xs, ys] = [a as unknown[], b as unknown[]];
    return xs.length === ys.length && xs.every((x, i) => identical(x, ys[i]));
  }
  if (type !== 'object') return type !== 'decimal' ? equal(a, b) : String(a) === String(b);
  const keys = Object.keys(a as Doc);
  const others = Object.keys(b as Doc);
  return (
    keys.length === others.length &&
    keys.every((key, i) => key === others[i] && identical((a as Doc)[key], (b as Doc)[key]))
  );
}

function hashNumber(value: unknown, type: TypeName): string {
  const n = toNumber(value)!;
  if (type === 'long') return `n${value}`;
  if (!Number.isFinite(n)) return `n${n}`;
  if (type !== 'decimal' || compareExactly(value, n) === 0) {
    return Number.isInteger(n) && !Number.isSafeInteger(n) ? `n${BigInt(n)}` : `n${n + 0}`;
  }
  const [top, bottom] = fraction(value);
  let [x, y] = [top < 0n ? -top : top, bottom];
  while (y !== 0n) [x, y] = [y, x % y];
  return `n${top / x}/${bottom / x}`;
}

/** A string that two values share exactly when `compare` calls them equal: key for hashing. */
export function hashKey(value: unknown): string {
  const type = typeName(value);
  switch (type) {
    case 'string':
    case 'symbol':
      return `s${value}`;
    case 'int':
    case 'double':
    case 'long':
    case 'decimal':
      return hashNumber(value, type);
    case 'objectId':
      return `o${(value as ObjectId).toHexString()}`;
    case 'date':
      return `d${Number(value)}`;
    case 'bool':
      return value ? 'T' : 'F';
    case 'null':
      return 'z';
    case 'array':
      return `[${(value as unknown[]).map((v) => `${JSON.stringify(hashKey(v))},`).join('')}]`;
    case 'object':
      return `{${Object.entries(value as Doc)
        .map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(hashKey(v))},`)
        .join('')}}`;
    case 'missing':
      return 'm';
    default:
      return `${type}${EJSON.stringify(value)}`;
  }
}
