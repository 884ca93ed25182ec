import { useTranslation } from 'react-i18next';
import { useNow } from '../app/server-clock.ts';
import { clockLength } from './format/time.ts';
import styles from './live-badge.module.css';

/** What is on air: a red dot, LIVE and the elapsed time; amber when shifted behind; grey when it is over. */
export type OnAir =
  | { readonly state: 'live'; readonly since: number }
  | { readonly state: 'behind'; readonly behindMs: number }
  | { readonly state: 'over'; readonly lengthMs: number | null };

export function LiveBadge({ onAir, large = false }: { onAir: OnAir; large?: boolean }) {
  const { t } = useTranslation();
  const className = `${styles.badge} ${styles[onAir.state]} ${large ? styles.large : ''}`;
  if (onAir.state === 'behind') {
    return (
      <span className={className}>
        <span className={styles.dot} aria-hidden />
        {t('behind', { length: clockLength(onAir.behindMs) })}
      </span>
    );
  }
  return (
    <span className={className}>
      <span className={styles.dot} aria-hidden />
      <span className={styles.word}>{t(onAir.state)}</span>
      {onAir.state === 'live' ? (
        <Elapsed since={onAir.since} />
      ) : (
        onAir.lengthMs !== null && <span>{clockLength(onAir.lengthMs)}</span>
      )}
    </span>
  );
}

/** Time since a moment (UTC ms), running. */
export function Elapsed({ since }: { since: number }) {
  const now = useNow();
  return <span>{clockLength(now - since)}</span>;
}
