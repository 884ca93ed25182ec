import { PhoneOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Call } from '#contract/calls.ts';
import { useLocalText } from '../../i18n/language.ts';
import { LiveBadge } from '../../ui/live-badge.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { VoiceName } from '../../ui/voice-name.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './live-call-list.module.css';
import type { useLiveCalls } from './use-live-calls.ts';

/** The next step towards hearing a call: the room is open, or a seat in it is free. */
export interface WayTo {
  readonly to: string;
  readonly step: 'join' | 'takeSeat';
}

/** Calls on air: what about, on which line, with whom, for how long, who listens. */
export function LiveCallList({
  query,
  wayTo,
}: {
  query: ReturnType<typeof useLiveCalls>;
  /** What this person can do to hear a call, if anything. */
  wayTo: (call: Call) => WayTo | null;
}) {
  const { t } = useTranslation('today');
  if (query.error && !query.data) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (!query.data) {
    return (
      <div className={styles.loading}>
        <LoadingRows rows={3} height={48} />
      </div>
    );
  }
  if (query.data.calls.length === 0) {
    return (
      <EmptyState icon={<PhoneOutlined />} title={t('live.empty')}>
        {t('live.emptyBody')}
      </EmptyState>
    );
  }
  const newestFirst = [...query.data.calls].sort((one, other) => other.openedAt - one.openedAt);
  return (
    <ul>
      {newestFirst.map((call) => (
        <LiveCallRow key={call.id} call={call} way={wayTo(call)} />
      ))}
    </ul>
  );
}

function LiveCallRow({ call, way }: { call: Call; way: WayTo | null }) {
  const { t } = useTranslation('today');
  const words = useTranslation('calls');
  const local = useLocalText();
  const { lineName, scenarioName } = useLines();
  const about = scenarioName(call.facts.scenarioId) || t('live.noScenario');
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <p className={styles.about}>
          {about}
          {call.facts.product && (
            <span className={styles.product}>
              {'\u00a0'}· {local(call.facts.product)}
            </span>
          )}
        </p>
        <p className={styles.meta}>
          <span>{lineName(call.lineId)}</span>
          {call.agentName && <VoiceName voice="agent">{local(call.agentName)}</VoiceName>}
          {call.pause && <span>{words.t('paused')}</span>}
          {call.listeners > 0 && <span>{t('live.listeners', { count: call.listeners })}</span>}
        </p>
      </div>
      <div className={styles.air}>
        <LiveBadge onAir={{ state: 'live', since: call.startedAt ?? call.openedAt }} />
        {way && <Link to={way.to}>{t(`live.${way.step}`)}</Link>}
      </div>
    </li>
  );
}
