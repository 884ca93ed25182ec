import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { dayNumber } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { SlotCard } from './slot-card.tsx';
import { hourRows, type Week } from './week.ts';
import styles from './week-grid.module.css';

/** The week as a table: days across, hours down, only the hours in which something starts. */
export function WeekGrid({
  week,
  slots,
  now,
  showLine,
  openSlotId,
  onOpen,
}: {
  week: Week;
  slots: readonly Slot[];
  now: number;
  showLine: boolean;
  openSlotId: string | null;
  onOpen: (slot: Slot) => void;
}) {
  const { t } = useTranslation('seats');
  const format = useFormat();
  // The month stands above the grid.
  const heading = new Intl.DateTimeFormat(format.language, {
    weekday: 'short',
    day: 'numeric',
    timeZone: format.zone,
  });
  const today = dayNumber(now, format.zone);
  const rows = hourRows(slots, week, format.zone);
  return (
    <table className={styles.grid}>
      <caption className="cl-visually-hidden">{t('week.grid')}</caption>
      <thead>
        <tr>
          <td className={styles.corner} />
          {week.days.map((day) => {
            const isToday = dayNumber(day, format.zone) === today;
            return (
              <th key={day} scope="col" className={isToday ? styles.today : styles.day}>
                {heading.format(day)}
                {isToday && <span className={styles.todayWord}>{t('week.today')}</span>}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ hour, days }) => (
          <tr key={hour}>
            <th scope="row" className={styles.hour}>
              {String(hour).padStart(2, '0')}:00
            </th>
            {days.map((starting, day) => (
              <td key={week.days[day]} className={styles.cell}>
                {starting.map((slot) => (
                  <SlotCard
                    key={slot.id}
                    slot={slot}
                    now={now}
                    showLine={showLine}
                    open={slot.id === openSlotId}
                    onOpen={onOpen}
                  />
                ))}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
