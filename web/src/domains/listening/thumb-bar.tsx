import { CaretRightFilled, PauseOutlined, StepForwardOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import { SkipIcon } from '../../ui/skip-icon.tsx';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import type { RoomMood } from './room-mood.ts';
import { stepMs } from './shift-controls.tsx';
import styles from './thumb-bar.module.css';

/** While a call is heard on a phone: what one thumb needs. `children` stand in the middle, for a mark. */
export function ThumbBar({
  session,
  state,
  mood,
  next,
  onListen,
  children,
}: {
  session: ListeningSession;
  state: ListeningState;
  mood: RoomMood;
  next: Call | null;
  onListen: (callId: string) => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation('listening');
  const { shift } = session;
  const paused = state.shift?.paused ?? false;
  const mayGoLive = state.shift !== null && !state.shift.atEdge && state.call?.state !== 'ended';
  return (
    <div className={styles.bar}>
      <ThumbButton
        icon={<span className={styles.stop} />}
        word={t('thumb.stop')}
        onClick={() => session.leave()}
        testId="leave"
      />
      <ThumbButton
        icon={<SkipIcon seconds={10} />}
        word={t('thumb.again')}
        onClick={() => shift.back(stepMs)}
        testId="again"
      />
      {children}
      <ThumbButton
        icon={paused ? <CaretRightFilled /> : <PauseOutlined />}
        word={t(paused ? 'thumb.resume' : 'thumb.pause')}
        onClick={() => shift.togglePause()}
        testId="pause"
      />
      {mayGoLive ? (
        <ThumbButton
          icon={<span className={styles.dot} data-delayed={state.delayMs !== null} />}
          word={t(state.delayMs === null ? 'thumb.live' : 'thumb.edge')}
          onClick={() => shift.goLive()}
          testId="go-live"
        />
      ) : (
        <ThumbButton
          icon={<StepForwardOutlined />}
          word={t('thumb.next')}
          disabled={!mood.mayListen || !next}
          onClick={() => next && onListen(next.id)}
          testId="next-call"
        />
      )}
    </div>
  );
}

/** An icon over a word, as wide as its share of the bar. */
export function ThumbButton({
  icon,
  word,
  onClick,
  disabled = false,
  testId,
}: {
  icon: ReactNode;
  word: string;
  onClick: () => void;
  disabled?: boolean;
  testId: string;
}) {
  return (
    <button
      type="button"
      className={styles.button}
      disabled={disabled}
      onClick={onClick}
      data-testid={testId}
    >
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      {word}
    </button>
  );
}
