import { PlusOutlined, SafetyOutlined } from '@ant-design/icons';
import { Button, Switch } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type LegalHold, retentionEndpoints } from '#contract/retention.ts';
import { useApiCommand, useApiQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { HoldDrawer } from './hold-drawer.tsx';
import styles from './retention.module.css';
import { useRetentionWords } from './retention-words.ts';

/** What is kept from every deletion, why, and by whom. */
export function Holds() {
  const { t } = useTranslation('retention');
  const mayHold = useMay()('retention.hold');
  const [released, setReleased] = useState(false);
  const [placing, setPlacing] = useState(false);
  const field = useId();
  const query = useApiQuery(
    retentionEndpoints.holds,
    { query: { released: released ? 'true' : 'false' } },
    { keepPrevious: true },
  );
  const content = () => {
    if (query.error && !query.data)
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!query.data) return <LoadingRows rows={2} height={56} />;
    if (query.data.holds.length === 0) {
      return (
        <EmptyState icon={<SafetyOutlined />} title={t('holds.empty')}>
          {t('holds.emptyBody')}
        </EmptyState>
      );
    }
    return (
      <ul data-testid="holds">
        {query.data.holds.map((hold) => (
          <HoldRow key={hold.id} hold={hold} />
        ))}
      </ul>
    );
  };
  return (
    <Section
      title={t('holds.heading')}
      flush
      aside={
        mayHold && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setPlacing(true)}>
            {t('holds.add')}
          </Button>
        )
      }
    >
      {content()}
      <p className={styles.foot}>
        <Switch id={field} size="small" checked={released} onChange={setReleased} />{' '}
        <label htmlFor={field}>{t('holds.showReleased')}</label>
      </p>
      <HoldDrawer open={placing} onClose={() => setPlacing(false)} />
    </Section>
  );
}

export function HoldRow({ hold }: { hold: LegalHold }) {
  const { t } = useTranslation('retention');
  const local = useLocalText();
  const format = useFormat();
  const words = useRetentionWords();
  const by = (name: LegalHold['placedBy']['name'], at: number) => ({
    name: local(name),
    when: format.dayAndTime(at),
  });
  return (
    <li className={styles.row} data-released={hold.released !== null}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>{hold.reason}</p>
        <p className={styles.meta}>
          {words.coverOf(hold.scope)} · {t('holds.by', by(hold.placedBy.name, hold.placedAt))}
        </p>
        {hold.released && (
          <p className={styles.meta}>
            {t('holds.released', {
              ...by(hold.released.by.name, hold.released.at),
              reason: hold.released.reason,
            })}
          </p>
        )}
      </div>
      {!hold.released && <Release hold={hold} />}
    </li>
  );
}

function Release({ hold }: { hold: LegalHold }) {
  const { t } = useTranslation('retention');
  const announce = useAnnounce();
  const mayHold = useMay()('retention.hold');
  const [asked, setAsked] = useState(false);
  const release = useApiCommand(retentionEndpoints.releaseHold, {
    refresh: [
      retentionEndpoints.holds,
      retentionEndpoints.preview,
      retentionEndpoints.events,
      retentionEndpoints.recording,
    ],
  });
  if (!mayHold) return null;
  return (
    <>
      <Button
        size="small"
        type="text"
        aria-label={t('holds.releaseOf', { reason: hold.reason })}
        onClick={() => setAsked(true)}
      >
        {t('holds.release')}
      </Button>
      <ReasonDialog
        open={asked}
        title={t('holds.releaseTitle')}
        body={t('holds.releaseBody')}
        confirm={t('holds.releaseSure')}
        pending={release.isPending}
        error={release.error}
        onClose={() => setAsked(false)}
        onConfirm={(reason) =>
          release.mutate(
            { params: { id: hold.id }, body: { reason } },
            {
              onSuccess: () => {
                setAsked(false);
                announce(t('holds.saidReleased'));
              },
            },
          )
        }
      />
    </>
  );
}
