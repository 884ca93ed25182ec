import { StepForwardOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import { useLocalText } from '../../i18n/language.ts';
import { Elapsed } from '../../ui/live-badge.tsx';
import { useLines } from '../businesses/use-lines.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';
import type { RoomMood } from './room-mood.ts';

/** The line's other calls in view, and the next one a step away. */
export function LiveCalls({
  state,
  mood,
  next,
  onListen,
  withNext,
}: {
  state: ListeningState;
  mood: RoomMood;
  next: Call | null;
  onListen: (callId: string) => void;
  /** Shows the button for the next call; on a phone it stands by the thumb. */
  withNext: boolean;
}) {
  const { t } = useTranslation('listening');
  const others = state.calls.filter((call) => call.id !== state.call?.id);
  const offer = withNext && mood.hearing && next !== null;
  return (
    <section className={styles.card} aria-label={t('calls.heading')}>
      <h2 className={styles.cardTitle}>{t('calls.heading')}</h2>
      {others.length === 0 ? (
        <p className={styles.muted}>{t('calls.none')}</p>
      ) : (
        <ul className={styles.calls}>
          {others.map((call) => (
            <OtherCall key={call.id} call={call} mayListen={mood.mayListen} onListen={onListen} />
          ))}
        </ul>
      )}
      {offer && (
        <Button
          block
          icon={<StepForwardOutlined aria-hidden />}
          disabled={!mood.mayListen}
          onClick={() => onListen(next.id)}
          data-testid="next-call"
        >
          {t('action.next')}
        </Button>
      )}
    </section>
  );
}

function OtherCall({
  call,
  mayListen,
  onListen,
}: {
  call: Call;
  mayListen: boolean;
  onListen: (callId: string) => void;
}) {
  const { t } = useTranslation('listening');
  const words = useTranslation('calls');
  const local = useLocalText();
  const { scenarioName } = useLines();
  const about = scenarioName(call.facts.scenarioId) || t('calls.about');
  return (
    <li className={styles.otherCall}>
      <div className={styles.otherWords}>
        <p className={styles.otherAbout}>{about}</p>
        <p className={styles.otherMeta}>
          <span className={styles.onAir} aria-hidden />
          <Elapsed since={call.startedAt ?? call.openedAt} />
          {call.agentName && <span>{local(call.agentName)}</span>}
          {call.pause && <span>{words.t('paused')}</span>}
          {call.listeners > 0 && <span>{t('calls.listeners', { count: call.listeners })}</span>}
        </p>
      </div>
      {mayListen && (
        <Button
          size="small"
          type="text"
          aria-label={t('calls.hearCall', { about })}
          onClick={() => onListen(call.id)}
        >
          {t('calls.hear')}
        </Button>
      )}
    </li>
  );
}
