import { useTranslation } from 'react-i18next';
import styles from './seat-dots.module.css';

/** The seats of a slot as dots: hollow are free, filled are taken, mine is in the primary colour. */
export function SeatDots({
  seats,
  taken,
  mine,
  atMost = 8,
}: {
  seats: number;
  taken: number;
  mine: boolean;
  /** With more seats than this the words beside say it better. */
  atMost?: number;
}) {
  if (seats > atMost) return null;
  const others = taken - (mine ? 1 : 0);
  return (
    <span className={styles.dots} aria-hidden>
      {Array.from({ length: seats }, (_, seat) => {
        const kind =
          mine && seat === 0 ? styles.mine : seat < others + (mine ? 1 : 0) ? styles.taken : styles.free;
        // biome-ignore lint/suspicious/noArrayIndexKey: seats have no identity here, only a number.
        return <span key={seat} className={`${styles.dot} ${kind}`} />;
      })}
    </span>
  );
}

/** What the dots say, in words. */
export function useSeatsLeft(): (slot: { seats: number; taken: number }) => string {
  const { t } = useTranslation('seats');
  return ({ seats, taken }) => (taken >= seats ? t('full') : t('left', { count: seats - taken }));
}
