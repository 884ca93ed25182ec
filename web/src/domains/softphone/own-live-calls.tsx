import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocalText } from '../../i18n/language.ts';
import { LiveBadge } from '../../ui/live-badge.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { PauseControl } from '../calls/pause-control.tsx';
import styles from './softphone.module.css';
import { useOwnCalls } from './use-own-calls.ts';

/**
 * The agent's calls on the telephone: they are talked over elsewhere, and paused here. With `all` the browser's, too,
 * where no softphone is on the page.
 */
export function OwnLiveCalls({ all = false, none }: { all?: boolean; none?: ReactNode }) {
  const { t } = useTranslation('calls');
  const words = useTranslation('softphone');
  const local = useLocalText();
  const { lineName, scenarioName } = useLines();
  const own = useOwnCalls();
  const live =
    own.data?.calls.filter((call) => (all || call.origin === 'rtp') && call.state === 'live') ?? [];
  if (own.data && live.length === 0) return none;
  return live.map((call) => {
    const about = scenarioName(call.facts.scenarioId) || words.t('own.noScenario');
    return (
      <article key={call.id} className={styles.card} aria-label={t('my.heading')} data-testid="own-live-call">
        <div className={styles.callHead}>
          <h2 className={styles.liveAbout}>
            {call.facts.product ? `${about}\u00a0· ${local(call.facts.product)}` : about}
          </h2>
          <p className={styles.liveMeta}>
            <LiveBadge onAir={{ state: 'live', since: call.startedAt ?? call.openedAt }} />
            <span>{lineName(call.lineId)}</span>
          </p>
        </div>
        <PauseControl call={call} tellsListeners={call.notice === 'live'} />
      </article>
    );
  });
}
