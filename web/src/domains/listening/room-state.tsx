import { LockOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useLines } from '../businesses/use-lines.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';
import { nextCallOf, type RoomMood } from './room-mood.ts';
import { heardHow, useShiftWords } from './shift-words.ts';

/** The one glance: red and running when it is live, amber while the line is being found again, grey when it is over. */
export function RoomState({
  state,
  slot,
  mood,
  now,
}: {
  state: ListeningState;
  slot: Slot;
  mood: RoomMood;
  now: number;
}) {
  const { t } = useTranslation('listening');
  const app = useTranslation('app');
  const format = useFormat();
  const { scenarioName } = useLines();
  const { phase, call } = state;
  const shifted = useShiftWords(state);
  const next = nextCallOf(state);
  const since = call?.startedAt ?? call?.openedAt ?? now;
  const length = call?.endedAt && call.startedAt ? format.clockLength(call.endedAt - call.startedAt) : null;

  const shown = () => {
    if (phase === 'live' && shifted) {
      return { tone: styles.behind, words: shifted.words, clock: shifted.figure, hint: shifted.hint };
    }
    if (phase === 'live' && call?.pause) {
      const time = format.timeOfDay(call.pause.since);
      return {
        tone: styles.private,
        icon: <LockOutlined aria-hidden />,
        words: t(`state.pausedBy.${call.pause.by}`),
        clock: format.clockLength(now - call.pause.since),
        hint: t('state.pausedHint', { time }),
      };
    }
    if (phase === 'live') {
      return {
        tone: styles.live,
        words: app.t('live'),
        clock: format.clockLength(now - since),
        hint: mood.time === 'over' ? t('state.lastCallHint') : <About state={state} />,
      };
    }
    if (phase === 'recovering')
      return { tone: styles.behind, words: t('state.recovering'), hint: t('state.recoveringHint') };
    if (phase === 'joining')
      return { tone: styles.quiet, words: t('state.joining'), hint: <About state={state} /> };
    if (phase === 'waiting')
      return { tone: styles.quiet, words: t('state.waiting'), hint: t('state.waitingHint') };
    if (phase === 'ended')
      return { tone: styles.over, words: app.t('over'), clock: length, hint: t('state.endedHint') };
    if (mood.time === 'over')
      return { tone: styles.over, words: t('state.slotOver'), hint: t('state.slotOverHint') };
    if (mood.time === 'before') {
      const time = format.timeOfDay(slot.startsAt);
      return { tone: styles.quiet, words: t('state.before'), hint: t('state.beforeHint', { time }) };
    }
    const count = state.calls.length;
    return {
      tone: count > 0 ? styles.ready : styles.quiet,
      words: t('state.idle', { count }),
      hint:
        state.delayMs === null
          ? t(count > 0 ? 'state.idleHint' : 'state.idleHintNone')
          : t('shift.delayedSeat', { count: Math.round(state.delayMs / 1000) }),
    };
  };

  const { tone, words, clock, hint, icon } = { clock: null, icon: null, ...shown() };
  return (
    <div
      className={styles.state}
      data-testid="live-state"
      data-phase={phase}
      data-paused={call?.pause != null}
      data-heard={mood.hearing ? heardHow(state) : 'nothing'}
    >
      <p className={`${styles.big} ${tone}`}>
        {icon ?? <span className={styles.dot} aria-hidden />}
        <span>{words}</span>
        {clock !== null && <span className={styles.clock}>{clock}</span>}
      </p>
      <p className={styles.hint}>{hint}</p>
      {phase === 'ended' && next && mood.mayListen && (
        <p className={styles.nextHint}>
          {t('state.endedNext', { about: scenarioName(next.facts.scenarioId) || t('calls.about') })}
        </p>
      )}
    </div>
  );
}

/** In one line, what the call is about. */
function About({ state }: { state: ListeningState }) {
  const { t } = useTranslation('listening');
  const local = useLocalText();
  const { scenarioName } = useLines();
  const facts = state.call?.facts;
  const about = scenarioName(facts?.scenarioId) || t('calls.about');
  return <>{facts?.product ? `${about}\u00a0· ${local(facts.product)}` : about}</>;
}
