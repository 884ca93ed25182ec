import type { Long } from 'bson';
import { compare, equal } from './compare.ts';
import { fail } from './errors.ts';
import { isNullish, type Operator } from './expression-parts.ts';
import { asDouble, asLong, isInt32, isNumber, toNumber, typeName } from './values.ts';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const OPERATIONS = {
  add: [(x: number, y: number) => x + y, (x: bigint, y: bigint) => x + y],
  subtract: [(x: number, y: number) => x - y, (x: bigint, y: bigint) => x - y],
  multiply: [(x: number, y: number) => x * y, (x: bigint, y: bigint) => x * y],
} as const;

export type Operation = keyof typeof OPERATIONS;

/**
 * Arithmetic with MongoDB's result types: int with int gives int, or long if it does not fit; any double gives
 * a double. `undefined` = the result fits no 64-bit integer. Decimal128 is refused (238).
 */
export function calculate(operation: Operation, a: unknown, b: unknown): unknown {
  const types = [typeName(a), typeName(b)];
  if (types.includes('decimal')) fail(238, 'arithmetic on Decimal128 is not supported by this server');
  const [plain, exact] = OPERATIONS[operation];
  if (types.includes('double')) return asDouble(plain(toNumber(a)!, toNumber(b)!));
  const result = exact(toBigInt(a), toBigInt(b));
  if (!types.includes('long') && isInt32(Number(result))) return Number(result);
  return result > INT64_MAX || result < INT64_MIN ? undefined : asLong(result);
}

const toBigInt = (value: unknown): bigint =>
  typeName(value) === 'long' ? (value as Long).toBigInt() : BigInt(toNumber(value)!);

/** As `calculate`, but turning to double where no integer type holds the result, as expressions do. */
export function calculateWidening(operation: Operation, a: unknown, b: unknown): unknown {
  const result = calculate(operation, a, b);
  return result === undefined ? asDouble(OPERATIONS[operation][0](toNumber(a)!, toNumber(b)!)) : result;
}

const milliseconds = (value: unknown): unknown => (value instanceof Date ? asLong(BigInt(+value)) : value);

function sumOf(args: unknown[], name: string): unknown {
  const bad = args.find((arg) => !isNullish(arg) && !isNumber(arg) && !(arg instanceof Date));
  if (bad !== undefined) fail(14, `${name} only supports numeric or date types, not ${typeName(bad)}`);
  const dates = args.filter((arg) => arg instanceof Date).length;
  if (dates > 1) fail(16612, `only one date allowed in an $add expression`);
  if (args.some(isNullish)) return null;
  const total = args.map(milliseconds).reduce((sum, arg) => calculateWidening('add', sum, arg), 0);
  return dates === 1 ? new Date(Math.round(toNumber(total)!)) : total;
}

