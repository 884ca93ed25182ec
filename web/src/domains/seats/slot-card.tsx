import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useLines } from '../businesses/use-lines.ts';
import { SeatDots, useSeatsLeft } from './seat-dots.tsx';
import { type SeatState, seatState } from './seat-state.ts';
import styles from './slot-card.module.css';

const tones: Record<SeatState, string | undefined> = {
  free: styles.free,
  full: styles.full,
  reserved: styles.mine,
  'check-in': styles.mine,
  join: styles.mine,
  attended: styles.past,
  over: styles.past,
};

/** One slot in the week: when, which line, how many seats are left. Mine is filled; what is over is quiet. */
export function SlotCard({
  slot,
  now,
  showLine,
  open,
  onOpen,
}: {
  slot: Slot;
  now: number;
  /** Off where all slots belong to one line. */
  showLine: boolean;
  /** Its details are shown right now. */
  open: boolean;
  onOpen: (slot: Slot) => void;
}) {
  const { t } = useTranslation('seats');
  const format = useFormat();
  const { lineName } = useLines();
  const left = useSeatsLeft();
  const state = seatState(slot, slot.mine, now);
  const mine = slot.mine !== null;
  const over = state === 'over' || state === 'attended';
  const running = !over && slot.startsAt <= now;
  const words = mine ? t(`state.${state}`) : left(slot);
  return (
    <button
      type="button"
      className={`${styles.card} ${tones[state] ?? ''} ${open ? styles.open : ''}`}
      aria-haspopup="dialog"
      data-slot={slot.id}
      onClick={() => onOpen(slot)}
    >
      <span className={styles.time}>
        {over
          ? format.timeOfDay(slot.startsAt)
          : `${format.timeOfDay(slot.startsAt)}–${format.timeOfDay(slot.endsAt)}`}
      </span>
      {running && (
        <span className={styles.running}>
          <span className={styles.runningDot} aria-hidden />
          {t('onNow')}
        </span>
      )}
      {showLine && <span className={styles.line}>{lineName(slot.lineId)}</span>}
      {(!over || mine) && (
        <span className={styles.seats}>
          {!over && <SeatDots seats={slot.seats} taken={slot.taken} mine={mine} />}
          <span className={styles.words}>{words}</span>
        </span>
      )}
    </button>
  );
}
