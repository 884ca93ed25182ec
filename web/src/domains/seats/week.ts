import type { Slot } from '#contract/seats.ts';
import { dayNumber, minuteOfDay, weekStart, zonedTime } from '../../ui/format/time.ts';

/** A week as people look at it: seven days from Monday in one zone. */
export interface Week {
  /** UTC ms of Monday 00:00 in the zone. */
  readonly from: number;
  /** UTC ms of the Monday after. */
  readonly to: number;
  /** UTC ms of each day's midnight, Monday first. */
  readonly days: readonly number[];
}

/** The week that holds `at`, moved by `weeks` weeks. */
export function weekOf(at: number, zone: string, weeks = 0): Week {
  const monday = dayNumber(weekStart(at, zone), zone) + weeks * 7;
  const days = Array.from({ length: 7 }, (_, day) => zonedTime(monday + day, 0, zone));
  return { from: days[0] ?? at, to: zonedTime(monday + 7, 0, zone), days };
}

/** One row of the grid: an hour in which slots start, and what starts in it on each of the seven days. */
export interface HourRow {
  readonly hour: number;
  readonly days: readonly (readonly Slot[])[];
}

/** Slots sorted into rows by hour and columns by day. Hours without slots have no row: nights are not shown. */
export function hourRows(slots: readonly Slot[], week: Week, zone: string): HourRow[] {
  const monday = dayNumber(week.from, zone);
  const rows = new Map<number, Slot[][]>();
  for (const slot of [...slots].sort((one, other) => one.startsAt - other.startsAt)) {
    const day = dayNumber(slot.startsAt, zone) - monday;
    if (day < 0 || day > 6) continue;
    const hour = Math.floor(minuteOfDay(slot.startsAt, zone) / 60);
    let days = rows.get(hour);
    if (!days) {
      days = Array.from({ length: 7 }, () => []);
      rows.set(hour, days);
    }
    days[day]?.push(slot);
  }
  return [...rows].sort(([one], [other]) => one - other).map(([hour, days]) => ({ hour, days }));
}
