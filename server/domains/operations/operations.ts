/** The instant (UTC ms) at which the calendar day of `now` began in an IANA zone. */
export function startOfDay(now: number, zone: string): number {
  const day = dayIn(now, zone);
  // Midnight by this instant's own offset; where the clocks changed since midnight, the offset there is another one.
  const guess = day - offsetAt(now, zone);
  const start = day - offsetAt(guess, zone);
  // Zones that change their clocks at midnight have no 00:00 on that day: it begins when the change is made.
  return dayIn(start, zone) === day ? start : guess;
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

function partsIn(instant: number, zone: string): Record<Part, number> {
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
  const parts = Object.fromEntries(
    format.formatToParts(instant).map((part) => [part.type, Number(part.value)]),
  );
  return parts as Record<Part, number>;
}
