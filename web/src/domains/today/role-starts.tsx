import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { operationsEndpoints } from '#contract/operations.ts';
import { useApiQuery } from '../../app/queries.ts';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { judge } from '../operations/judgement.ts';
import { useVerdict } from '../operations/use-verdict.ts';
import styles from './next-seat.module.css';

/** The first thing an agent sees: the way to the desk. */
export function AgentStart() {
  const { t } = useTranslation('today');
  const navigate = useNavigate();
  return (
    <section className={styles.card} aria-label={t('agent.heading')}>
      <div>
        <h2 className={styles.line}>{t('agent.heading')}</h2>
        <p className={styles.note}>{t('agent.body')}</p>
      </div>
      <div className={styles.action}>
        <Button type="primary" size="large" block onClick={() => void navigate('/desk')}>
          {t('agent.action')}
        </Button>
      </div>
    </section>
  );
}

/** The first thing an admin sees: whether everything is being kept. */
export function KeepingState() {
  const { t } = useTranslation('today');
  const navigate = useNavigate();
  const query = useApiQuery(operationsEndpoints.overview, {}, { refreshEveryMs: 15_000 });
  const verdict = useVerdict();
  if (query.error && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <LoadingRows rows={1} height={120} />;
  return (
    <section className={styles.card} aria-label={t('admin.heading')}>
      <div>
        <p className={styles.quiet}>{t('admin.heading')}</p>
        <h2 className={styles.line}>{verdict(judge(query.data)).sentence}</h2>
      </div>
      <div className={styles.action}>
        <Button type="primary" size="large" block onClick={() => void navigate('/operations')}>
          {t('admin.action')}
        </Button>
      </div>
    </section>
  );
}
