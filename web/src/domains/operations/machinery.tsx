import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { type Overview, queueBehindJobs } from './judgement.ts';
import styles from './operations.module.css';
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

/** What is in work; waiting in numbers is normal, failing is not. */
export function Queues({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  const queueName = useQueueName();
  return (
    <Section title={t('queues.heading')} flush>
      <ul>
        {overview.queues.map((queue) => {
          const parts = (['active', 'waiting', 'delayed', 'failed'] as const)
            .filter((part) => queue[part] > 0)
            .map((part) => t(`queues.${part}`, { count: queue[part] }));
          const troubled = queue.failed > 0 || queue.waiting > queueBehindJobs;
          return (
            <li key={queue.name} className={styles.row}>
              <p className={styles.rowTitle}>{queueName(queue.name)}</p>
              <p className={troubled ? styles.warnWord : styles.rowMeta}>
                {parts.length > 0 ? parts.join(' · ') : t('queues.idle')}
              </p>
            </li>
          );
        })}
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
                {t('hosts.mediaWork', { calls, listeners, cpu: format.percent(cpuPercent / 100, 0) })}
              </p>
            </div>
          </li>
        ))}
        {overview.workers.map(({ workerId, startedAt, captures, spoolBytes, spoolFreeBytes }) => (
          <li key={workerId} className={styles.row}>
            <div>
              <p className={styles.rowTitle}>{t('hosts.recorder', { id: recorderName(workerId) })}</p>
              <p className={styles.rowMeta}>
                {t('hosts.recorderWork', {
                  captures,
                  spool: format.bytes(spoolBytes),
                  free: format.bytes(spoolFreeBytes),
                })}
              </p>
              <p className={styles.rowMeta}>{t('hosts.since', { when: format.dayAndTime(startedAt) })}</p>
            </div>
          </li>
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

/** The name that the installation gave it, or the end of the id that it gave itself: enough to tell two apart. */
function recorderName(workerId: string): string {
  return workerId.startsWith('worker_') ? workerId.slice(-4).toUpperCase() : workerId;
}
