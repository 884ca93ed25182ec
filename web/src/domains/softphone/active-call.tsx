import { PauseOutlined, PhoneOutlined, PlayCircleOutlined } from '@ant-design/icons';
import { Alert, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { PauseControl } from '../calls/pause-control.tsx';
import { CallClock } from './call-clock.tsx';
import { CustomerLink } from './customer-link.tsx';
import { MicrophoneNote } from './microphone-note.tsx';
import styles from './softphone.module.css';
import type { SoftphoneSession } from './softphone-session.ts';
import type { SoftphoneState } from './softphone-state.ts';
import { TalkPanel } from './talk-panel.tsx';

/** The call that is open: how it stands, the two voices, and what the agent may do. */
export function ActiveCall({
  session,
  state,
  call,
  link,
  onTake,
  onHangUp,
}: {
  session: SoftphoneSession;
  state: SoftphoneState;
  call: Call;
  link: string | null;
  /** Asks for the microphone again and joins. */
  onTake: () => void;
  onHangUp: () => void;
}) {
  const { t } = useTranslation('softphone');
  const app = useTranslation('app');
  const { lineName, scenarioName } = useLines();
  const hold = useHold(session);
  const { phase, held, microphone } = state;
  const inCall = phase === 'alone' || phase === 'talking' || phase === 'recovering';
  // Our own voice alone begins the call: it is the customer's leg that tells.
  const customerCame =
    state.talkingSince !== null ||
    call.legs.some((leg) => leg.role === 'customer' && leg.state !== 'waiting');
  const about = scenarioName(call.facts.scenarioId);
  return (
    <section className={styles.card} aria-label={lineName(call.lineId)}>
      <div className={styles.callHead}>
        <CallState state={state} />
        <p className={styles.muted}>
          {lineName(call.lineId)}
          {about && ` · ${about}`}
        </p>
      </div>

      {(microphone === 'refused' || microphone === 'missing') && (
        <MicrophoneNote
          microphone={microphone}
          onRetry={() => (phase === 'idle' ? onTake() : void session.retryMicrophone())}
        />
      )}
      {state.error && <ErrorNote error={state.error} />}
      {state.soundBlocked && (
        <Alert
          type="warning"
          showIcon
          title={t('action.soundOn')}
          action={<Button onClick={() => session.unblockSound()}>{t('action.soundOn')}</Button>}
        />
      )}
      {phase === 'alone' && !customerCame && <CustomerLink link={link} />}

      <div className={styles.panels}>
        <TalkPanel
          voice="agent"
          name={t('you')}
          on={microphone === 'on' && phase !== 'asking-microphone'}
          read={session.ownLevel}
          height={96}
          note={held ? t('state.held') : undefined}
        />
        <TalkPanel
          voice="customer"
          name={app.t('voice.customer')}
          on={phase === 'talking'}
          read={session.otherLevel}
          height={96}
          note={phase === 'talking' ? undefined : t('notHere')}
        />
      </div>
      {held && <p className={styles.muted}>{t('state.heldHint')}</p>}
      {phase === 'talking' && state.otherQuiet && !held && (
        <p className={styles.muted} role="status">
          {t('state.otherQuiet')}
        </p>
      )}

      {call.state === 'live' && (
        <PauseControl call={call} tellsListeners={'notice' in call && call.notice === 'live'} />
      )}
      {hold.error !== null && <ErrorNote error={hold.error} />}
      <div className={styles.buttons}>
        {phase === 'idle' && state.error && (
          <Button type="primary" size="large" onClick={onTake}>
            {t('action.again')}
          </Button>
        )}
        <Button
          size="large"
          disabled={!inCall}
          loading={hold.pending}
          icon={held ? <PlayCircleOutlined aria-hidden /> : <PauseOutlined aria-hidden />}
          type={held ? 'primary' : 'default'}
          aria-pressed={held}
          onClick={() => hold.set(!held)}
          data-testid="hold"
        >
          {t(held ? 'action.resume' : 'action.hold')}
        </Button>
        <Button
          size="large"
          danger
          type={phase === 'talking' && !held ? 'primary' : 'default'}
          icon={<PhoneOutlined rotate={225} aria-hidden />}
          onClick={onHangUp}
          data-testid="hang-up"
        >
          {t('action.hangUp')}
        </Button>
      </div>
      <p className={styles.notice}>{t('desk.notice')}</p>
    </section>
  );
}

function CallState({ state }: { state: SoftphoneState }) {
  const { t } = useTranslation('softphone');
  const { phase, held } = state;
  if (phase === 'idle' || phase === 'ended') return null;
  const heldNow = held && (phase === 'talking' || phase === 'alone');
  const away = phase === 'alone' && state.talkingSince !== null;
  const tone =
    heldNow || away || phase === 'recovering' ? styles.amber : phase === 'talking' ? styles.live : '';
  const hint =
    phase === 'recovering'
      ? t('state.recoveringHint')
      : phase === 'asking-microphone'
        ? t('state.askingHint')
        : null;
  return (
    <>
      <h2 className={`${styles.bigState} ${tone}`}>
        <span className={styles.dot} aria-hidden />
        {t(`state.${heldNow ? 'held' : away ? 'away' : phase}`)}
        {state.talkingSince !== null && phase !== 'recovering' && (
          <span className={styles.clock}>
            <CallClock since={state.talkingSince} />
          </span>
        )}
      </h2>
      {hint && <p className={styles.muted}>{hint}</p>}
    </>
  );
}

function useHold(session: SoftphoneSession) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const set = async (held: boolean) => {
    setPending(true);
    setError(null);
    try {
      await session.hold(held);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setPending(false);
    }
  };
  return { pending, error, set: (held: boolean) => void set(held) };
}
