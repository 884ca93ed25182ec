import { DeleteOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import type { RecordingDetail } from '#contract/recordings.ts';
import { retentionEndpoints } from '#contract/retention.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { EmptyState } from '../../ui/states.tsx';
import styles from './retention.module.css';
import { useRetentionWords } from './retention-words.ts';

/** A recording that is gone: when, by what decision, and for those who look after the archive the proof. */
export function DeletionProof({ recording }: { recording: RecordingDetail }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const { reasonOf } = useRetentionWords();
  const reads = useMay()('retention.read');
  const query = useApiQuery(
    retentionEndpoints.recording,
    { params: { id: recording.id } },
    { enabled: reads, ...(recording.state === 'deleting' && { refreshEveryMs: 3_000 }) },
  );
  const { deletion } = recording;
  const proof = query.data?.deletion;
  const when = deletion ? format.dayAndTime(proof?.doneAt ?? deletion.requestedAt) : '';
  return (
    <div className={styles.proof} data-testid="deleted">
      <EmptyState
        icon={<DeleteOutlined />}
        title={t(recording.state === 'deleted' ? 'deleted.title' : 'deleted.deleting')}
      >
        {deletion && (
          <>
            {t(deletion.by.startsWith('policy:') ? 'deleted.byPolicy' : 'deleted.byPerson', { when })}
            <br />
            {t('deleted.reason', { reason: reasonOf(deletion.reason) })}
          </>
        )}
      </EmptyState>
      {proof && (proof.tombstone || proof.files.length > 0) && (
        <section className={styles.proof} aria-label={t('deleted.proof')}>
          <h2>{t('deleted.proof')}</h2>
          <p className={styles.meta}>{t('deleted.proofWhy')}</p>
          <dl lang="en">
            {proof.tombstone && (
              <div>
                <dt>
                  {t('deleted.tombstone')}: {proof.tombstone.key}
                </dt>
                <dd>
                  {t('deleted.sha')} {proof.tombstone.sha256}
                </dd>
              </div>
            )}
            {proof.files.map((file) => (
              <div key={file.key}>
                <dt>
                  {file.key} ({format.bytes(file.bytes)})
                </dt>
                <dd>
                  {t('deleted.sha')} {file.sha256}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}
