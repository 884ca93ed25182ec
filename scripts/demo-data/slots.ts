import type { PlannedSlot } from '#domains/seats/seats.ts';
import { company, companyZone } from './company.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** Asia/Shanghai has been UTC+8 without summer time since 1991. */
const zoneOffsetMs = 8 * hourMs;

/** The company's day that holds `at`, counted from 1970-01-01. */
export const localDay = (at: number): number => Math.floor((at + zoneOffsetMs) / dayMs);

/** 00:00 of a day in the company's zone, as UTC ms. */
export const dayStart = (day: number): number => day * dayMs - zoneOffsetMs;

/** 0 = Monday. Day 0 of the epoch was a Thursday. */
const weekday = (day: number): number => (day + 3) % 7;

/** Monday 00:00 of the week of `now` in the company's zone, as UTC ms. */
export function weekStart(now: number): number {
  const day = localDay(now);
  return dayStart(day - weekday(day));
}

/** The hour of the company's day, 0–23. */
export function localHour(at: number): number {
  return Math.floor((at + zoneOffsetMs) / hourMs) % 24;
}

/**
 * Hourly slots on every line from last week to next week, around the clock so that a newcomer can book and listen
 * at any hour; more seats by day than by night. The same `now` week gives the same ids.
 */
export function demoSlots(now: number): PlannedSlot[] {
  const monday = weekStart(now);
  const slots: PlannedSlot[] = [];
  for (let startsAt = monday - 7 * dayMs; startsAt < monday + 14 * dayMs; startsAt += hourMs) {
    const hour = localHour(startsAt);
    const businessHours = hour >= 9 && hour < 21;
    // Last week keeps its busy hours only: it is there to look back on.
    if (startsAt < monday && !businessHours) continue;
    for (const line of company.lines) {
      slots.push({
        id: slotId(line.id, startsAt),
        lineId: line.id,
        startsAt,
        endsAt: startsAt + hourMs,
        zone: companyZone,
        seats: businessHours ? (line.id === 'supermarket' ? 8 : 6) : 4,
        mode: 'listen',
        hostId: 'host',
      });
    }
  }
  return slots;
}

export const slotId = (lineId: string, startsAt: number): string => `slot-${lineId}-${startsAt / hourMs}`;

export interface DemoVisit {
  readonly personId: string;
  readonly lineId: string;
  readonly startsAt: number;
}

/** Who listens regularly, and on which lines. */
const regulars: readonly { personId: string; lineIds: readonly string[] }[] = [
  { personId: 'supermarket-manager', lineIds: ['supermarket'] },
  { personId: 'mother-baby-owner', lineIds: ['supermarket'] },
  { personId: 'electronics-manager', lineIds: ['electronics'] },
  { personId: 'appliance-manager', lineIds: ['appliance-installation'] },
  { personId: 'installation-owner', lineIds: ['appliance-installation'] },
  { personId: 'fresh-manager', lineIds: ['fresh-food'] },
  { personId: 'delivery-director', lineIds: ['delivery'] },
  { personId: 'retail-executive', lineIds: ['supermarket', 'electronics', 'fresh-food', 'delivery'] },
  { personId: 'cx', lineIds: ['supermarket', 'appliance-installation', 'delivery'] },
];

/** Local hours at which each regular listens, on the days (0 = Monday) of a working week. */
const habit = [
  { day: 0, hour: 10 },
  { day: 2, hour: 15 },
  { day: 4, hour: 11 },
];

/** Who listens on a day of the company, on which line and from when. The same whenever it is asked. */
export function visitsOn(day: number): DemoVisit[] {
  const week = Math.floor((day + 3) / 7);
  const turn = habit.findIndex((one) => one.day === weekday(day));
  const hour = habit[turn]?.hour;
  if (hour === undefined) return [];
  return regulars.map(({ personId, lineIds }, index) => ({
    personId,
    lineId: lineIds[(turn + week) % lineIds.length] ?? '',
    startsAt: dayStart(day) + (hour + (index % 4)) * hourMs,
  }));
}

/**
 * Visits since last week whose slot is over (they were attended), and bookings from tomorrow until the end of next
 * week. None in between: the slot that runs now keeps its seats free.
 */
export function demoVisits(now: number): { attended: DemoVisit[]; booked: DemoVisit[] } {
  const lastMonday = localDay(weekStart(now)) - 7;
  const visits = Array.from({ length: 21 }, (_, index) => visitsOn(lastMonday + index)).flat();
  return {
    attended: visits.filter(({ startsAt }) => startsAt + hourMs <= now),
    booked: visits.filter(({ startsAt }) => startsAt > now + dayMs),
  };
}
