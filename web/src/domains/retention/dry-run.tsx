import { FileProtectOutlined } from '@ant-design/icons';
import { Button, Modal, Segmented, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type RetentionItem, type RetentionPreview, retentionEndpoints } from '#contract/retention.ts';
import { useApiCommand, useApiQuery } from '../../app/queries.ts';
import { serverNow } from '../../app/server-clock.ts';
import { useMay } from '../../app/session.tsx';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorNote, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useLines } from '../businesses/use-lines.ts';
import styles from './retention.module.css';
import { dayMs, useRetentionWords } from './retention-words.ts';

const horizons = [0, 7, 30, 90] as const;
const shown = 50;
/** Whole hours keep the question, and with it the cached answer, the same for a while. */
const hourMs = 3_600_000;

/** What would be deleted when, by which rule, and what a hold keeps. Looking deletes nothing. */
export function DryRun() {
  const { t } = useTranslation('retention');
  const words = useRetentionWords();
  const phone = useIsPhone();
  const [days, setDays] = useState<number>(0);
  const at = Math.ceil(serverNow() / hourMs) * hourMs + days * dayMs;
  const query = useApiQuery(
    retentionEndpoints.preview,
    { body: days === 0 ? { limit: shown } : { at, limit: shown } },
    { keepPrevious: true, refreshEveryMs: 15_000 },
  );
  const { data, error } = query;
  const options = horizons.map((horizon) => ({
    value: horizon,
    label: horizon === 0 ? t('run.now') : t('run.in', { days: words.days(horizon) }),
  }));
  return (
    <Section
      title={t('run.heading')}
      flush
      aside={
        phone ? (
          <Select<number> aria-label={t('run.horizon')} value={days} onChange={setDays} options={options} />
        ) : (
          <Segmented<number>
            aria-label={t('run.horizon')}
            value={days}
            onChange={setDays}
            options={options}
          />
        )
      }
    >
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void query.refetch()} />
      ) : !data ? (
        <LoadingRows rows={3} height={56} />
      ) : (
        <Preview preview={data} now={days === 0} />
      )}
    </Section>
  );
}

function Preview({ preview, now }: { preview: RetentionPreview; now: boolean }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const { due, held, items, byPolicy } = preview;
  if (due.recordings === 0 && held.recordings === 0) {
    return (
      <EmptyState icon={<FileProtectOutlined />} title={t('run.empty')}>
        {t('run.emptyBody')}
      </EmptyState>
    );
  }
  return (
    <>
      <div className={styles.summary}>
        <p>
          {due.recordings > 0
            ? t('run.summary', {
                count: due.recordings,
                length: format.spokenLength(due.seconds * 1_000),
                bytes: format.bytes(due.bytes),
              })
            : t('run.summaryNone')}{' '}
          {held.recordings > 0 && t('run.held', { count: held.recordings })}{' '}
          {due.recordings + held.recordings > items.length && t('run.first', { count: items.length })}
        </p>
        {now && due.recordings > 0 && <DeleteDue count={due.recordings} />}
      </div>
      <ul data-testid="dry-run">
        {items.map((item) => (
          <Item
            key={item.recordingId}
            item={item}
            policy={byPolicy.find(({ policy }) => policy.id === item.policyId)?.policy}
          />
        ))}
      </ul>
    </>
  );
}

function Item({
  item,
  policy,
}: {
  item: RetentionItem;
  policy: RetentionPreview['byPolicy'][number]['policy'] | undefined;
}) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const words = useRetentionWords();
  const { lineName } = useLines();
  const held = item.holds.length > 0;
  return (
    <li className={`${styles.row} ${held ? styles.heldRow : ''}`}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>{t('run.call', { when: format.dayAndTime(item.startedAt) })}</p>
        <p className={styles.meta}>
          {lineName(item.lineId)} · {t(`class.${item.recordingClass}`)} · {format.bytes(item.bytes)}
        </p>
      </div>
      <div className={styles.span}>
        {held ? (
          item.holds.map((hold) => (
            <p key={hold.id} className={styles.strong}>
              {t('run.heldBy', { reason: hold.reason })}
            </p>
          ))
        ) : (
          <p className={styles.strong}>{t('run.due', { when: format.dayAndTime(item.dueAt) })}</p>
        )}
        {policy && (
          <p className={styles.meta}>
            {t('run.rule', {
              scope: words.scopeOf(policy),
              days: policy.ceilingDays === null ? t('policies.kept') : words.days(policy.ceilingDays),
            })}
          </p>
        )}
      </div>
    </li>
  );
}

function DeleteDue({ count }: { count: number }) {
  const { t } = useTranslation('retention');
  const announce = useAnnounce();
  const manages = useMay()('retention.manage');
  const [asked, setAsked] = useState(false);
  const run = useApiCommand(retentionEndpoints.run, {
    refresh: [retentionEndpoints.preview, retentionEndpoints.events],
  });
  if (!manages) return null;
  if (run.data) return <p className={styles.strong}>{t('run.queued', { count: run.data.queued })}</p>;
  const confirmed = () =>
    run.mutate(
      {},
      {
        onSuccess: ({ queued }) => {
          setAsked(false);
          announce(t('run.queued', { count: queued }));
        },
      },
    );
  return (
    <>
      <Button danger onClick={() => setAsked(true)}>
        {t('run.delete')}
      </Button>
      <Modal
        open={asked}
        title={t('run.deleteTitle', { count })}
        onCancel={() => setAsked(false)}
        onOk={confirmed}
        okText={t('run.deleteSure')}
        cancelText={t('form.cancel')}
        okButtonProps={{ danger: true, loading: run.isPending }}
      >
        <p>{t('run.deleteBody')}</p>
        {run.error && <ErrorNote error={run.error} />}
      </Modal>
    </>
  );
}
