import { Segmented, Slider } from 'antd';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { LegRole } from '#contract/primitives.ts';
import { useLocalText } from '../../i18n/language.ts';
import { VoiceMeter } from '../../ui/voice-meter.tsx';
import { VoiceName } from '../../ui/voice-name.tsx';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';
import type { Side, VoiceBalance } from './voice-mixer.ts';

type PanelSide = 'agent' | 'customer';

/** Who is on this side of the call: a bot stands where the agent would until one takes over. */
function roleOn(side: PanelSide, state: ListeningState): LegRole {
  const legs = state.call?.legs ?? [];
  const bot = side === 'agent' && legs.some(({ role }) => role === 'bot');
  return bot && !legs.some(({ role, state: leg }) => role === 'agent' && leg !== 'ended') ? 'bot' : side;
}

function useVoiceName(state: ListeningState): (role: LegRole) => string {
  const { t } = useTranslation('app');
  const local = useLocalText();
  return (role) => {
    if (role === 'agent' && state.call?.agentName) return local(state.call.agentName);
    if (role === 'customer' && state.call?.customerMasked) return state.call.customerMasked;
    return t(`voice.${role}`);
  };
}

function NameOrNumber({ children }: { children: string }) {
  return <span className={children.startsWith('•') ? styles.masked : undefined}>{children}</span>;
}

/** One big voice: whose it is, whether it speaks, and how it comes to the ears. */
export function VoicePanel({
  side,
  session,
  state,
  compact,
  balance,
  onBalance,
}: {
  side: PanelSide;
  session: ListeningSession;
  state: ListeningState;
  /** On a phone: name and meter only. */
  compact: boolean;
  balance: VoiceBalance;
  onBalance: (balance: VoiceBalance) => void;
}) {
  const { t } = useTranslation('listening');
  const app = useTranslation('app');
  const panel = useRef<HTMLElement>(null);
  const role = roleOn(side, state);
  const name = useVoiceName(state)(role);
  const roleName = app.t(`voice.${role}`);
  const legs = state.call?.legs.filter((leg) => leg.role === role && leg.state !== 'ended') ?? [];
  // Hold and pause are of now; who hears the call from before is told by what they hear.
  const shifted = state.shift !== null;
  const held = !shifted && legs.length > 0 && legs.every((leg) => leg.state === 'held');
  const hearing = state.phase === 'live' || state.phase === 'recovering' || state.phase === 'joining';
  const paused = !shifted && state.phase === 'live' && state.call?.pause != null;
  const on = hearing && !paused && (shifted ? !state.shift?.paused : state.voices.includes(role));
  // Written to the page directly: who speaks changes several times a second and is nobody else's state.
  const speaking = (speaks: boolean) => panel.current?.setAttribute('data-speaking', String(speaks && on));
  return (
    <section
      ref={panel}
      className={styles.voice}
      data-voice={side}
      aria-label={roleName}
      data-testid={`voice-${side}`}
      data-on={on}
    >
      <header className={styles.voiceHead}>
        <h2 className={styles.voiceName}>
          <VoiceName voice={role}>
            <NameOrNumber>{name}</NameOrNumber>
          </VoiceName>
        </h2>
        {name !== roleName && <span className={styles.voiceRole}>{roleName}</span>}
        <span className={styles.voiceState}>
          {paused ? (
            t('voice.paused')
          ) : held ? (
            t('voice.held')
          ) : hearing && !shifted && state.phase === 'live' && !on ? (
            t('voice.absent')
          ) : (
            <span className={styles.speaking} aria-hidden>
              {t('voice.speaking')}
            </span>
          )}
        </span>
      </header>
      <VoiceMeter
        read={() => session.mixer.level(role)}
        voice={role}
        on={on}
        height={compact ? 48 : 96}
        onSpeaking={speaking}
      />
      {!compact && <Balance role={role} name={name} balance={balance} onBalance={onBalance} />}
    </section>
  );
}

/** On a phone volumes and sides stand below, out of the thumb's way. */
export function BalanceSettings({
  state,
  balance,
  onBalance,
}: {
  state: ListeningState;
  balance: VoiceBalance;
  onBalance: (balance: VoiceBalance) => void;
}) {
  const { t } = useTranslation('listening');
  const nameOf = useVoiceName(state);
  return (
    <section className={styles.card} aria-label={t('voice.settings')}>
      <h2 className={styles.cardTitle}>{t('voice.settings')}</h2>
      {(['agent', 'customer'] as const).map((side) => {
        const role = roleOn(side, state);
        return (
          <div key={side} className={styles.balanceRow}>
            <VoiceName voice={role}>
              <NameOrNumber>{nameOf(role)}</NameOrNumber>
            </VoiceName>
            <Balance role={role} name={nameOf(role)} balance={balance} onBalance={onBalance} />
          </div>
        );
      })}
    </section>
  );
}

function Balance({
  role,
  name,
  balance,
  onBalance,
}: {
  role: LegRole;
  name: string;
  balance: VoiceBalance;
  onBalance: (balance: VoiceBalance) => void;
}) {
  const { t } = useTranslation('listening');
  const { volume, side } = balance[role];
  const percent = Math.round(volume * 100);
  const sides: { value: Side; label: string }[] = [
    { value: -1, label: t('voice.left') },
    { value: 0, label: t('voice.middle') },
    { value: 1, label: t('voice.right') },
  ];
  return (
    <div className={styles.balance}>
      <span className={styles.balanceWord} aria-hidden>
        {t('voice.volume')}
      </span>
      <Slider
        className={styles.volume ?? ''}
        min={0}
        max={150}
        step={5}
        value={percent}
        ariaLabelForHandle={t('voice.volumeOf', { name })}
        tooltip={{ formatter: (value) => `${value} %` }}
        onChange={(value) => onBalance({ ...balance, [role]: { volume: value / 100, side } })}
      />
      <Segmented<Side>
        size="small"
        aria-label={t('voice.sideOf', { name })}
        options={sides}
        value={side}
        onChange={(value) => onBalance({ ...balance, [role]: { volume, side: value } })}
      />
    </div>
  );
}
