import { CaretRightFilled, PauseOutlined, StepBackwardOutlined } from '@ant-design/icons';
import { Button, Segmented, Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format/use-format.ts';
import { SkipIcon } from '../../ui/skip-icon.tsx';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './shift-controls.module.css';
import { type ShiftSpeed, shiftSpeeds } from './time-shift/catch-up.ts';

export const stepMs = 10_000;
export const farStepMs = 30_000;

/** Back and forth in the call while it goes on, and how fast what was missed is heard. */
export function ShiftControls({
  session,
  state,
  compact,
}: {
  session: ListeningSession;
  state: ListeningState;
  /** On a phone: what is not at the thumb already. */
  compact: boolean;
}) {
  const { t } = useTranslation('listening');
  const format = useFormat();
  const { shift } = session;
  const shifted = state.shift !== null;
  const paused = state.shift?.paused ?? false;
  return (
    <section className={styles.controls} aria-label={t('shift.controls')}>
      <div className={styles.transport}>
        <Tool name={t('shift.beginning')} icon={<StepBackwardOutlined />} onClick={() => shift.seek(0)} />
        <Tool
          name={t('shift.back', { count: 30 })}
          icon={<SkipIcon seconds={30} />}
          onClick={() => shift.back(farStepMs)}
        />
        {!compact && (
          <>
            <Tool
              name={t('shift.back', { count: 10 })}
              icon={<SkipIcon seconds={10} />}
              onClick={() => shift.back(stepMs)}
            />
            <Tool
              name={t(paused ? 'shift.resume' : 'shift.pause')}
              icon={paused ? <CaretRightFilled /> : <PauseOutlined />}
              onClick={() => shift.togglePause()}
              testId="pause"
            />
            <Tool
              name={t('shift.forward', { count: 10 })}
              icon={<SkipIcon seconds={10} forward />}
              disabled={!shifted || state.shift?.atEdge === true}
              onClick={() => shift.forward(stepMs)}
            />
          </>
        )}
      </div>
      <div className={styles.pace}>
        {shifted && (
          <Segmented<ShiftSpeed>
            size="small"
            aria-label={t('shift.speed')}
            options={shiftSpeeds.map((value) => ({ value, label: `${value}×` }))}
            value={state.shift?.speed ?? 1}
            onChange={(speed) => shift.setSpeed(speed)}
          />
        )}
        {!compact && shifted && !state.shift?.atEdge && <GoLive session={session} state={state} />}
        {state.returnMs !== null && (
          <Button type="text" onClick={() => shift.returnToPlace()} data-testid="return">
            {t('shift.return', { at: format.clockLength(state.returnMs) })}
          </Button>
        )}
      </div>
    </section>
  );
}

/** Live at once; for a delayed seat, as near to it as it gets. */
function GoLive({ session, state }: { session: ListeningSession; state: ListeningState }) {
  const { t } = useTranslation('listening');
  if (state.call?.state === 'ended') return null;
  return (
    <Button
      className={styles.goLive ?? ''}
      data-delayed={state.delayMs !== null}
      icon={<span className={styles.dot} data-delayed={state.delayMs !== null} aria-hidden />}
      onClick={() => session.shift.goLive()}
      data-testid="go-live"
    >
      {t(state.delayMs === null ? 'shift.goLive' : 'shift.goToEdge')}
    </Button>
  );
}

function Tool({
  name,
  icon,
  onClick,
  disabled = false,
  testId,
}: {
  name: string;
  icon: ReactNode;
  onClick: () => void;
  disabled?: boolean;
  testId?: string;
}) {
  return (
    <Tooltip title={name} mouseEnterDelay={0.4}>
      <Button
        type="text"
        size="large"
        shape="circle"
        icon={icon}
        aria-label={name}
        disabled={disabled}
        onClick={onClick}
        {...(testId !== undefined && { 'data-testid': testId })}
      />
    </Tooltip>
  );
}
