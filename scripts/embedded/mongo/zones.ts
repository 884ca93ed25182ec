import { fail } from './errors.ts';

/** Time zones as MongoDB takes them: an Olson name (`Asia/Shanghai`) or an offset (`+08:00`, `+0800`, `+08`). */

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  try {
    const parts = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const;
    const formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      ...parts,
    });
    formatters.set(zone, formatter);
    return formatter;
  } catch {
    return fail(40485, `unrecognized time zone identifier: "${zone}"`);
  }
}

export const isUtc = (zone: unknown): boolean =>
  zone === undefined || ['UTC', 'GMT', 'Z'].includes(String(zone));

/** Offset of the zone's clocks from UTC in ms at a UTC time in ms; no zone is UTC. */
export function offsetAt(utc: number, zone: unknown): number {
  if (isUtc(zone)) return 0;
  if (typeof zone !== 'string') fail(40517, 'timezone must evaluate to a string');
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? 0);
    return (fixed[1] === '-' ? -minutes : minutes) * 60_000;
  }
  const part = Object.fromEntries(
    formatterOf(zone)
      .formatToParts(utc)
      .map(({ type, value }) => [type, value]),
  );
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year);
  const seconds = Math.floor(utc / 1000) * 1000;
  return (
    Date.UTC(
      year,
      Number(part.month) - 1,
      Number(part.day),
      Number(part.hour),
      Number(part.minute),
      Number(part.second),
    ) - seconds
  );
}

/** The clock on the wall, as if it were UTC, in ms. */
export const toLocal = (utc: number, zone: unknown): number => utc + offsetAt(utc, zone);

/** UTC of a wall-clock time; one that is skipped in spring moves on, of one that repeats in autumn the first is taken. */
export function fromLocal(local: number, zone: unknown): number {
  const earlier = local - offsetAt(local - 86_400_000, zone);
  const later = local - offsetAt(local + 86_400_000, zone);
  if (toLocal(earlier, zone) === local) return earlier;
  return toLocal(later, zone) === local ? later : earlier;
}