function subtract([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (a instanceof Date && (b instanceof Date || isNumber(b))) {
    const difference = calculateWidening('subtract', milliseconds(a), milliseconds(b));
    return b instanceof Date ? difference : new Date(Math.round(toNumber(difference)!));
  }
  if (!isNumber(a) || !isNumber(b)) fail(14, `can't $subtract ${typeName(b)} from ${typeName(a)}`);
  return calculateWidening('subtract', a, b);
}

function multiply(args: unknown[]): unknown {
  const bad = args.find((arg) => !isNullish(arg) && !isNumber(arg));
  if (bad !== undefined) fail(14, `$multiply only supports numeric types, not ${typeName(bad)}`);
  return args.some(isNullish) ? null : args.reduce((sum, arg) => calculateWidening('multiply', sum, arg), 1);
}

function divide([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumber(a) || !isNumber(b)) {
    fail(14, `$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  if (toNumber(b) === 0) fail(2, "can't $divide by zero");
  return asDouble(calculable(a) / calculable(b));
}

function modulo([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumber(a) || !isNumber(b)) {
    fail(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  if (toNumber(b) === 0) fail(16610, "can't $mod by zero");
  return likeTypes([a, b], calculable(a) % calculable(b));
}

function calculable(value: unknown): number {
  if (typeName(value) === 'decimal') fail(238, 'arithmetic on Decimal128 is not supported by this server');
  return toNumber(value)!;
}

/** `result` with the widest of the types of `args`. */
function likeTypes(args: unknown[], result: number): unknown {
  const types = args.map(typeName);
  if (types.includes('double') || !Number.isInteger(result)) return asDouble(result);
  return types.includes('long') || !isInt32(result) ? asLong(BigInt(result)) : result;
}

/** A function of one number that keeps integers integers. */
function rounding(work: (n: number) => number): Operator {
  const run = ([value]: unknown[], name: string) => {
    if (isNullish(value)) return null;
    if (!isNumber(value)) fail(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    return likeTypes([value], work(calculable(value)));
  };
  return { arity: [1, 1], run };
}

/** Rounds to `place` decimals, halves to even, on the shortest decimal text of the number. */
function roundTo(n: number, place: number, halfEven: boolean): number {
  if (!Number.isFinite(n)) return n;
  const shifted = Number(
    `${n}e${place}`.replace(/e([+-]?\d+)e([+-]?\d+)/, (_, a, b) => `e${Number(a) + Number(b)}`),
  );
  const whole = Math.trunc(shifted);
  const half = Math.abs(shifted - whole);
  const away = half > 0.5 || (half === 0.5 && whole % 2 !== 0);
  const rounded = halfEven && away ? whole + Math.sign(shifted) : whole;
  return Number(`${rounded}e${-place}`);
}

function placed(halfEven: boolean): Operator {
  const run = ([value, place = 0]: unknown[], name: string) => {
    if (isNullish(value) || isNullish(place)) return null;
    if (!isNumber(value)) fail(51081, `${name} only supports numeric types, not ${typeName(value)}`);
    const digits = toNumber(place);
    if (digits === undefined || !Number.isInteger(digits)) {
      fail(51082, `precision argument to  ${name} must be a integral value`);
    }
    return likeTypes([value], roundTo(calculable(value), digits, halfEven));
  };
  return { arity: [1, 2], run };
}

const comparison = (accepts: (order: number) => boolean): Operator => ({
  arity: [2, 2],
  run: ([a, b]) => accepts(compare(a, b)),
});

export const NUMBER_OPERATORS: Record<string, Operator> = {
  $add: { arity: [0, Number.POSITIVE_INFINITY], run: sumOf },
  $subtract: { arity: [2, 2], run: subtract },
  $multiply: { arity: [0, Number.POSITIVE_INFINITY], run: multiply },
  $divide: { arity: [2, 2], run: divide },
  $mod: { arity: [2, 2], run: modulo },
  $abs: rounding(Math.abs),
  $ceil: rounding(Math.ceil),
  $floor: rounding(Math.floor),
  $round: placed(true),
  $trunc: placed(false),
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: { arity: [2, 2], run: ([a, b]) => Math.sign(compare(a, b)) },
  $not: { arity: [1, 1], run: ([value]) => falsy(value) },
  $isNumber: { arity: [1, 1], run: ([value]) => isNumber(value) },
  $type: { arity: [1, 1], run: ([value]) => typeName(value) },
  $toInt: { arity: [1, 1], run: ([value]) => convert(value, 'int', Math.trunc) },
  $toLong: {
    arity: [1, 1],
    run: ([value]) =>
      typeName(value) === 'long' ? value : convert(value, 'long', (n) => asLong(BigInt(Math.trunc(n)))),
  },
  $toDouble: { arity: [1, 1], run: ([value]) => convert(value, 'double', asDouble) },
  $toBool: { arity: [1, 1], run: ([value]) => (isNullish(value) ? null : !falsy(value)) },
};

const falsy = (value: unknown): boolean =>
  isNullish(value) || value === false || (isNumber(value) && equal(value, 0));

function convert(value: unknown, target: string, make: (n: number) => unknown): unknown {
  if (isNullish(value)) return null;
  let n = toNumber(value);
  if (typeof value === 'boolean') n = Number(value);
  if (value instanceof Date && target !== 'int') n = +value;
  if (typeof value === 'string' && value.trim() === value && value !== '') n = Number(value);
  const whole = target === 'double';
  if (n === undefined || (!whole && !Number.isFinite(n)) || (typeof value === 'string' && Number.isNaN(n))) {
    const message = `Unsupported conversion from ${typeName(value)} to ${target} in $convert with no onError value`;
    fail(
      241,
      typeof value === 'string'
        ? `Failed to parse number '${value}' in $convert with no onError value`
        : message,
    );
  }
  if (target === 'int' && Math.abs(Math.trunc(n) + 0.5) > 2 ** 31) {
    fail(241, `Conversion would overflow target type in $convert with no onError value: ${n}`);
  }
  if (typeof value === 'string' && !whole && !Number.isInteger(n)) {
    fail(
      241,
      `Failed to parse number '${value}' in $convert with no onError value: Did not consume whole string.`,
    );
  }
  return make(n);
}
