import { ReloadOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { operationsEndpoints } from '#contract/operations.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { Section } from '../../ui/page.tsx';
import { ErrorNote } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { useCause } from './causes.ts';
import type { Overview } from './judgement.ts';
import styles from './operations.module.css';

type Failure = Overview['failures'][number];

/** Recordings that could not be finished: which, why, and one button that tries again. */
export function Failures({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  return (
    <Section title={t('failures.heading')} flush>
      <ul>
        {overview.failures.map((failure) => (
          <FailureRow key={failure.id} failure={failure} />
        ))}
      </ul>
    </Section>
  );
}

function FailureRow({ failure }: { failure: Failure }) {
  const { t } = useTranslation('operations');
  const local = useLocalText();
  const cause = useCause();
  const { lineName, scenarioName } = useLines();
  const mayHear = useMay()('recordings.replay', { lineId: failure.lineId });
  const title = scenarioName(failure.facts.scenarioId) || t('failures.untitled');
  return (
    <li className={`${styles.row} ${failure.state === 'failed' ? styles.badRow : styles.warnRow}`}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>
          {mayHear ? <Link to={`/recordings/${failure.id}`}>{title}</Link> : title}
        </p>
        <p className={styles.rowMeta}>
          <span className={styles.rowPart}>{lineName(failure.lineId)}</span>
          {failure.agentName && <span className={styles.rowPart}>{local(failure.agentName)}</span>}
          <span className={styles.rowPart}>
            <When at={failure.startedAt} />
          </span>
        </p>
        {failure.failure && (
          <p className={styles.cause}>
            {cause(failure.failure.code)}{' '}
            <span className={styles.rowMeta}>{t('failures.code', { code: failure.failure.code })}</span>
          </p>
        )}
      </div>
      <RetryRecording recordingId={failure.id} about={title} />
    </li>
  );
}

/** Tries the recording again; says what became of it beside the button. */
export function RetryRecording({ recordingId, about }: { recordingId: string; about: string }) {
  const { t } = useTranslation('operations');
  const announce = useAnnounce();
  const mayRetry = useMay()('operations.retry');
  const retry = useApiCommand(operationsEndpoints.retryRecording, {
    refresh: [operationsEndpoints.overview, operationsEndpoints.archiveFindings],
  });
  if (!mayRetry) return null;
  return (
    <div className={styles.rowEnd}>
      {retry.isSuccess ? (
        <p className={styles.goodWord}>{t('failures.retrying')}</p>
      ) : (
        <Button
          icon={<ReloadOutlined aria-hidden />}
          loading={retry.isPending}
          aria-label={t('failures.retryOf', { about })}
          onClick={() =>
            retry.mutate(
              { params: { id: recordingId } },
              { onSuccess: () => announce(t('failures.retrying')) },
            )
          }
        >
          {t('failures.retry')}
        </Button>
      )}
      {retry.error && <ErrorNote error={retry.error} onClose={() => retry.reset()} />}
    </div>
  );
}
