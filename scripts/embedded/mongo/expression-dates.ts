import { type Long, ObjectId } from 'bson';
import { fail } from './errors.ts';
import { type Form, isNullish, namedArguments } from './expression-parts.ts';
import { asLong, type Doc, show, toNumber, typeName } from './values.ts';
import { fromLocal, isUtc, offsetAt, toLocal } from './zones.ts';

const DAY = 86_400_000;

/** Units of fixed length, in ms of local time up to a day. */
const FIXED: Record<string, number> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY,
  week: 7 * DAY,
};
const MONTHS: Record<string, number> = { month: 1, quarter: 3, year: 12 };
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function dateOf(value: unknown): number {
  if (value instanceof Date) return +value;
  if (value instanceof ObjectId) return +value.getTimestamp();
  return fail(16006, `can't convert from BSON type ${typeName(value)} to Date`);
}

function unitOf(value: unknown, name: string): string {
  if (typeof value !== 'string')
    fail(5439013, `${name} requires 'unit' to be a string, but got ${typeName(value)}`);
  if (!(value in FIXED) && !(value in MONTHS)) fail(9, `${name}: unknown time unit value: ${value}`);
  return value;
}

function weekdayOf(value: unknown, name: string): number {
  const day = WEEKDAYS.findIndex((full) =>
    [full, full.slice(0, 3)].includes(String(value ?? 'sunday').toLowerCase()),
  );
  return day >= 0 ? day : fail(5439015, `${name}: unknown day of week value: ${show(value)}`);
}

const floorTo = (n: number, step: number): number => Math.floor(n / step) * step;

/** Months since January 2000 of a local time, and the local time of such a month. */
const monthIndex = (local: number): number => {
  const date = new Date(local);
  return (date.getUTCFullYear() - 2000) * 12 + date.getUTCMonth();
};
const monthStart = (index: number): number => Date.UTC(2000, index);

const EPOCH_2000 = Date.UTC(2000, 0, 1);

/** `$dateTrunc`: bins are counted from 2000-01-01 local time, weeks from the first `startOfWeek` of 2000 on. */
function truncate(time: number, unit: string, binSize: number, zone: unknown, firstDay: number): number {
  const local = toLocal(time, zone);
  if (unit in MONTHS) return fromLocal(monthStart(floorTo(monthIndex(local), MONTHS[unit]! * binSize)), zone);
  const bin = FIXED[unit]! * binSize;
  if (unit === 'day') return fromLocal(EPOCH_2000 + floorTo(local - EPOCH_2000, bin), zone);
  if (unit === 'week') {
    const first = EPOCH_2000 + ((firstDay - new Date(EPOCH_2000).getUTCDay() + 7) % 7) * DAY;
    return fromLocal(first + floorTo(local - first, bin), zone);
  }
  // hours and less are counted in elapsed time, whatever the clocks did in between
  const origin = fromLocal(EPOCH_2000, zone);
  return origin + floorTo(time - origin, bin);
}

function addUnits(time: number, unit: string, amount: number, zone: unknown): number {
  if (unit in FIXED && FIXED[unit]! < DAY) return time + FIXED[unit]! * amount;
  const local = toLocal(time, zone);
  if (unit in FIXED) return fromLocal(local + FIXED[unit]! * amount, zone);
  const date = new Date(local);
  const index = monthIndex(local) + MONTHS[unit]! * amount;
  const lastDay = new Date(monthStart(index + 1) - DAY).getUTCDate();
  const day = Math.min(date.getUTCDate(), lastDay);
  return fromLocal(monthStart(index) + (day - 1) * DAY + (((local % DAY) + DAY) % DAY), zone);
}

/** `$dateDiff`: the number of unit boundaries between two dates. */
function difference(start: number, end: number, unit: string, zone: unknown, firstDay: number): number {
  const [a, b] = [toLocal(start, zone), toLocal(end, zone)];
  if (unit in MONTHS) {
    const step = MONTHS[unit]!;
    return Math.floor(monthIndex(b) / step) - Math.floor(monthIndex(a) / step);
  }
  if (unit === 'week') {
    const shift = (4 - firstDay) * DAY; // 1970-01-01 was a Thursday
    return Math.floor((b + shift) / (7 * DAY)) - Math.floor((a + shift) / (7 * DAY));
  }
  if (unit === 'day') return Math.floor(b / DAY) - Math.floor(a / DAY);
  const shiftOf = (time: number) => (unit === 'hour' ? offsetAt(time, zone) % FIXED.hour! : 0);
  return (
    Math.floor((end + shiftOf(end)) / FIXED[unit]!) - Math.floor((start + shiftOf(start)) / FIXED[unit]!)
  );
}

function isoWeek(local: number): { year: number; week: number } {
  const date = new Date(local);
  const thursday = new Date(floorTo(local, DAY) + (4 - (date.getUTCDay() || 7)) * DAY);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((+thursday - Date.UTC(year, 0, 1)) / (7 * DAY)) + 1 };
}

const dayOfYear = (local: number): number =>
  Math.floor((local - Date.UTC(new Date(local).getUTCFullYear(), 0, 1)) / DAY) + 1;

