import { useMemo } from 'react';
import { serverNow } from '../../app/server-clock.ts';
import { type Language, useLanguage } from '../../i18n/language.ts';
import * as numbers from './numbers.ts';
import * as time from './time.ts';

/** The zone of the person in front of the screen. */
export const myZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export interface Format {
  readonly language: Language;
  readonly zone: string;
  /** 14:00 */
  timeOfDay(at: number): string;
  /** today, Wed 12 Mar */
  dayName(at: number): string;
  /** today 14:00 */
  dayAndTime(at: number): string;
  /** today 14:00–15:00 */
  span(from: number, to: number): string;
  /** China Time: the zone that all of these are in */
  zoneName(at: number): string;
  /** with weekday, seconds and zone, for hovering */
  absolute(at: number): string;
  /** 0:42 */
  clockLength(ms: number): string;
  /** 4 min 12 sec */
  spokenLength(ms: number): string;
  count(value: number): string;
  percent(ratio: number, digits?: number): string;
  bytes(value: number): string;
  /** one, two and three */
  list(items: readonly string[]): string;
}

/** Formatters in the language in force and in the person's own zone (or the one given). */
export function useFormat(zone: string = myZone): Format {
  const language = useLanguage();
  return useMemo(() => {
    const clock = (): time.Clock => ({ now: serverNow(), zone, language });
    return {
      language,
      zone,
      timeOfDay: (at) => time.timeOfDay(at, clock()),
      dayName: (at) => time.dayName(at, clock()),
      dayAndTime: (at) => time.dayAndTime(at, clock()),
      span: (from, to) => time.span(from, to, clock()),
      zoneName: (at) => time.zoneName(at, { zone, language }),
      absolute: (at) => time.absolute(at, clock()),
      clockLength: time.clockLength,
      spokenLength: (ms) => time.spokenLength(ms, language),
      count: (value) => numbers.count(value, language),
      percent: (ratio, digits) => numbers.percent(ratio, language, digits),
      bytes: (value) => numbers.bytes(value, language),
      list: (items) => new Intl.ListFormat(language).format(items),
    };
  }, [language, zone]);
}
