import type { Slot } from '#contract/seats.ts';
import { dayNumber, minuteOfDay, zonedTime } from '../../ui/format/time.ts';

/** Seven days in one zone. Who asks when they can listen asks about the days to come: the first week begins today. */
export interface Week {
  /** UTC ms of the first day's midnight. */
  readonly from: number;
  /** UTC ms of the midnight after the last day. */
  readonly to: number;
  /** UTC ms of each day's midnight. */
  readonly days: readonly number[];
}

/** The seven days from the day of `now`, moved by `weeks` weeks. */
export function weekFrom(now: number, zone: string, weeks = 0): Week {
  const first = dayNumber(now, zone) + weeks * 7;
  const days = Array.from({ length: 7 }, (_, day) => zonedTime(first + day, 0, zone));
  return { from: days[0] ?? now, to: zonedTime(first + 7, 0, zone), days };
}

/** How many weeks from `now` the week is that shows a moment: 0 for the coming seven days, −1 for the seven before. */
export function weeksAway(at: number, now: number, zone: string): number {
  return Math.floor((dayNumber(at, zone) - dayNumber(now, zone)) / 7);
}

/** One row of the grid: an hour in which slots start, and what starts in it on each of the seven days. */
export interface HourRow {
  readonly hour: number;
  readonly days: readonly (readonly Slot[])[];
}

/** Slots sorted into rows by hour and columns by day. Hours without slots have no row. */
export function hourRows(slots: readonly Slot[], week: Week, zone: string): HourRow[] {
  const first = dayNumber(week.from, zone);
  const rows = new Map<number, Slot[][]>();
  for (const slot of [...slots].sort((one, other) => one.startsAt - other.startsAt)) {
    const day = dayNumber(slot.startsAt, zone) - first;
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

const morning = 8;
const night = 22;

/**
 * Rows of the night are folded away, so that the day comes first, but not when something of mine is ahead in them,
 * something runs in them now, or there is nothing else.
 */
export function foldNight(
  rows: readonly HourRow[],
  now: number,
): { early: HourRow[]; day: HourRow[]; late: HourRow[] } {
  const wanted = ({ days }: HourRow) =>
    days.flat().some((slot) => slot.endsAt > now && (slot.mine !== null || slot.startsAt <= now));
  const early = rows.filter((row) => row.hour < morning);
  const late = rows.filter((row) => row.hour >= night);
  const day = rows.filter((row) => row.hour >= morning && row.hour < night);
  const openEarly = day.length === 0 || early.some(wanted);
  const openLate = day.length === 0 || late.some(wanted);
  return {
    early: openEarly ? [] : early,
    day: [...(openEarly ? early : []), ...day, ...(openLate ? late : [])],
    late: openLate ? [] : late,
  };
}
