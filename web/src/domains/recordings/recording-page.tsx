import { ArrowLeftOutlined, HourglassOutlined, ToolOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { type RecordingDetail, recordingsEndpoints } from '#contract/recordings.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { DeletionProof } from '../retention/deletion-proof.tsx';
import { RecordingRetention } from '../retention/recording-retention.tsx';
import { HeardBy, RecordingFacts } from './recording-facts.tsx';
import styles from './recording-page.module.css';
import { RecordingPlayer } from './recording-player.tsx';

/** What exactly was said? The player, the facts, and who has heard it. */
export function RecordingPage() {
  const { t } = useTranslation('recordings');
  const { id = '' } = useParams();
  const query = useApiQuery(recordingsEndpoints.show, { params: { id } });
  const { data, error } = query;
  return (
    <div className={styles.page}>
      <Link to="/library" className={styles.back}>
        <ArrowLeftOutlined aria-hidden /> {t('backToLibrary')}
      </Link>
      {error && !data ? (
        <Page title={t('recordingTitle')} hideTitle>
          <ErrorState error={error} onRetry={() => void query.refetch()} />
        </Page>
      ) : !data ? (
        <Page title={t('recordingTitle')} hideTitle>
          <LoadingRows rows={3} height={120} />
        </Page>
      ) : (
        <Recording key={data.id} recording={data} onChanged={() => void query.refetch()} />
      )}
    </div>
  );
}

function Recording({ recording, onChanged }: { recording: RecordingDetail; onChanged: () => void }) {
  const { t } = useTranslation('recordings');
  const local = useLocalText();
  const { lines, lineName, scenarioName } = useLines();
  const line = lines.find(({ id }) => id === recording.lineId);
  const { facts } = recording;
  const about = scenarioName(facts.scenarioId) || t('untitled');
  const title = facts.product ? `${about}\u00a0· ${local(facts.product)}` : about;
  return (
    <Page
      title={title}
      wide
      lead={
        <>
          {lineName(recording.lineId)} ·{' '}
          <When at={recording.startedAt} named {...(line && { zone: line.zone })} />
        </>
      }
    >
      <div className={styles.layout}>
        <div className={styles.main}>
          {recording.state === 'archived' && recording.durationMs !== null ? (
            <RecordingPlayer recording={recording} durationMs={recording.durationMs} onHeard={onChanged} />
          ) : recording.state === 'deleting' || recording.state === 'deleted' ? (
            <div className={styles.card}>
              <DeletionProof recording={recording} />
            </div>
          ) : (
            <NotReady recording={recording} />
          )}
        </div>
        <aside className={styles.aside}>
          <RecordingFacts recording={recording} />
          {recording.state !== 'deleting' && recording.state !== 'deleted' && (
            <RecordingRetention recordingId={recording.id} />
          )}
          <HeardBy recording={recording} />
        </aside>
      </div>
    </Page>
  );
}

/** Asks again by itself until the recording can be played. */
function NotReady({ recording }: { recording: RecordingDetail }) {
  const { t } = useTranslation('recordings');
  const failed = recording.state === 'failed';
  useApiQuery(
    recordingsEndpoints.show,
    { params: { id: recording.id } },
    { refreshEveryMs: failed ? 15_000 : 2_000 },
  );
  return (
    <div className={styles.card}>
      {failed ? (
        <EmptyState icon={<ToolOutlined />} title={t('notReady.failed')}>
          {t('notReady.failedBody')}
        </EmptyState>
      ) : (
        <EmptyState icon={<HourglassOutlined />} title={t(`notReady.${recording.state}`)}>
          {t('notReady.body')}
        </EmptyState>
      )}
    </div>
  );
}
