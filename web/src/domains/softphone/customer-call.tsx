import { AudioOutlined, PhoneFilled } from '@ant-design/icons';
import { Alert, Button } from 'antd';
import { useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { asApiError } from '../../app/api-error.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { CallClock } from './call-clock.tsx';
import styles from './customer-page.module.css';
import { MicrophoneNote } from './microphone-note.tsx';
import type { SoftphoneSession } from './softphone-session.ts';
import type { SoftphoneState } from './softphone-state.ts';
import { TalkPanel } from './talk-panel.tsx';
import { useCallAnnouncements, useSoftphone, useSoftphoneSession } from './use-softphone.ts';

export function CustomerCall({ callId, token }: { callId: string; token: string }) {
  const session = useSoftphoneSession();
  return session && <Call session={session} callId={callId} token={token} />;
}

interface Shown {
  readonly title: string;
  readonly hint?: string;
  readonly tone?: 'live' | 'amber';
}

function Call({ session, callId, token }: { session: SoftphoneSession; callId: string; token: string }) {
  const { t } = useTranslation('softphone');
  const state = useSoftphone(session);
  useCallAnnouncements(state);
  useEndWhileAway(session, state, token);
  const shown = useWords(state);
  const { phase } = state;
  const quiet = phase === 'talking' && state.otherQuiet;
  const talk = () => void session.talk(callId);
  const inCall = phase === 'alone' || phase === 'talking' || phase === 'recovering';

  return (
    <div className={styles.middle} data-testid="customer-state" data-phase={phase} data-quiet={quiet}>
      <div className={styles.words}>
        <h1 className={`${styles.title} ${shown.tone ? styles[shown.tone] : ''}`}>{shown.title}</h1>
        {phase === 'talking' && state.talkingSince !== null && (
          <p className={styles.clock}>
            <CallClock since={state.talkingSince} />
          </p>
        )}
        {shown.hint && <p className={styles.hint}>{shown.hint}</p>}
      </div>

      {inCall && <Voices session={session} state={state} />}

      {(state.microphone === 'refused' || state.microphone === 'missing') && (
        <MicrophoneNote
          microphone={state.microphone}
          onRetry={() => (phase === 'idle' ? talk() : void session.retryMicrophone())}
        />
      )}
      {state.error && phase === 'idle' && <ErrorNote error={state.error} />}
      {state.soundBlocked && (
        <Alert
          type="warning"
          showIcon
          title={t('action.soundOn')}
          action={<Button onClick={() => session.unblockSound()}>{t('action.soundOn')}</Button>}
        />
      )}

      {phase === 'idle' && (
        <button type="button" className={styles.talk} onClick={talk} data-testid="talk">
          <PhoneFilled aria-hidden />
          {t('customer.talk')}
        </button>
      )}
      {(phase === 'asking-microphone' || phase === 'joining') && (
        <span className={`${styles.talk} ${styles.busy}`} aria-hidden>
          <AudioOutlined aria-hidden />
        </span>
      )}
      {inCall && (
        <Button
          danger
          type="primary"
          size="large"
          shape="round"
          className={styles.hangUp ?? ''}
          icon={<PhoneFilled rotate={225} aria-hidden />}
          onClick={() => void session.hangUp()}
          data-testid="hang-up"
        >
          {t('customer.hangUp')}
        </Button>
      )}
      {state.endedBy === 'another-window' && (
        <Button size="large" onClick={talk}>
          {t('customer.takeBack')}
        </Button>
      )}

      {phase !== 'ended' && (
        <div className={styles.privacy}>
          <p>{t('customer.recorded')}</p>
          <p>{t('customer.protected')}</p>
        </div>
      )}
    </div>
  );
}

function useWords(state: SoftphoneState): Shown {
  const { t } = useTranslation('softphone');
  const local = useLocalText();
  const format = useFormat();
  switch (state.phase) {
    case 'idle':
      return {
        title: t(state.error ? 'customer.failed' : 'customer.welcome'),
        ...(!state.error && { hint: t('customer.welcomeHint') }),
      };
    case 'asking-microphone':
      return { title: t('customer.asking'), hint: t('customer.askingHint') };
    case 'joining':
      return { title: t('customer.joining') };
    case 'alone':
      // They were here already: their line is being mended, or their page was loaded anew.
      if (state.talkingSince !== null)
        return { title: t('customer.away'), hint: t('customer.recoveringHint'), tone: 'amber' };
      return { title: t('customer.alone'), hint: t('customer.aloneHint') };
    case 'recovering':
      return { title: t('customer.recovering'), hint: t('customer.recoveringHint'), tone: 'amber' };
    case 'talking': {
      if (state.otherQuiet)
        return { title: t('customer.quiet'), hint: t('customer.quietHint'), tone: 'amber' };
      const name = state.call?.agentName;
      return {
        title: name ? t('customer.talking', { name: local(name) }) : t('customer.talkingNobody'),
        tone: 'live',
      };
    }
    case 'ended':
      if (state.endedBy === 'another-window')
        return { title: t('customer.elsewhere'), hint: t('customer.elsewhereHint') };
      if (state.talkedMs === null)
        return { title: t('customer.endedEarly'), hint: t('customer.endedEarlyHint') };
      return {
        title: t('customer.ended'),
        hint: t('customer.endedTalked', { length: format.spokenLength(state.talkedMs) }),
      };
  }
}

function Voices({ session, state }: { session: SoftphoneSession; state: SoftphoneState }) {
  const { t } = useTranslation('softphone');
  const local = useLocalText();
  const name = state.call?.agentName;
  return (
    <div className={styles.voices}>
      <TalkPanel
        voice="agent"
        name={name ? local(name) : t('customer.agent')}
        on={state.phase === 'talking'}
        read={session.otherLevel}
        height={56}
        note={state.phase === 'talking' ? undefined : t('notHere')}
      />
      <TalkPanel
        voice="customer"
        name={t('you')}
        on={state.microphone === 'on'}
        read={session.ownLevel}
        height={56}
      />
    </div>
  );
}

/**
 * A call that ended while our socket was away: the server lets the link's holder in no more, so nobody tells us.
 * The link itself says it.
 */
function useEndWhileAway(session: SoftphoneSession, state: SoftphoneState, token: string): void {
  const away = state.phase === 'recovering';
  const link = useApiQuery(
    softphoneEndpoints.link,
    { params: { token } },
    { enabled: away, refreshEveryMs: 3_000, staleTimeMs: 1_000 },
  );
  const code = away && link.error ? asApiError(link.error).code : null;
  const over = code === 'customer-link.used' || code === 'customer-link.unknown';
  const end = useEffectEvent(() => session.ended());
  useEffect(() => {
    if (over) end();
  }, [over]);
}
