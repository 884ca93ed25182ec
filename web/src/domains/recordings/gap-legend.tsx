import { useTranslation } from 'react-i18next';
import type { RecordingDetail } from '#contract/recordings.ts';
import styles from './recording-player.module.css';

/** What the timeline's hatching and grey stand for, as far as there is any. */
export function GapLegend({ gaps }: { gaps: RecordingDetail['gaps'] }) {
  const { t } = useTranslation('recordings');
  const holds = gaps.some((gap) => gap.cause === 'hold');
  const pauses = gaps.some((gap) => gap.cause === 'pause');
  const others = gaps.some((gap) => gap.cause !== 'hold' && gap.cause !== 'pause');
  if (!holds && !pauses && !others) return null;
  return (
    <p className={styles.legend}>
      {pauses && (
        <span>
          <span className={styles.crossed} aria-hidden /> {t('gaps.crossed')}
        </span>
      )}
      {holds && (
        <span>
          <span className={styles.hatched} aria-hidden /> {t('gaps.hatched')}
        </span>
      )}
      {others && (
        <span>
          <span className={styles.grey} aria-hidden /> {t('gaps.grey')}
        </span>
      )}
    </p>
  );
}
