import { LockOutlined, PlayCircleOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useEffectEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type Call, callsEndpoints } from '#contract/calls.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useNow } from '../../app/server-clock.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import styles from './pause-control.module.css';

/**
 * For the agent of a call: one button that keeps listeners and the recording out while the customer says something
 * private. The two go on talking.
 */
export function PauseControl({
  call,
  tellsListeners = true,
}: {
  call: Call;
  /** Whether the line tells its agents at once how many listen. */
  tellsListeners?: boolean;
}) {
  const { t } = useTranslation('calls');
  const refresh = [softphoneEndpoints.mine, callsEndpoints.live];
  const pause = useApiCommand(callsEndpoints.pause, { refresh });
  const resume = useApiCommand(callsEndpoints.resume, { refresh });
  const paused = call.pause !== null;
  const pending = pause.isPending || resume.isPending;
  // Somebody else may have done it meanwhile: then the state beside the button says enough.
  const error = pause.error?.code === 'call.paused' ? null : (pause.error ?? resume.error);
  usePauseAnnouncements(call);
  const toggle = () => {
    const input = { params: { id: call.id } };
    pause.reset();
    resume.reset();
    if (paused) resume.mutate(input);
    else pause.mutate(input);
  };
  return (
    <div
      className={`${styles.control} ${paused ? styles.paused : ''}`}
      data-testid="pause-control"
      data-paused={paused}
    >
      <div className={styles.row}>
        <div className={styles.words}>
          {call.pause ? <Paused pause={call.pause} /> : <Open call={call} tellsListeners={tellsListeners} />}
        </div>
        <Button
          size="large"
          type={paused ? 'primary' : 'default'}
          icon={paused ? <PlayCircleOutlined aria-hidden /> : <LockOutlined aria-hidden />}
          loading={pending}
          aria-pressed={paused}
          onClick={toggle}
          data-testid="pause"
        >
          {t(paused ? 'pause.resume' : 'pause.begin')}
        </Button>
      </div>
      {error && <ErrorNote error={error} />}
    </div>
  );
}

function Open({ call, tellsListeners }: { call: Call; tellsListeners: boolean }) {
  const { t } = useTranslation('calls');
  const nobody = tellsListeners ? t('pause.openNobody') : t('pause.openUntold');
  return (
    <>
      <p className={styles.state}>
        {call.listeners > 0 ? t('pause.open', { count: call.listeners }) : nobody}
      </p>
      <p className={styles.hint}>{t('pause.why')}</p>
    </>
  );
}

function Paused({ pause }: { pause: NonNullable<Call['pause']> }) {
  const { t } = useTranslation('calls');
  const format = useFormat();
  const now = useNow();
  return (
    <>
      <p className={styles.state}>
        <LockOutlined aria-hidden /> {t('pause.paused')}{' '}
        <span className={styles.clock}>{format.clockLength(now - pause.since)}</span>
      </p>
      <p className={styles.hint}>
        {t('pause.nobody')} {t('pause.until', { left: format.clockLength(pause.until - now) })}
      </p>
    </>
  );
}

/** Says to screen readers when it begins and ends, whoever did it. */
function usePauseAnnouncements({ id, pause }: Call): void {
  const { t } = useTranslation('calls');
  const announce = useAnnounce();
  const paused = pause !== null;
  const known = useRef({ id, paused });
  const changed = useEffectEvent(() => {
    const before = known.current;
    known.current = { id, paused };
    if (before.id !== id || before.paused === paused) return;
    announce(t(paused ? 'pause.saidPaused' : 'pause.saidResumed'), { urgent: true });
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: they say when to look, the effect event reads the rest.
  useEffect(() => changed(), [id, paused]);
}
