import { SafetyOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { retentionEndpoints } from '#contract/retention.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { usePlaceHold } from './hold-drawer.tsx';
import { HoldRow } from './holds.tsx';
import styles from './retention.module.css';
import { useRetentionWords } from './retention-words.ts';

type Kept = ResponseOf<typeof retentionEndpoints.recording>;

/** For those who look after the archive: until when this recording is kept, why, and a hold on it. */
export function RecordingRetention({ recordingId }: { recordingId: string }) {
  const { t } = useTranslation('retention');
  const reads = useMay()('retention.read');
  const query = useApiQuery(
    retentionEndpoints.recording,
    { params: { id: recordingId } },
    { enabled: reads },
  );
  if (!reads) return null;
  const content = () => {
    if (query.error && !query.data)
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!query.data) return <LoadingRows rows={1} height={72} />;
    return <HowLong kept={query.data} />;
  };
  return <Section title={t('recording.heading')}>{content()}</Section>;
}

function HowLong({ kept }: { kept: Kept }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const words = useRetentionWords();
  const holds = kept.holds.filter(({ released }) => released === null);
  return (
    <div className={styles.kept} data-testid="recording-retention">
      <div>
        <p className={styles.strong}>
          {holds.length > 0
            ? t('recording.heldUntil')
            : kept.dueAt === null
              ? t('recording.forever')
              : t('recording.until', { when: format.dayAndTime(kept.dueAt) })}
        </p>
        <p className={styles.meta}>{t('recording.rule', { scope: words.scopeOf(kept.policy) })}</p>
        {kept.policy.floorDays > 0 && (
          <p className={styles.meta}>{t('recording.floor', { when: format.dayAndTime(kept.floorAt) })}</p>
        )}
      </div>
      {holds.length > 0 && (
        <ul className={styles.holds}>
          {holds.map((hold) => (
            <HoldRow key={hold.id} hold={hold} />
          ))}
        </ul>
      )}
      <HoldThis recordingId={kept.recordingId} />
    </div>
  );
}

function HoldThis({ recordingId }: { recordingId: string }) {
  const { t } = useTranslation('retention');
  const mayHold = useMay()('retention.hold');
  const [asked, setAsked] = useState(false);
  const place = usePlaceHold();
  if (!mayHold) return null;
  return (
    <>
      <Button
        icon={<SafetyOutlined aria-hidden />}
        onClick={() => setAsked(true)}
        data-testid="hold-recording"
      >
        {t('recording.hold')}
      </Button>
      <ReasonDialog
        open={asked}
        title={t('recording.holdTitle')}
        body={t('holds.body')}
        confirm={t('holds.place')}
        pending={place.isPending}
        error={place.error}
        onClose={() => setAsked(false)}
        onConfirm={(reason) =>
          place.mutate({ body: { scope: { recordingId }, reason } }, { onSuccess: () => setAsked(false) })
        }
      />
    </>
  );
}
