import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { dayNumber } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { EmptyState } from '../../ui/states.tsx';
import styles from './day-list.module.css';
import { SlotCard } from './slot-card.tsx';
import type { Week } from './week.ts';

/** The week on a phone: seven days to choose from, the slots of one below. */
export function DayList({
  week,
  slots,
  now,
  showLine,
  day,
  onDay,
  openSlotId,
  onOpen,
}: {
  week: Week;
  slots: readonly Slot[];
  now: number;
  showLine: boolean;
  /** Index of the day that is shown. */
  day: number;
  onDay: (day: number) => void;
  openSlotId: string | null;
  onOpen: (slot: Slot) => void;
}) {
  const { t } = useTranslation('seats');
  const format = useFormat();
  const first = dayNumber(week.from, format.zone);
  const [pastOpen, setPastOpen] = useState(false);
  const byDay = week.days.map((_, index) =>
    slots
      .filter((slot) => dayNumber(slot.startsAt, format.zone) - first === index)
      .sort((one, other) => one.startsAt - other.startsAt),
  );
  const ofDay = byDay[day] ?? [];
  const ahead = ofDay.filter((slot) => slot.endsAt > now);
  // On a day that is over as a whole there is nothing to put first.
  const shown = pastOpen || ahead.length === 0 ? ofDay : ahead;
  const part = (at: number, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(format.language, { ...options, timeZone: format.zone }).format(at);
  return (
    <>
      <fieldset className={styles.days}>
        <legend className="cl-visually-hidden">{t('week.grid')}</legend>
        {week.days.map((at, index) => {
          const count = byDay[index]?.length ?? 0;
          return (
            <button
              key={at}
              type="button"
              className={styles.day}
              aria-pressed={index === day}
              onClick={() => onDay(index)}
            >
              <span className="cl-visually-hidden">
                {t('week.day', {
                  day: part(at, { weekday: 'long', day: 'numeric', month: 'long' }),
                  count,
                })}
              </span>
              <span className={styles.weekday} aria-hidden>
                {part(at, { weekday: 'narrow' })}
              </span>
              <span className={styles.date} aria-hidden>
                {part(at, { day: 'numeric' }).replace(/\D/g, '')}
              </span>
              <span className={dotOf(byDay[index] ?? [])} />
            </button>
          );
        })}
      </fieldset>
      {shown.length === 0 ? (
        <EmptyState title={t('empty.day')}>{t('empty.dayBody')}</EmptyState>
      ) : (
        <ul className={styles.slots}>
          {shown.length < ofDay.length && (
            <li>
              <Button type="text" size="small" onClick={() => setPastOpen(true)}>
                {t('week.past', { count: ofDay.length - shown.length })}
              </Button>
            </li>
          )}
          {shown.map((slot) => (
            <li key={slot.id}>
              <SlotCard
                slot={slot}
                now={now}
                showLine={showLine}
                open={slot.id === openSlotId}
                onOpen={onOpen}
              />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function dotOf(slots: readonly Slot[]): string | undefined {
  if (slots.some((slot) => slot.mine)) return styles.mineDot;
  return slots.length > 0 ? styles.dot : styles.noDot;
}