/** What `$year`, `$hour`, … read from a local time. */
const PARTS: Record<string, (local: number) => number | Long> = {
  $year: (local) => new Date(local).getUTCFullYear(),
  $month: (local) => new Date(local).getUTCMonth() + 1,
  $dayOfMonth: (local) => new Date(local).getUTCDate(),
  $dayOfWeek: (local) => new Date(local).getUTCDay() + 1,
  $dayOfYear: dayOfYear,
  $hour: (local) => new Date(local).getUTCHours(),
  $minute: (local) => new Date(local).getUTCMinutes(),
  $second: (local) => new Date(local).getUTCSeconds(),
  $millisecond: (local) => new Date(local).getUTCMilliseconds(),
  $week: (local) => Math.floor((dayOfYear(local) + 6 - new Date(local).getUTCDay()) / 7),
  $isoDayOfWeek: (local) => new Date(local).getUTCDay() || 7,
  $isoWeek: (local) => isoWeek(local).week,
  $isoWeekYear: (local) => asLong(BigInt(isoWeek(local).year)),
};

const FORMATS: Record<string, [part: string, digits: number]> = {
  Y: ['$year', 4],
  m: ['$month', 2],
  d: ['$dayOfMonth', 2],
  H: ['$hour', 2],
  M: ['$minute', 2],
  S: ['$second', 2],
  L: ['$millisecond', 3],
  j: ['$dayOfYear', 3],
  w: ['$dayOfWeek', 1],
  U: ['$week', 2],
  G: ['$isoWeekYear', 4],
  V: ['$isoWeek', 2],
  u: ['$isoDayOfWeek', 1],
};

function format(time: number, pattern: string, zone: unknown): string {
  const local = toLocal(time, zone);
  const minutes = Math.round(offsetAt(time, zone) / 60_000);
  return pattern.replace(/%(.?)/g, (_all, letter: string) => {
    if (letter === '%') return '%';
    if (letter === 'Z') return String(minutes);
    if (letter === 'z') {
      const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}${String(rest).padStart(2, '0')}`;
    }
    const [part, digits] =
      FORMATS[letter] ?? fail(18536, `Invalid format character '%${letter}' in format string`);
    return String(PARTS[part]!(local)).padStart(digits, '0');
  });
}

/** A form with named arguments; null or missing in any of `required` or in a given option makes the result null. */
function dateForm(required: string[], optional: string[], work: (named: Doc, name: string) => unknown): Form {
  return (argument, compile, name) => {
    const named = namedArguments(name, argument, required, optional);
    const parts = Object.entries(named).map(([key, part]) => [key, compile(part)] as const);
    return (root, variables) => {
      const values = Object.fromEntries(parts.map(([key, part]) => [key, part(root, variables)]));
      if ('onNull' in named && isNullish(values.date)) return values.onNull;
      return Object.entries(values).some(([key, value]) => key !== 'onNull' && isNullish(value))
        ? null
        : work(values, name);
    };
  };
}

function whole(value: unknown, what: string, code: number): number {
  const n = toNumber(value);
  return n !== undefined && Number.isInteger(n)
    ? n
    : fail(code, `${what} must be an integer, found: ${show(value)}`);
}

const adder = (sign: 1 | -1): Form =>
  dateForm(['startDate', 'unit', 'amount'], ['timezone'], (named, name) => {
    const amount = sign * whole(named.amount, `${name}: amount`, 5166405);
    return new Date(addUnits(dateOf(named.startDate), unitOf(named.unit, name), amount, named.timezone));
  });

function partForm(name: string): Form {
  const read = PARTS[name]!;
  return (argument, compile) => {
    const withZone = typeof argument === 'object' && argument !== null && 'date' in argument;
    const given = Array.isArray(argument) && argument.length === 1 ? argument[0] : argument;
    const named = withZone
      ? namedArguments(name, argument, ['date'], ['timezone'])
      : { date: given, timezone: undefined };
    const [date, zone] = [
      compile(named.date),
      named.timezone === undefined ? undefined : compile(named.timezone),
    ];
    return (root, variables) => {
      const [value, at] = [date(root, variables), zone?.(root, variables)];
      return isNullish(value) || (zone !== undefined && isNullish(at))
        ? null
        : read(toLocal(dateOf(value), at));
    };
  };
}

export const DATE_FORMS: Record<string, Form> = {
  ...Object.fromEntries(Object.keys(PARTS).map((name) => [name, partForm(name)])),
  $dateTrunc: dateForm(['date', 'unit'], ['binSize', 'timezone', 'startOfWeek'], (named, name) => {
    const bin = named.binSize === undefined ? 1 : whole(named.binSize, '$dateTrunc: binSize', 5439017);
    if (bin <= 0) fail(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${bin}`);
    const first = weekdayOf(named.startOfWeek, name);
    return new Date(truncate(dateOf(named.date), unitOf(named.unit, name), bin, named.timezone, first));
  }),
  $dateAdd: adder(1),
  $dateSubtract: adder(-1),
  $dateDiff: dateForm(['startDate', 'endDate', 'unit'], ['timezone', 'startOfWeek'], (named, name) => {
    const [start, end] = [dateOf(named.startDate), dateOf(named.endDate)];
    const first = weekdayOf(named.startOfWeek, name);
    return asLong(BigInt(difference(start, end, unitOf(named.unit, name), named.timezone, first)));
  }),
  $dateToString: dateForm(['date'], ['format', 'timezone', 'onNull'], (named) => {
    const pattern = named.format ?? `%Y-%m-%dT%H:%M:%S.%L${isUtc(named.timezone) ? 'Z' : ''}`;
    if (typeof pattern !== 'string')
      fail(18533, `$dateToString requires that 'format' be a string, found: ${typeName(pattern)}`);
    return format(dateOf(named.date), pattern, named.timezone);
  }),
};
