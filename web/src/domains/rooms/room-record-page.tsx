import { DownloadOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import type { ResponseOf } from '#contract/endpoint.ts';
import { roomsEndpoints } from '#contract/rooms.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Page, Section } from '../../ui/page.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './rooms.module.css';
import { saveText } from './save-text.ts';

/** What was written in this slot's room? For those who were in it, its hosts, and the notes for the CX team. */
export function RoomRecordPage() {
  const { slotId = '' } = useParams();
  const { t } = useTranslation('rooms');
  const { lineName } = useLines();
  const format = useFormat();
  const { data, error, refetch } = useApiQuery(roomsEndpoints.record, { params: { id: slotId } });
  return (
    <Page
      title={t('record.title')}
      lead={
        data && (
          <>
            {lineName(data.slot.lineId)} ·{' '}
            <When at={data.slot.startsAt} until={data.slot.endsAt} zone={data.slot.zone} />
          </>
        )
      }
      actions={<Link to="/seats">{t('record.back')}</Link>}
    >
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <LoadingRows rows={3} />
      ) : data.clearedAt !== null ? (
        <Section title={t('record.notes')}>
          <p className={styles.muted}>{t('record.cleared', { when: format.dayAndTime(data.clearedAt) })}</p>
        </Section>
      ) : (
        <div className={styles.record}>
          <Notes record={data} />
          {data.messages && <Messages messages={data.messages} />}
        </div>
      )}
    </Page>
  );
}

type Record = ResponseOf<typeof roomsEndpoints.record>;

function Notes({ record }: { record: Record }) {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const format = useFormat();
  const { notes, authors } = record;
  if (notes === '') {
    return (
      <Section title={t('record.notes')}>
        <p className={styles.muted}>{t('record.noNotes')}</p>
      </Section>
    );
  }
  return (
    <Section
      title={t('record.notes')}
      aside={
        <Button
          size="small"
          icon={<DownloadOutlined aria-hidden />}
          onClick={() => saveText(t('notes.fileName'), notes)}
        >
          {t('notes.export')}
        </Button>
      }
    >
      <p className={styles.written}>{notes}</p>
      {authors.length > 0 && (
        <p className={styles.meta}>
          {t('record.authors', { names: format.list(authors.map(({ name }) => local(name))) })}
        </p>
      )}
    </Section>
  );
}

function Messages({ messages }: { messages: NonNullable<Record['messages']> }) {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const format = useFormat();
  return (
    <Section title={t('record.messages')}>
      {messages.length === 0 ? (
        <p className={styles.muted}>{t('record.noMessages')}</p>
      ) : (
        <ul className={styles.messages}>
          {messages.map((message) => (
            <li key={message.id} className={styles.message}>
              <p className={styles.meta}>
                <span className={styles.strong}>{local(message.name)}</span>
                {message.host && <span className={styles.tag}>{t('chat.host')}</span>}
                <time
                  dateTime={new Date(message.sentAt).toISOString()}
                  title={format.absolute(message.sentAt)}
                >
                  {format.timeOfDay(message.sentAt)}
                </time>
              </p>
              <p className={message.text === null ? styles.removed : styles.said}>
                {message.text ?? t('chat.removed')}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
