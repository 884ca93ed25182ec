import { ArrowLeftOutlined, CalendarOutlined } from '@ant-design/icons';
import { Alert, Button, Popconfirm } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { type Meeting, meetingsEndpoints } from '#contract/meetings.ts';
import { call } from '../../app/api.ts';
import { useApiCommand, useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { Page, Section } from '../../ui/page.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { ErrorNote, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { Actions } from './actions.tsx';
import { Agenda } from './agenda.tsx';
import { EditMeeting } from './edit-meeting.tsx';
import { Ownerships } from './invitee-picker.tsx';
import styles from './meetings.module.css';

/** One meeting: its agenda to be heard in order, notes, and what is decided. */
export function MeetingPage() {
  const { t } = useTranslation('meetings');
  const { id = '' } = useParams();
  const query = useApiQuery(meetingsEndpoints.show, { params: { id } }, { refreshEveryMs: 15_000 });
  const { data, error } = query;
  if (!data) {
    return (
      <Page title={t('title')} hideTitle>
        {error ? (
          <ErrorState error={error} onRetry={() => void query.refetch()} />
        ) : (
          <LoadingRows rows={3} height={120} />
        )}
      </Page>
    );
  }
  return <TheMeeting key={data.id} meeting={data} />;
}

function TheMeeting({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings');
  const { title, startsAt, endsAt, zone, place, state } = meeting;
  return (
    <Page
      title={title}
      wide
      lead={
        <>
          <When at={startsAt} until={endsAt} zone={zone} named />
          {place && <> · {place}</>} · {t(`state.${state}`)}
        </>
      }
      actions={
        <Link to="/meetings">
          <ArrowLeftOutlined aria-hidden /> {t('back')}
        </Link>
      }
    >
      {state === 'cancelled' && <Alert type="warning" title={t('cancelled')} showIcon />}
      <Ways meeting={meeting} />
      <div className={styles.columns}>
        <div className={styles.column}>
          <Agenda meeting={meeting} />
        </div>
        <div className={styles.column}>
          <Actions meeting={meeting} />
          <Invitees meeting={meeting} />
        </div>
      </div>
    </Page>
  );
}

/** What can be done with the meeting as a whole. */
function Ways({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings');
  const { id, revision, state, mine } = meeting;
  const refresh = [meetingsEndpoints.show, meetingsEndpoints.list];
  const hold = useApiCommand(meetingsEndpoints.hold, { refresh });
  const cancel = useApiCommand(meetingsEndpoints.cancel, { refresh });
  const [editing, setEditing] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const download = async () => {
    setFailed(null);
    try {
      const { fileName, method, ics } = await call(meetingsEndpoints.invitation, { params: { id } });
      saveFile(fileName, `text/calendar; charset=utf-8; method=${method}`, ics);
    } catch (error) {
      setFailed(error);
    }
  };
  const open = mine && state === 'planned';
  const error = failed ?? hold.error ?? cancel.error;
  return (
    <div className={styles.ways}>
      <Button icon={<CalendarOutlined aria-hidden />} onClick={() => void download()} data-testid="ics">
        {t('file')}
      </Button>
      {open && (
        <>
          <Button onClick={() => setEditing(true)}>{t('edit')}</Button>
          <Button
            loading={hold.isPending}
            onClick={() => hold.mutate({ params: { id }, body: { revision } })}
          >
            {t('hold')}
          </Button>
          <Popconfirm
            title={t('cancelSure')}
            okText={t('cancel')}
            cancelText={t('keep')}
            onConfirm={() => cancel.mutate({ params: { id }, body: { revision } })}
          >
            <Button danger loading={cancel.isPending}>
              {t('cancel')}
            </Button>
          </Popconfirm>
          <EditMeeting meeting={meeting} open={editing} onClose={() => setEditing(false)} />
        </>
      )}
      {error !== null && <ErrorNote error={error} />}
    </div>
  );
}

function Invitees({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  const { organiser, invitees, mails, mine } = meeting;
  return (
    <Section title={t('invitees')} flush>
      <ul>
        <li className={styles.row}>
          <div className={styles.words}>
            <p className={styles.strong}>{local(organiser.name)}</p>
            <p className={styles.meta}>
              {local(organiser.title)} · {t('organiser')}
            </p>
          </div>
        </li>
        {invitees.map(({ id, name, title, owns, invitation, cause }) => (
          <li key={id} className={styles.row} data-invitation={invitation}>
            <div className={styles.words}>
              <p className={styles.strong}>{local(name)}</p>
              <p className={styles.meta}>
                {local(title)}
                <Ownerships owns={owns} />
              </p>
            </div>
            {mine && mails && (
              <p className={invitation === 'failed' ? styles.overdue : styles.meta}>
                {t(`invitation.${invitation}`, { cause: cause ?? '' })}
              </p>
            )}
          </li>
        ))}
      </ul>
      {mine && !mails && <p className={styles.foot}>{t('noMail')}</p>}
    </Section>
  );
}
