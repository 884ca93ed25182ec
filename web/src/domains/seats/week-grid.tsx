import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { dayNumber } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { SlotCard } from './slot-card.tsx';
import { foldNight, type HourRow, hourRows, type Week } from './week.ts';
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
  const heading = new Intl.DateTimeFormat(format.language === 'en' ? 'en-GB' : format.language, {
    weekday: 'short',
    day: 'numeric',
    timeZone: format.zone,
  });
  const today = dayNumber(now, format.zone);
  const { early, day, late } = foldNight(hourRows(slots, week, format.zone), now);
  const [earlyOpen, setEarlyOpen] = useState(false);
  const [lateOpen, setLateOpen] = useState(false);
  return (
    <table className={styles.grid}>
      <caption className="cl-visually-hidden">{t('week.grid')}</caption>
      <thead>
        <tr>
          <td className={styles.corner} />
          {week.days.map((date) => {
            const isToday = dayNumber(date, format.zone) === today;
            return (
              <th key={date} scope="col" className={isToday ? styles.today : styles.day}>
                {heading.format(date)}
                {isToday && <span className={styles.todayWord}>{t('week.today')}</span>}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {!earlyOpen && <Fold rows={early} hours="early" onOpen={() => setEarlyOpen(true)} />}
        {[...(earlyOpen ? early : []), ...day, ...(lateOpen ? late : [])].map(({ hour, days }) => (
          <tr key={hour}>
            <th scope="row" className={styles.hour}>
              {String(hour).padStart(2, '0')}:00
            </th>
            {days.map((starting, column) => (
              <td key={week.days[column]} className={styles.cell}>
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
        {!lateOpen && <Fold rows={late} hours="late" onOpen={() => setLateOpen(true)} />}
      </tbody>
    </table>
  );
}

/** Stands for the rows of the early or the late hours until they are asked for. */
function Fold({
  rows,
  hours,
  onOpen,
}: {
  rows: readonly HourRow[];
  hours: 'early' | 'late';
  onOpen: () => void;
}) {
  const { t } = useTranslation('seats');
  const count = rows.reduce((sum, { days }) => sum + days.flat().length, 0);
  if (count === 0) return null;
  return (
    <tr>
      <td className={styles.fold} colSpan={8}>
        <Button type="text" size="small" onClick={onOpen}>
          {t(`week.${hours}`, { count })}
        </Button>
      </td>
    </tr>
  );
}
