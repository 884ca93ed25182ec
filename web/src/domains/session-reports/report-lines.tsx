import { useTranslation } from 'react-i18next';
import { hearingsEndpoints } from '#contract/hearings.ts';
import type { SessionReport } from '#contract/session-reports.ts';
import { useApiQuery } from '../../app/queries.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { LineHistory } from '../listening/line-history.tsx';
import styles from './reports.module.css';

const limit = 12;

/** How good the lines were by which this was heard: mine, or a team's. */
export function ReportLines({
  report: { from, to, slotId, business },
}: {
  report: Pick<SessionReport, 'from' | 'to' | 'slotId' | 'business'>;
}) {
  const { t } = useTranslation('lines');
  const query = useApiQuery(
    hearingsEndpoints.lines,
    {
      query: {
        ...{ from, to, limit },
        ...(slotId !== null && { slotId }),
        ...(business && { of: 'everyone', businessId: business.id }),
      },
    },
    { keepPrevious: true },
  );
  const { data, error } = query;
  const all = Object.values(data?.total ?? {}).reduce((sum, count) => sum + count, 0);
  const left = all - (data?.lines.length ?? 0);
  return (
    <Section title={t(business ? 'history.everyone' : 'history.mine')} flush>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void query.refetch()} />
      ) : !data ? (
        <LoadingRows rows={2} />
      ) : data.lines.length === 0 ? (
        <EmptyState title={t('history.empty')}>{t('history.emptyBody')}</EmptyState>
      ) : (
        <>
          <LineHistory lines={data.lines} named={business !== null} />
          {left > 0 && <p className={styles.nothing}>{t('history.more', { count: left })}</p>}
        </>
      )}
    </Section>
  );
}
