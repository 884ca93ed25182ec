import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { type MeetingSummary, meetingsEndpoints } from '#contract/meetings.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useNow } from '../../app/server-clock.ts';
import { useLocalText } from '../../i18n/language.ts';
import { Page, Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import styles from './meetings.module.css';
import { MyActions } from './my-actions.tsx';

/** What do we do about what we heard? Meetings to come, those of before, and what they gave me to do. */
export function MeetingsPage() {
  const { t } = useTranslation('meetings');
  const navigate = useNavigate();
  const now = useNow(60_000);
  const query = useApiQuery(meetingsEndpoints.list, {});
  const all = query.data?.meetings ?? [];
  const coming = all
    .filter(({ state, endsAt }) => state === 'planned' && endsAt > now)
    .sort((a, b) => a.startsAt - b.startsAt);
  const before = all.filter((meeting) => !coming.includes(meeting));
  const convene = (
    <Button
      type="primary"
      icon={<PlusOutlined aria-hidden />}
      onClick={() => void navigate('/meetings/new')}
      data-testid="convene"
    >
      {t('convene')}
    </Button>
  );
  const content = () => {
    if (query.error && !query.data)
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!query.data) return <LoadingRows rows={3} height={72} />;
    if (all.length === 0) {
      return (
        <Section title={t('upcoming')} flush>
          <EmptyState title={t('empty')}>{t('emptyBody')}</EmptyState>
        </Section>
      );
    }
    return (
      <>
        {coming.length > 0 && <Meetings title={t('upcoming')} meetings={coming} />}
        {before.length > 0 && <Meetings title={t('past')} meetings={before} />}
      </>
    );
  };
  return (
    <Page title={t('title')} lead={t('lead')} actions={convene}>
      {content()}
      <MyActions />
    </Page>
  );
}

function Meetings({ title, meetings }: { title: string; meetings: readonly MeetingSummary[] }) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  return (
    <Section title={title} flush>
      <ul>
        {meetings.map((meeting) => (
          <li key={meeting.id} className={styles.row}>
            <div className={styles.words}>
              <Link to={`/meetings/${meeting.id}`} className={styles.rowLink}>
                {meeting.title}
              </Link>
              <p className={styles.meta}>
                <When at={meeting.startsAt} until={meeting.endsAt} zone={meeting.zone} />
                {meeting.place && <span> · {meeting.place}</span>}
              </p>
              <p className={styles.meta}>{t('by', { name: local(meeting.organiser.name) })}</p>
            </div>
            <div className={styles.aside}>
              <p className={meeting.state === 'cancelled' ? styles.off : undefined}>
                {t(`state.${meeting.state}`)}
              </p>
              <p className={styles.meta}>
                {t('items', { count: meeting.items })}
                {meeting.openActions > 0 && ` · ${t('open', { count: meeting.openActions })}`}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
