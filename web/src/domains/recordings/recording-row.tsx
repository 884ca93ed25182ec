import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { RecordingSummary } from '#contract/recordings.ts';
import { useLocalText } from '../../i18n/language.ts';
import { clockLength } from '../../ui/format/time.ts';
import { VoiceName } from '../../ui/voice-name.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { MomentCounts } from '../clips/moment-counts.tsx';
import type { MomentCounts as Counts } from '../clips/use-moment-counts.ts';
import styles from './recording-row.module.css';
import { WaveformThumbnail } from './waveform-thumbnail.tsx';

/** One recording in a list: what it was about, who spoke, when, and a tiny picture of the conversation. */
export function RecordingRow({
  recording,
  counts,
}: {
  recording: RecordingSummary;
  /** Marks and clips, where there are any. */
  counts?: Counts | undefined;
}) {
  const { t } = useTranslation('recordings');
  const local = useLocalText();
  const { lineName, scenarioName } = useLines();
  const customerName = useCustomerName();
  const { facts, agentName, thumbnail, durationMs, state } = recording;
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <Link to={`/recordings/${recording.id}`} className={styles.title}>
          {scenarioName(facts.scenarioId) || t('untitled')}
          {facts.product && (
            <span className={styles.product}>
              {'\u00a0'}· {local(facts.product)}
            </span>
          )}
        </Link>
        <p className={styles.meta}>
          <span>{lineName(recording.lineId)}</span>
          {agentName && <VoiceName voice="agent">{local(agentName)}</VoiceName>}
          <VoiceName voice="customer">{customerName(recording.customerMasked)}</VoiceName>
          {counts && <MomentCounts counts={counts} className={styles.counts} />}
        </p>
      </div>
      <div className={styles.picture}>
        {thumbnail ? (
          <WaveformThumbnail thumbnail={thumbnail} className={styles.wave} />
        ) : (
          <span className={state === 'failed' ? styles.failed : styles.pending}>{t(`state.${state}`)}</span>
        )}
      </div>
      <div className={styles.time}>
        <When at={recording.startedAt} />
        <span className={state === 'failed' ? styles.failed : styles.length}>
          {thumbnail && state !== 'archived'
            ? t(`state.${state}`)
            : durationMs !== null && clockLength(durationMs)}
        </span>
      </div>
    </li>
  );
}

/** What is known of the customer: the last digits of the number, if those. */
export function useCustomerName(): (masked: string) => string {
  const { t } = useTranslation('recordings');
  return (masked) => {
    const digits = /\d+$/.exec(masked)?.[0];
    return digits ? t('customerEnding', { digits }) : t('customer');
  };
}
