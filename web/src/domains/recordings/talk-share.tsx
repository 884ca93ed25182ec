import { useTranslation } from 'react-i18next';
import type { AnalysisSummary } from '#contract/analysis.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { VoiceName } from '../../ui/voice-name.tsx';
import styles from './talk-share.module.css';

/** Parts of the time, together 1. */
export interface TalkShares {
  readonly agent: number;
  readonly customer: number;
  readonly silence: number;
  readonly hold?: number;
}

/** What both say at once belongs to each of them by half. */
export function sharesOf({ talk, durationMs }: AnalysisSummary): TalkShares {
  const share = (ms: number) => ms / Math.max(1, durationMs);
  return {
    agent: share(talk.agentMs - talk.bothMs / 2),
    customer: share(talk.customerMs - talk.bothMs / 2),
    silence: share(talk.silenceMs),
    hold: share(talk.holdMs),
  };
}

/** Who spoke how much: one bar, and the same in words. */
export function TalkShare({ shares }: { shares: TalkShares }) {
  const { t } = useTranslation('recordings');
  const format = useFormat();
  const analysis = useTranslation('analysis');
  const { agent, customer, silence, hold = 0 } = shares;
  // Rounded so that they make a hundred.
  const whole = {
    agent: Math.round(agent * 100),
    customer: Math.round(customer * 100),
    hold: Math.round(hold * 100),
  };
  const percent = (hundredths: number) => format.percent(hundredths / 100, 0);
  return (
    <div className={styles.share}>
      <h2 className={styles.heading}>{t('share.heading')}</h2>
      <div className={styles.bar} aria-hidden>
        <span className={styles.agent} style={{ flexGrow: agent }} />
        <span className={styles.customer} style={{ flexGrow: customer }} />
        <span className={styles.silence} style={{ flexGrow: silence }} />
        {hold > 0 && <span className={styles.hold} style={{ flexGrow: hold }} />}
      </div>
      <p className={styles.words}>
        <VoiceName voice="agent">{t('share.agent', { percent: percent(whole.agent) })}</VoiceName>
        <VoiceName voice="customer">{t('share.customer', { percent: percent(whole.customer) })}</VoiceName>
        <span className={styles.quiet}>
          {t('share.silence', { percent: percent(100 - whole.agent - whole.customer - whole.hold) })}
        </span>
        {whole.hold > 0 && (
          <span className={styles.quiet}>{analysis.t('share.hold', { percent: percent(whole.hold) })}</span>
        )}
      </p>
    </div>
  );
}
