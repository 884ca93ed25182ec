import { CustomerServiceOutlined, StepForwardOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { Call } from '#contract/calls.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';
import type { RoomMood } from './room-mood.ts';

interface Actions {
  readonly state: ListeningState;
  readonly mood: RoomMood;
  readonly next: Call | null;
  readonly onListen: (callId?: string) => void;
  readonly onLeave: () => void;
}

/** The one obvious thing to do now. */
export function MainAction({ state, mood, next, onListen, onLeave }: Actions) {
  const { t } = useTranslation('listening');
  const navigate = useNavigate();
  const look = { size: 'large', className: styles.mainButton ?? '' } as const;
  // Each is a button of its own: whoever has pressed Listen does not stand on Stop with the same key.
  if (mood.hearing || state.phase === 'waiting') {
    const word =
      state.phase === 'waiting' ? 'stopWaiting' : state.phase === 'recovering' ? 'stopTrying' : 'stop';
    return (
      <Button
        key="stop"
        {...look}
        color="default"
        variant="filled"
        icon={<span className={styles.stopMark} aria-hidden />}
        onClick={onLeave}
        data-testid="leave"
      >
        {t(`action.${word}`)}
      </Button>
    );
  }
  if (mood.time === 'over') {
    return (
      <Button key="seats" {...look} type="primary" onClick={() => void navigate('/seats')}>
        {t('action.seats')}
      </Button>
    );
  }
  if (state.phase === 'ended') {
    return (
      <Button
        key="next"
        {...look}
        type="primary"
        icon={<StepForwardOutlined aria-hidden />}
        disabled={!mood.mayListen}
        onClick={() => onListen(next?.id)}
        data-testid="next-call"
      >
        {t('action.next')}
      </Button>
    );
  }
  return (
    <Button
      key="listen"
      {...look}
      type="primary"
      icon={<CustomerServiceOutlined aria-hidden />}
      disabled={!mood.mayListen}
      onClick={() => onListen(next?.id)}
      data-testid="listen"
    >
      {t(next ? 'action.listen' : 'action.listenWhenLive')}
    </Button>
  );
}
