import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type RetentionEvent, retentionEndpoints } from '#contract/retention.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import styles from './retention.module.css';
import { useRetentionWords } from './retention-words.ts';

const pageSize = 20;

/** Who changed, held or deleted what, newest first. */
export function RetentionLog() {
  const { t } = useTranslation('retention');
  const [limit, setLimit] = useState(pageSize);
  const query = useApiQuery(
    retentionEndpoints.events,
    { query: { limit } },
    // Deletions are done by workers, a while after they were asked for.
    { keepPrevious: true, refreshEveryMs: 5_000 },
  );
  const content = () => {
    if (query.error && !query.data)
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!query.data) return <LoadingRows rows={3} height={48} />;
    const { events, nextBefore } = query.data;
    if (events.length === 0) return <EmptyState title={t('log.empty')}>{t('log.emptyBody')}</EmptyState>;
    return (
      <>
        <ul data-testid="retention-log">
          {events.map((event) => (
            <Entry key={event.id} event={event} />
          ))}
        </ul>
        {nextBefore !== null && limit < 200 && (
          <div className={styles.more}>
            <Button type="text" onClick={() => setLimit(Math.min(200, limit + pageSize * 2))}>
              {t('log.more')}
            </Button>
          </div>
        )}
      </>
    );
  };
  return (
    <Section title={t('log.heading')} flush>
      {content()}
      <p className={styles.foot}>{t('log.why')}</p>
    </Section>
  );
}

function Entry({ event }: { event: RetentionEvent }) {
  const { t } = useTranslation('retention');
  const local = useLocalText();
  const { reasonOf } = useRetentionWords();
  const mayHear = useMay()('recordings.replay');
  const action = t(`log.action.${event.action}`);
  return (
    <li className={styles.row}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>
          {event.recordingId && mayHear ? (
            <Link to={`/recordings/${event.recordingId}`}>{action}</Link>
          ) : (
            action
          )}
        </p>
        <p className={styles.meta}>{reasonOf(event.reason)}</p>
      </div>
      <div className={styles.span}>
        <p>{event.by ? local(event.by.name) : t('log.schedule')}</p>
        <p className={styles.meta}>
          <When at={event.at} />
        </p>
      </div>
    </li>
  );
}
