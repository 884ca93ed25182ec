import { CheckCircleFilled, ExclamationCircleFilled, WarningFilled } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { operationsEndpoints } from '#contract/operations.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Page } from '../../ui/page.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { LineNotices } from '../businesses/line-notices.tsx';
import { LinesOfDay } from '../listening/lines-of-day.tsx';
import { ArchiveCheck } from './archive-check.tsx';
import { CallsAndCaptures } from './calls-and-captures.tsx';
import { Failures } from './failures.tsx';
import { type Judgement, judge, type Overview, type Severity } from './judgement.ts';
import { Machines, Queues, Services } from './machinery.tsx';
import styles from './operations.module.css';
import { useArchiveCheck } from './use-archive-check.ts';
import { useVerdict } from './use-verdict.ts';

const icons: Record<Severity, React.ReactNode> = {
  good: <CheckCircleFilled />,
  warn: <WarningFilled />,
  bad: <ExclamationCircleFilled />,
};

/** Is everything being kept? One sentence on top, what speaks against it in red, and the figures behind. */
export function OperationsPage() {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const query = useApiQuery(operationsEndpoints.overview, {}, { refreshEveryMs: 5_000, staleTimeMs: 0 });
  const check = useArchiveCheck();
  const may = useMay();
  const managesLines = may('lines.manage');
  const seesLines = may('reports.read');
  const { data, error } = query;
  return (
    <Page title={t('title')} wide lead={data && t('asOf', { time: format.timeOfDay(data.now) })}>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void query.refetch()} />
      ) : !data ? (
        <LoadingRows rows={4} height={96} />
      ) : (
        <>
          <Verdict judgement={judge(data, check.data)} />
          <Figures overview={data} />
          <div className={styles.columns}>
            <div className={styles.column}>
              {data.failures.length > 0 && <Failures overview={data} />}
              <CallsAndCaptures overview={data} />
              <ArchiveCheck query={check} />
              {seesLines && <LinesOfDay />}
              {managesLines && <LineNotices />}
            </div>
            <div className={styles.column}>
              <Services overview={data} />
              <Queues overview={data} />
              <Machines overview={data} />
            </div>
          </div>
        </>
      )}
    </Page>
  );
}

function Verdict({ judgement }: { judgement: Judgement }) {
  const { sentence, findings } = useVerdict()(judgement);
  return (
    <section className={`${styles.verdict} ${styles[judgement.severity]}`} aria-live="polite">
      <span className={styles.verdictIcon} aria-hidden>
        {icons[judgement.severity]}
      </span>
      <div>
        <h2>{sentence}</h2>
        {findings.length > 0 && (
          <ul className={styles.findings}>
            {findings.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function Figures({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const { coverageToday: coverage, storage, liveCalls } = overview;
  const spool = spoolOf(overview);
  const listeners = liveCalls.reduce((sum, call) => sum + call.listeners, 0);
  return (
    <dl className={styles.figures}>
      <div>
        <dt>{t('coverage.heading')}</dt>
        <dd className={styles.figure}>
          {coverage.ratio === null ? t('coverage.noneFigure') : format.percent(coverage.ratio)}
        </dd>
        <dd>
          {coverage.ratio === null
            ? t('coverage.none')
            : t('coverage.sentence', {
                count: coverage.calls,
                total: format.spokenLength(coverage.callSeconds * 1000),
                recorded: format.spokenLength(coverage.recordedSeconds * 1000),
              })}
        </dd>
      </div>
      <div>
        <dt>{t('air.heading')}</dt>
        <dd className={styles.figure}>{t('air.figure', { count: liveCalls.length })}</dd>
        <dd>{t('air.sentence', { count: listeners })}</dd>
      </div>
      <div>
        <dt>{t('storage.heading')}</dt>
        <dd className={styles.figure}>{t('storage.figure', { count: storage.recordings })}</dd>
        <dd>
          {t('storage.sentence', {
            length: format.spokenLength(storage.seconds * 1000),
            bytes: format.bytes(storage.bytes),
          })}
        </dd>
      </div>
      <div>
        <dt>{t('spool.heading')}</dt>
        <dd className={styles.figure}>{format.bytes(spool.bytes)}</dd>
        <dd>
          {spool.calls > 0 ? t('spool.sentence', { count: spool.calls }) : t('spool.none')}
          {spool.freeBytes !== null && ` ${t('spool.free', { free: format.bytes(spool.freeBytes) })}`}
        </dd>
      </div>
    </dl>
  );
}

/** Recorders of one host share a disk: it is counted once. */
function spoolOf({ workers }: Overview): { bytes: number; freeBytes: number | null; calls: number } {
  const disks = new Map(workers.map((worker) => [worker.spoolId ?? worker.workerId, worker]));
  const each = [...disks.values()];
  return {
    bytes: each.reduce((sum, { spoolBytes }) => sum + spoolBytes, 0),
    freeBytes: each.length > 0 ? Math.min(...each.map(({ spoolFreeBytes }) => spoolFreeBytes)) : null,
    calls: each.reduce(
      (sum, { spoolUnsealed, spoolSealed }) => sum + (spoolUnsealed ?? 0) + (spoolSealed ?? 0),
      0,
    ),
  };
}
