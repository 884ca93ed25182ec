import { Double, deserialize, EJSON, Long, type ObjectId, serialize } from 'bson';

/**
 * BSON values in memory. A JavaScript number that fits 32 bits is an Int32, any other JavaScript number a
 * double; a double with an Int32's value is a `Double`, a 64-bit integer always a `Long`. So every value goes
 * back over the wire with the type it came with. Stored values are never changed in place. `undefined` = missing.
 */
export type Doc = Record<string, unknown>;

export type TypeName = keyof typeof TYPE_NUMBERS;

export const TYPE_NUMBERS = {
  missing: 0,
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
} as const;

const BSON_TYPES: Record<string, TypeName> = {
  Int32: 'int',
  Double: 'double',
  Long: 'long',
  Decimal128: 'decimal',
  ObjectId: 'objectId',
  Binary: 'binData',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  BSONSymbol: 'symbol',
  Code: 'javascript',
  DBRef: 'dbPointer',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
};

export const isInt32 = (n: number): boolean => n === (n | 0) && !Object.is(n, -0);

export function typeName(value: unknown): TypeName {
  switch (typeof value) {
    case 'number':
      return isInt32(value) ? 'int' : 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'undefined':
      return 'missing';
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  const tag = (value as { _bsontype?: string })._bsontype;
  return tag === undefined ? 'object' : (BSON_TYPES[tag] ?? 'object');
}

export function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && typeName(value) === 'object';
}

export const isNumber = (value: unknown): boolean =>
  ['int', 'double', 'long', 'decimal'].includes(typeName(value));

/** The plain JavaScript number of a numeric value (a Long beyond 2^53 loses digits), else undefined. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  switch (typeName(value)) {
    case 'double':
    case 'int':
      return Number((value as Double).valueOf());
    case 'long':
      return (value as Long).toNumber();
    case 'decimal':
      return Number(String(value));
    default:
      return undefined;
  }
}

/** A value of type double, whatever its size. */
export const asDouble = (n: number): unknown => (isInt32(n) ? new Double(n) : n);

/** A Long, the type of 64-bit integers. */
export const asLong = (n: bigint): Long => Long.fromBigInt(n);

function lighten(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = lighten(value[i]);
    return value;
  }
  const tag = (value as { _bsontype?: string })._bsontype;
  if (tag === 'Int32') return Number(value.valueOf());
  if (tag === 'Double') {
    const n = Number(value.valueOf());
    return isInt32(n) ? value : n;
  }
  if (tag === undefined && !(value instanceof Date)) {
    for (const key of Object.keys(value)) (value as Doc)[key] = lighten((value as Doc)[key]);
  }
  return value;
}

export function decode(bytes: Uint8Array): Doc {
  return lighten(
    deserialize(bytes, { promoteValues: false, bsonRegExp: true, promoteBuffers: false }),
  ) as Doc;
}

export function encode(doc: Doc): Uint8Array {
  return serialize(doc, { ignoreUndefined: true });
}

/** Sets a field, also one named `__proto__`, which a plain assignment would take for the object's prototype. */
export function setOwn(doc: Doc, key: string, value: unknown): void {
  if (key !== '__proto__') doc[key] = value;
  else Object.defineProperty(doc, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Copies objects and arrays so that an update can work in place; other values are shared, being immutable. */
export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clone) as T;
  if (!isDoc(value)) return value;
  const copy: Doc = {};
  for (const key of Object.keys(value)) setOwn(copy, key, clone(value[key]));
  return copy as T;
}

/** A value as MongoDB prints it in messages: `{ a: 1, b: "x" }`. */
export function show(value: unknown): string {
  switch (typeName(value)) {
    case 'string':
      return JSON.stringify(value);
    case 'missing':
      return 'MISSING';
    case 'objectId':
      return `ObjectId('${(value as ObjectId).toHexString()}')`;
    case 'date':
      return `new Date(${Number(value)})`;
    case 'double':
      return Number.isInteger(Number(value)) ? `${Number(value)}.0` : String(Number(value));
    case 'array':
      return (value as unknown[]).length === 0 ? '[]' : `[ ${(value as unknown[]).map(show).join(', ')} ]`;
    case 'object': {
      const fields = Object.entries(value as Doc).map(([k, v]) => `${k}: ${show(v)}`);
      return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
    }
    case 'int':
    case 'long':
    case 'bool':
    case 'null':
    case 'decimal':
      return String(value);
    default:
      return EJSON.stringify(value);
  }
}
