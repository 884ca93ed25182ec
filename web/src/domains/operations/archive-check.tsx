import { SafetyCertificateOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type ArchiveFinding, operationsEndpoints } from '#contract/operations.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorNote, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { useCause } from './causes.ts';
import { RetryRecording } from './failures.tsx';
import type { ArchiveCheck as Check } from './judgement.ts';
import styles from './operations.module.css';
import type { useArchiveCheck } from './use-archive-check.ts';

/** What the sweep found when it compared disks, database and archive: each in words, with what can be done. */
export function ArchiveCheck({ query }: { query: ReturnType<typeof useArchiveCheck> }) {
  const { t } = useTranslation('operations');
  const { data, error } = query;
  const content = () => {
    if (error && !data) return <ErrorState error={error} onRetry={() => void query.refetch()} />;
    if (!data) return <LoadingRows rows={2} height={48} />;
    return (
      <>
        <Sweep sweep={data.sweep} />
        {data.findings.length === 0 ? (
          <EmptyState icon={<SafetyCertificateOutlined />} title={t('check.empty')}>
            {t('check.emptyBody')}
          </EmptyState>
        ) : (
          <ul data-testid="archive-findings">
            {data.findings.map((finding) => (
              <Finding key={finding.id} finding={finding} />
            ))}
          </ul>
        )}
      </>
    );
  };
  return (
    <Section title={t('check.heading')} flush>
      {content()}
    </Section>
  );
}

function Sweep({ sweep }: { sweep: Check['sweep'] }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const mayRetry = useMay()('operations.retry');
  const start = useApiCommand(operationsEndpoints.sweepArchive, {
    refresh: [operationsEndpoints.archiveFindings],
  });
  const running =
    sweep.startedAt !== null && (sweep.finishedAt === null || sweep.finishedAt < sweep.startedAt);
  const words = running
    ? t('check.running')
    : sweep.finishedAt === null
      ? t('check.never')
      : t('check.last', {
          when: format.dayAndTime(sweep.finishedAt),
          recordings: format.count(sweep.recordings),
          objects: format.count(sweep.objects),
        });
  return (
    <div className={styles.sweep}>
      <p className={styles.rowMeta}>{words}</p>
      {mayRetry && (
        <Button size="small" loading={start.isPending || running} onClick={() => start.mutate({})}>
          {t('check.now')}
        </Button>
      )}
      {start.error && <ErrorNote error={start.error} onClose={() => start.reset()} />}
    </div>
  );
}

function Finding({ finding }: { finding: ArchiveFinding }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const cause = useCause();
  const { lineName } = useLines();
  const mayHear = useMay();
  const { kind, detail, recordingId, lineId } = finding;
  const said = t(`found.${kind}`);
  const coverage = typeof detail.coverage === 'number' ? detail.coverage : null;
  const code = typeof detail.code === 'string' ? detail.code : null;
  const readable = recordingId !== null && mayHear('recordings.replay', lineId === null ? {} : { lineId });
  const about = [said, lineId && lineName(lineId)].filter(Boolean).join(' · ');
  return (
    <li className={styles.row}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>
          {readable ? <Link to={`/recordings/${recordingId}`}>{said}</Link> : said}
        </p>
        <p className={styles.rowMeta}>
          {lineId && <span className={styles.rowPart}>{lineName(lineId)}</span>}
          <span className={styles.rowPart}>
            {t('check.since')} <When at={finding.firstSeenAt} />
          </span>
          {finding.state === 'mending' && <span className={styles.rowPart}>{t('check.mending')}</span>}
          {coverage !== null && (
            <span className={styles.rowPart}>{t('check.kept', { percent: format.percent(coverage) })}</span>
          )}
        </p>
        {code && <p className={styles.cause}>{cause(code)}</p>}
        <Details finding={finding} />
      </div>
      {finding.canRetry && recordingId !== null && <RetryRecording recordingId={recordingId} about={about} />}
    </li>
  );
}

/** For whoever goes to look at the disk or the bucket: names and figures as the machines have them. */
function Details({ finding }: { finding: ArchiveFinding }) {
  const { t } = useTranslation('operations');
  const rows = [
    ['recording', finding.recordingId],
    ['call', finding.callId],
    ['key', finding.key],
    ...Object.entries(finding.detail),
  ].filter((row): row is [string, string | number] => row[1] !== null);
  if (rows.length === 0) return null;
  return (
    <details className={styles.details}>
      <summary>{t('check.details')}</summary>
      <dl lang="en">
        {rows.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
