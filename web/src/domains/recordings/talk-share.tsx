import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format/use-format.ts';
import { type TimelinePeaks, talkShares } from '../../ui/timeline/timeline-model.ts';
import { VoiceName } from '../../ui/voice-name.tsx';
import styles from './talk-share.module.css';

/** Who spoke how much: one bar, and the same in words. */
export function TalkShare({ peaks }: { peaks: TimelinePeaks }) {
  const { t } = useTranslation('recordings');
  const format = useFormat();
  const { agent, customer, silence } = useMemo(() => talkShares(peaks), [peaks]);
  // Rounded so that the three make a hundred.
  const whole = { agent: Math.round(agent * 100), customer: Math.round(customer * 100) };
  const percent = (hundredths: number) => format.percent(hundredths / 100, 0);
  return (
    <div className={styles.share}>
      <h2 className={styles.heading}>{t('share.heading')}</h2>
      <div className={styles.bar} aria-hidden>
        <span className={styles.agent} style={{ flexGrow: agent }} />
        <span className={styles.customer} style={{ flexGrow: customer }} />
        <span className={styles.silence} style={{ flexGrow: silence }} />
      </div>
      <p className={styles.words}>
        <VoiceName voice="agent">{t('share.agent', { percent: percent(whole.agent) })}</VoiceName>
        <VoiceName voice="customer">{t('share.customer', { percent: percent(whole.customer) })}</VoiceName>
        <span className={styles.quiet}>
          {t('share.silence', { percent: percent(100 - whole.agent - whole.customer) })}
        </span>
      </p>
    </div>
  );
}
