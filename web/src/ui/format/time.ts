import type { Language } from '../../i18n/language.ts';

/** All functions here take UTC milliseconds and an IANA zone; they never read the machine's clock. */
export interface Clock {
  readonly now: number;
  readonly zone: string;
  readonly language: Language;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { ...options, timeZone: zone });
    formats.set(key, found);
  }
  return found;
}

/** Calendar date of a moment in a zone, as days since 1970: equal on the same day, one apart on the next. */
export function dayNumber(at: number, zone: string): number {
  const parts = format('en', zone, { year: 'numeric', month: 'numeric', day: 'numeric' }).formatToParts(at);
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(value('year'), value('month') - 1, value('day')) / 86_400_000;
}

/** Minutes since midnight in a zone. */
export function minuteOfDay(at: number, zone: string): number {
  const parts = format('en', zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(
    at,
  );
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return value('hour') * 60 + value('minute');
}

/** UTC ms of a wall-clock time in a zone. A time that a DST change skips becomes the one after the gap. */
export function zonedTime(day: number, minute: number, zone: string): number {
  const wanted = day * 86_400_000 + minute * 60_000;
  let guess = wanted;
  // Twice: the first correction may land on the other side of a DST change.
  for (let round = 0; round < 2; round++) {
    const shown = dayNumber(guess, zone) * 86_400_000 + minuteOfDay(guess, zone) * 60_000;
    guess += wanted - shown;
  }
  return guess;
}

/** 14:00 */
export function timeOfDay(at: number, { zone, language }: Pick<Clock, 'zone' | 'language'>): string {
  return format(language, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** today, tomorrow, 后天, Wed 12 Mar: the day as people say it, seen from `now`. */
export function dayName(at: number, { now, zone, language }: Clock): string {
  const away = dayNumber(at, zone) - dayNumber(now, zone);
  // Chinese has words for two days either way (前天, 后天), English has not.
  if (Math.abs(away) <= (language === 'zh-CN' ? 2 : 1)) {
    return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(away, 'day');
  }
  if (away > 0 && away < 7) {
    return format(language, zone, { weekday: language === 'zh-CN' ? 'short' : 'long' }).format(at);
  }
  return calendarDay(at, { now, zone, language });
}

/** Wed 12 Mar, 3月12日周三; with the year when it is not this one. */
export function calendarDay(at: number, { now, zone, language }: Clock): string {
  const year = format('en', zone, { year: 'numeric' });
  const other = year.format(at) !== year.format(now);
  return format(language, zone, {
    weekday: 'short',
    day: 'numeric',
    month: language === 'zh-CN' ? 'long' : 'short',
    ...(other && { year: 'numeric' }),
  }).format(at);
}

/** today 14:00, 今天 14:00 */
export function dayAndTime(at: number, clock: Clock): string {
  return `${dayName(at, clock)} ${timeOfDay(at, clock)}`;
}

/** today 14:00–15:00; the second day is named only when it is another one. */
export function span(from: number, to: number, clock: Clock): string {
  const sameDay = dayNumber(from, clock.zone) === dayNumber(to - 1, clock.zone);
  return `${dayAndTime(from, clock)}–${sameDay ? timeOfDay(to, clock) : dayAndTime(to, clock)}`;
}

/** The whole truth, for hovering: Wednesday 12 March 2025 at 14:00:05 GMT+8. */
export function absolute(at: number, { zone, language }: Pick<Clock, 'zone' | 'language'>): string {
  return format(language, zone, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(at);
}

/** China Time, 中国时间 */
export function zoneName(at: number, { zone, language }: Pick<Clock, 'zone' | 'language'>): string {
  const parts = format(language, zone, { timeZoneName: 'shortGeneric' }).formatToParts(at);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

/** Do two zones show the same wall clock at this moment? */
export function sameWallClock(at: number, one: string, other: string): boolean {
  return minuteOfDay(at, one) === minuteOfDay(at, other) && dayNumber(at, one) === dayNumber(at, other);
}

/** A length or position in a call: 0:42, 12:05, 1:02:03. Milliseconds in; negative counts as 0. */
export function clockLength(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A length in words, at most two units: 4 min 12 sec, 4 分钟 12 秒. */
export function spokenLength(ms: number, language: Language): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const units = [
    ['day', Math.floor(seconds / 86_400)],
    ['hour', Math.floor((seconds % 86_400) / 3600)],
    ['minute', Math.floor((seconds % 3600) / 60)],
    ['second', seconds % 60],
  ] as const;
  const first = units.findIndex(([, value]) => value > 0);
  if (first === -1) return unitOf(0, 'second', language);
  const shown = units.slice(first, first + 2).filter(([, value]) => value > 0);
  return shown.map(([unit, value]) => unitOf(value, unit, language)).join(' ');
}

function unitOf(value: number, unit: string, language: Language): string {
  const display = unit === 'day' ? 'long' : 'short';
  const parts = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: display }).formatToParts(
    value,
  );
  // Chinese text sets a space between figure and unit, Intl does not.
  return parts
    .filter((part) => part.type !== 'literal')
    .map((part) => part.value)
    .join(' ');
}
