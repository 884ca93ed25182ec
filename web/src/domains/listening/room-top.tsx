import { ArrowLeftOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Slot } from '#contract/seats.ts';
import { LanguageSwitch } from '../../app/shell/language-switch.tsx';
import { type PageKey, PageKeys } from '../../ui/keys.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './live-room.module.css';

/** Where I am, how long the slot still runs, and the way out. */
export function RoomTop({ slot, now, keys }: { slot: Slot; now: number; keys: readonly PageKey[] }) {
  const { t } = useTranslation('listening');
  const { lineName } = useLines();
  return (
    <header className={styles.top}>
      <Link to="/" className={styles.exit ?? ''} aria-label={t('exit')} title={t('exit')}>
        <ArrowLeftOutlined aria-hidden />
      </Link>
      <div className={styles.where}>
        <h1 className={styles.lineName}>{lineName(slot.lineId) || t('title')}</h1>
        <p className={styles.slotTime}>
          <span className={styles.slotSpan}>
            <When at={slot.startsAt} until={slot.endsAt} zone={slot.zone} />
          </span>
          <TimeLeft slot={slot} now={now} />
        </p>
      </div>
      <div className={styles.topTools}>
        <PageKeys keys={keys} />
        <LanguageSwitch />
      </div>
    </header>
  );
}

const minuteMs = 60_000;
/** From here on the time left is worth a look. */
const soonOverMs = 5 * minuteMs;

function TimeLeft({ slot, now }: { slot: Slot; now: number }) {
  const { t } = useTranslation('listening');
  const words = () => {
    if (now < slot.startsAt) {
      const count = Math.ceil((slot.startsAt - now) / minuteMs);
      return count > 1 ? t('slot.startsIn', { count }) : t('slot.startsSoon');
    }
    if (now >= slot.endsAt) return t('slot.over');
    const left = slot.endsAt - now;
    return left < minuteMs
      ? t('slot.lastMinute')
      : t('slot.minutesLeft', { count: Math.ceil(left / minuteMs) });
  };
  const soon = now >= slot.startsAt && slot.endsAt - now < soonOverMs;
  return <span className={soon ? styles.leftSoon : styles.left}>{words()}</span>;
}
