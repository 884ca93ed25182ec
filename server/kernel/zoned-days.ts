/** The instant (UTC ms) at which the calendar day of `now` began in an IANA zone. */
export function startOfDay(now: number, zone: string): number {
  const day = dayIn(now, zone);
  // Midnight by this instant's own offset; where the clocks changed since midnight, the offset there is another one.
  const guess = day - offsetAt(now, zone);
  const start = day - offsetAt(guess, zone);
  // Zones that change their clocks at midnight have no 00:00 on that day: it begins when the change is made.
  return dayIn(start, zone) === day ? start : guess;
}

/** The instant at which the next calendar day begins there. */
export function endOfDay(now: number, zone: string): number {
  // Noon of the next day whatever the clocks do: days have 23 to 25 hours.
  return startOfDay(startOfDay(now, zone) + 36 * 3_600_000, zone);
}

/** The calendar quarter of `now` in an IANA zone: its first instant, and the next one's. */
export function quarterOf(now: number, zone: string): { from: number; to: number } {
  const { year, month } = partsIn(now, zone);
  const first = month - 1 - ((month - 1) % 3);
  // Noon UTC of the month's second day is its second or third day everywhere on earth.
  const startOf = (monthIndex: number) => {
    const within = Date.UTC(year, monthIndex, 2, 12);
    const day = partsIn(within, zone).day;
    return startOfDay(within - (day - 1) * 86_400_000, zone);
  };
  return { from: startOf(first), to: startOf(first + 3) };
}

/** Midnight of the local date, as if it were UTC. */
function dayIn(instant: number, zone: string): number {
  const { year, month, day } = partsIn(instant, zone);
  return Date.UTC(year, month - 1, day);
}

/** Local time minus UTC, in ms. */
function offsetAt(instant: number, zone: string): number {
  const { year, month, day, hour, minute, second } = partsIn(instant, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1_000) * 1_000;
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

/** Making one takes far longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

function partsIn(instant: number, zone: string): Record<Part, number> {
  const format = formatIn(zone);
  const parts = Object.fromEntries(
    format.formatToParts(instant).map((part) => [part.type, Number(part.value)]),
  );
  return parts as Record<Part, number>;
}
