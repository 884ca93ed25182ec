import { useTranslation } from 'react-i18next';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useNow } from '../../app/server-clock.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import styles from './line-history.module.css';
import { LineHistory } from './line-history.tsx';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const shown = 6;

/** For those who look after all listeners: do calls reach them? In a sentence, and those first who were not well served. */
export function LinesOfDay() {
  const { t } = useTranslation('lines');
  const format = useFormat();
  // Up to the end of this minute, so that the question stays the same while it lasts.
  const to = useNow(minuteMs) + minuteMs;
  const query = useApiQuery(
    hearingsEndpoints.lines,
    { query: { of: 'everyone', from: to - dayMs, to, order: 'worst', limit: shown } },
    { keepPrevious: true },
  );
  const { data, error } = query;
  return (
    <Section title={t('day.heading')} flush>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void query.refetch()} />
      ) : !data ? (
        <LoadingRows rows={2} />
      ) : data.lines.length === 0 ? (
        <EmptyState title={t('history.empty')}>{t('history.emptyBody')}</EmptyState>
      ) : (
        <>
          <p className={styles.sum}>{sumOf(data.total)}</p>
          <LineHistory lines={data.lines.filter(({ verdict }) => isAmiss(verdict))} named />
        </>
      )}
    </Section>
  );

  function sumOf(total: Record<string, number>): string {
    const count = Object.values(total).reduce((sum, one) => sum + one, 0);
    const parts = (['nothing', 'poor', 'fair'] as const)
      .filter((verdict) => (total[verdict] ?? 0) > 0)
      .map((verdict) => t(`day.${verdict}`, { count: total[verdict] ?? 0 }));
    if (parts.length === 0) return t('day.all', { count });
    return t('day.some', { parts: format.list(parts), total: format.count(count) });
  }
}

const isAmiss = (verdict: string): boolean =>
  verdict === 'nothing' || verdict === 'poor' || verdict === 'fair';
