import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import styles from './reports.module.css';

/** How much of the quarter's listening is done: a sentence first, a bar beside it. */
export function HoursCard() {
  const { t } = useTranslation('hearings');
  const format = useFormat();
  const query = useApiQuery(hearingsEndpoints.hours, {}, { refreshEveryMs: 60_000 });
  const { data, error } = query;
  if (error && !data) {
    return (
      <Section title={t('hours.heading')}>
        <ErrorState error={error} onRetry={() => void query.refetch()} />
      </Section>
    );
  }
  if (!data) return <LoadingRows rows={1} height={96} />;
  const { creditedMs, liveMs, dutyMs, to } = data;
  const share = dutyMs === 0 ? 1 : Math.min(1, creditedMs / dutyMs);
  const heard = format.spokenLength(wholeMinutes(creditedMs));
  const rest =
    dutyMs === 0
      ? t('hours.noDuty')
      : share >= 1
        ? t('hours.done')
        : t('hours.left', {
            left: format.spokenLength(Math.ceil((dutyMs - creditedMs) / 60_000) * 60_000),
            until: format.dayName(to - 1),
          });
  return (
    <Section title={t('hours.heading')} aside={<Link to="/reports/listening">{t('hours.report')}</Link>}>
      <div className={styles.hours} data-testid="hours" data-credited={creditedMs}>
        <p className={styles.figure}>
          {dutyMs === 0 ? heard : t('hours.of', { heard, duty: format.spokenLength(dutyMs) })}
        </p>
        <div className={styles.bar} aria-hidden>
          <div className={styles.done} style={{ width: `${share * 100}%` }} />
        </div>
        <p>
          {rest}{' '}
          {liveMs >= 60_000 && `${t('hours.live', { length: format.spokenLength(wholeMinutes(liveMs)) })}`}
        </p>
        <p className={styles.meta}>{t('hours.why')}</p>
      </div>
    </Section>
  );
}

/** Seconds are told of the first minutes only. */
const wholeMinutes = (ms: number): number => (ms < 10 * 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
