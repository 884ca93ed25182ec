import { PhoneOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { LiveBadge } from '../../ui/live-badge.tsx';
import { Section } from '../../ui/page.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { type Overview, waitingTooLongMs } from './judgement.ts';
import styles from './operations.module.css';
import { recorderName } from './recorder-name.ts';

type Capture = Overview['captures'][number];

/** A recorder writes to disk twice a second: only what is longer held back is a lag. Milliseconds. */
const lagWorthSayingMs = 1_500;

/** Each call on air with its recording beside it; one that is not being written stands out, and stands first. */
export function CallsAndCaptures({ overview }: { overview: Overview }) {
  const { t } = useTranslation('operations');
  const local = useLocalText();
  const { lineName, scenarioName } = useLines();
  const captures = new Map(overview.captures.map((capture) => [capture.callId, capture]));
  const live = overview.liveCalls.map((call) => ({
    id: call.id,
    call,
    capture: captures.get(call.id) ?? null,
  }));
  // A capture may outlive its call: a call that ended while no recorder was there.
  const known = new Set(live.map(({ id }) => id));
  const orphans = overview.captures
    .filter(({ callId }) => !known.has(callId))
    .map((capture) => ({ id: capture.callId, call: null, capture }));
  const rows = [...live, ...orphans].sort(
    (one, other) => Number(troubled(other.capture)) - Number(troubled(one.capture)),
  );
  return (
    <Section title={t('calls.heading')} flush>
      {rows.length === 0 ? (
        <EmptyState icon={<PhoneOutlined />} title={t('calls.empty')}>
          {t('calls.emptyBody')}
        </EmptyState>
      ) : (
        <ul>
          {rows.map(({ id, call, capture }) => (
            <li key={id} className={`${styles.row} ${troubled(capture) ? styles.badRow : ''}`}>
              <div className={styles.rowWords}>
                <p className={styles.rowTitle}>{call ? lineName(call.lineId) : t('calls.ended')}</p>
                <p className={styles.rowMeta}>
                  {call &&
                    [scenarioName(call.facts.scenarioId), call.agentName && local(call.agentName)]
                      .filter(Boolean)
                      .join(' · ')}
                </p>
              </div>
              <CaptureWords capture={capture} paused={call?.pause != null} />
              <div className={styles.rowEnd}>
                {call && <LiveBadge onAir={{ state: 'live', since: call.startedAt ?? call.openedAt }} />}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function troubled(capture: Capture | null): boolean {
  if (!capture) return false;
  return capture.state === 'lost' || (capture.state === 'waiting' && capture.bufferedMs > waitingTooLongMs);
}

function captureTone(capture: Capture): string | undefined {
  if (troubled(capture)) return styles.badWord;
  return capture.state === 'running' ? styles.goodWord : undefined;
}

function CaptureWords({ capture, paused }: { capture: Capture | null; paused: boolean }) {
  const { t } = useTranslation('operations');
  const format = useFormat();
  if (!capture) return <p className={styles.rowMeta}>{t('calls.noCapture')}</p>;
  const seconds = (capture.bufferedMs / 1000).toFixed(1);
  const { copies } = capture;
  const writing = copies.flatMap(({ workerId }) => (workerId === null ? [] : [recorderName(workerId)]));
  const missing = copies.length - writing.length;
  return (
    <div className={styles.capture}>
      <p className={captureTone(capture)}>
        {paused
          ? t('calls.paused')
          : capture.state === 'running'
            ? t('calls.running')
            : t(`calls.${capture.state}`, { seconds })}
      </p>
      <p className={styles.rowMeta}>
        {writing.length > 0 && (
          <span className={styles.rowPart}>
            {t('calls.copies', { count: writing.length, names: format.list(writing) })}
          </span>
        )}
        {missing > 0 && capture.state === 'running' && (
          <span className={`${styles.rowPart} ${styles.warnWord}`}>{t('calls.copyMissing')}</span>
        )}
        {capture.state === 'running' && capture.bufferedMs >= lagWorthSayingMs && (
          <span className={styles.rowPart}>{t('calls.lag', { seconds })}</span>
        )}
        <span className={styles.rowPart}>{t('calls.packets', { count: capture.packets })}</span>
      </p>
    </div>
  );
}
