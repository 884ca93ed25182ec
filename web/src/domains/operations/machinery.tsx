import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { type Overview, queueBehindJobs } from './judgement.ts';
import styles from './operations.module.css';
import { recorderName } from './recorder-name.ts';
import { useQueueName } from './use-verdict.ts';

/** Services: running, slow or down, in words; milliseconds beside them. */
export function Services({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  const tone = { up: styles.goodWord, slow: styles.warnWord, down: styles.badWord };
  return (
    <Section title={t('services.heading')} flush>
      <ul>
        {overview.services.map(({ name, state, latencyMs, detail }) => (
          <li key={name} className={`${styles.row} ${state === 'down' ? styles.badRow : ''}`}>
            <div className={styles.rowWords}>
              <p className={styles.rowTitle}>{t(`service.${name}`)}</p>
              {detail && state !== 'up' && <p className={styles.rowMeta}>{detail}</p>}
            </div>
            <div className={styles.rowEnd}>
              <p className={tone[state]}>{t(`serviceState.${state}`)}</p>
              {latencyMs !== null && (
                <p className={styles.rowMeta}>{t('latency', { ms: latencyMs.toFixed(1) })}</p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What is in work; waiting in numbers is normal, failing is not. Queues with nothing to do share a line. */
export function Queues({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const queueName = useQueueName();
  const rows = overview.queues.map((queue) => ({
    queue,
    parts: (['active', 'waiting', 'delayed', 'failed'] as const)
      .filter((part) => queue[part] > 0)
      .map((part) => t(`queues.${part}`, { count: queue[part] })),
  }));
  const idle = rows.filter(({ parts }) => parts.length === 0).map(({ queue }) => queueName(queue.name));
  return (
    <Section title={t('queues.heading')} flush>
      <ul>
        {rows
          .filter(({ parts }) => parts.length > 0)
          .map(({ queue, parts }) => (
            <li key={queue.name} className={styles.row}>
              <p className={styles.rowTitle}>{queueName(queue.name)}</p>
              <p
                className={
                  queue.failed > 0 || queue.waiting > queueBehindJobs ? styles.warnWord : styles.rowMeta
                }
              >
                {parts.join(' · ')}
              </p>
            </li>
          ))}
        {idle.length > 0 && (
          <li className={styles.row}>
            <p className={styles.rowMeta}>
              {idle.length === rows.length
                ? t('queues.idle')
                : t('queues.others', { names: format.list(idle) })}
            </p>
          </li>
        )}
      </ul>
    </Section>
  );
}

/** The processes that carry live audio and recordings. */
export function Machines({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  return (
    <Section title={t('hosts.heading')} flush>
      <ul>
        {overview.media.map(({ workerPid, calls, listeners, cpuPercent }) => (
          <li key={workerPid} className={styles.row}>
            <div>
              <p className={styles.rowTitle}>{t('hosts.media', { pid: workerPid })}</p>
              <p className={styles.rowMeta}>
                {[
                  t('hosts.recorderCalls', { count: calls }),
                  t('hosts.mediaListeners', { count: listeners }),
                  t('hosts.cpu', { cpu: format.percent(cpuPercent / 100, 0) }),
                ].join(' · ')}
              </p>
            </div>
          </li>
        ))}
        {overview.workers.map((worker) => (
          <Recorder key={worker.workerId} worker={worker} />
        ))}
        {overview.workers.length === 0 && (
          <li className={`${styles.row} ${styles.badRow}`}>
            <p className={styles.badWord}>{t('hosts.none')}</p>
          </li>
        )}
      </ul>
    </Section>
  );
}

/** One recorder: whether it takes calls, what it has in hand, and how its disk is. */
function Recorder({ worker }: { worker: Overview['workers'][number] }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const { refusing, cpuShare, lagMs, spoolUnsealed, spoolSealed } = worker;
  const load = [
    t('hosts.recorderCalls', { count: worker.captures }),
    cpuShare !== undefined && t('hosts.cpu', { cpu: format.percent(cpuShare, 0) }),
    lagMs !== undefined && lagMs > 0 && t('hosts.late', { ms: lagMs }),
  ];
  const spool = [
    t('hosts.spool', { spool: format.bytes(worker.spoolBytes), free: format.bytes(worker.spoolFreeBytes) }),
    spoolUnsealed !== undefined && spoolUnsealed > 0 && t('hosts.unsealed', { count: spoolUnsealed }),
    spoolSealed !== undefined && spoolSealed > 0 && t('hosts.sealed', { count: spoolSealed }),
  ];
  return (
    <li className={`${styles.row} ${refusing && refusing !== 'stopping' ? styles.warnRow : ''}`}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>{t('hosts.recorder', { id: recorderName(worker.workerId) })}</p>
        <p className={styles.rowMeta}>{load.filter(Boolean).join(' · ')}</p>
        <p className={styles.rowMeta}>{spool.filter(Boolean).join(' · ')}</p>
      </div>
      <div className={styles.rowEnd}>
        <p className={refusing ? styles.warnWord : styles.goodWord}>
          {t(refusing ? 'hosts.refuses' : 'hosts.takes')}
        </p>
        <p className={styles.rowMeta}>
          {refusing
            ? t(`refusing.${refusing}`)
            : t('hosts.since', { when: format.dayAndTime(worker.startedAt) })}
        </p>
      </div>
    </li>
  );
}
