import { Alert, Button } from 'antd';
import { useEffect, useEffectEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { Slot } from '#contract/seats.ts';
import { useNow } from '../../app/server-clock.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useLiveMoments } from '../bookmarks/live-moments.tsx';
import { ClipFromMark } from '../clips/clip-from-mark.tsx';
import { MoveNotice } from '../rooms/move-section.tsx';
import { TogetherPanel } from '../rooms/together-panel.tsx';
import { useRoom } from '../rooms/use-room.ts';
import { useRoomMoves } from '../rooms/use-room-moves.ts';
import { CallFacts } from './call-facts.tsx';
import { CallTimeline } from './call-timeline.tsx';
import { FollowPanel } from './follow-panel.tsx';
import { LineWords } from './line-words.tsx';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import { LiveCalls } from './live-calls.tsx';
import styles from './live-room.module.css';
import { NobodyHears } from './nobody-hears.tsx';
import { MainAction } from './room-actions.tsx';
import { useRoomKeys } from './room-keys.ts';
import { moodOf, nextCallOf } from './room-mood.ts';
import { type RoomPanel, RoomPanels } from './room-panels.tsx';
import { RoomState } from './room-state.tsx';
import { RoomTop } from './room-top.tsx';
import { Roster } from './roster.tsx';
import { ShiftControls } from './shift-controls.tsx';
import { SoundCheck } from './sound-check.tsx';
import { ThumbBar } from './thumb-bar.tsx';
import { useAnnouncements } from './use-announcements.ts';
import { useFollowedNext, useFollowSession } from './use-follow-session.ts';
import { useBalance } from './use-listening-session.ts';
import { BalanceSettings, VoicePanel } from './voice-panel.tsx';

/** The room: what is live, who speaks, how good the line is; and at the side what the call is about and who else is here. */
export function LiveRoom({
  session,
  state,
  slot,
}: {
  session: ListeningSession;
  state: ListeningState;
  slot: Slot;
}) {
  const phone = useIsPhone();
  const now = useNow();
  const mood = moodOf(state, slot, now);
  const follow = useFollowSession(session, slot.id);
  const next = useFollowedNext(follow) ?? nextCallOf(state);
  const [balance, setBalance] = useBalance(session);
  useAnnouncements(state);
  useChosenCall(session, state, mood.mayListen);

  const listen = (callId?: string) => session.listen(callId);
  const room = useRoom(slot.id);
  const moments = useLiveMoments(session, state, slot, (moment, callId) => (
    <ClipFromMark moment={moment} callId={callId} />
  ));
  const moves = useRoomMoves(room?.state ?? null, session, state);
  // The room's keys; every part of the product adds its own behind them.
  const keys = [...useRoomKeys(session, state, { mood, next }), ...(room?.keys ?? []), ...moments.keys];

  const voices = (
    <div className={styles.voices}>
      {(['agent', 'customer'] as const).map((side) => (
        <VoicePanel
          key={side}
          side={side}
          session={session}
          state={state}
          compact={phone}
          balance={balance}
          onBalance={setBalance}
        />
      ))}
    </div>
  );
  const line =
    mood.hearing || state.phase === 'waiting' ? (
      <LineWords state={state} />
    ) : (
      <div className={styles.lineSpot}>
        <SoundCheck session={session} state={state} />
      </div>
    );
  const actions = { state, mood, next, onListen: listen, onLeave: () => session.leave() };

  // Beside the voices, a subject each; every part of the product adds its own panel as one line.
  const panels: RoomPanel[] = [
    {
      key: 'call',
      content: (
        <>
          <CallFacts state={state} />
          <LiveCalls state={state} mood={mood} next={next} onListen={listen} withNext={!phone} />
          <Roster state={state} />
          {phone && <BalanceSettings state={state} balance={balance} onBalance={setBalance} />}
        </>
      ),
    },
  ];
  if (room) {
    const content = <TogetherPanel room={room} session={session} hearing={state} />;
    panels.push({ key: 'room', content, fresh: room.fresh });
  }

  panels.push({ key: 'moments', content: moments.panel });

  return (
    <>
      <RoomTop slot={slot} now={now} keys={keys} />
      <div className={styles.columns}>
        <div className={styles.stage}>
          <RoomState state={state} slot={slot} mood={mood} now={now} />
          <Notices session={session} state={state} />
          <MoveNotice moves={moves} hearing={state} />
          {follow && <FollowPanel session={session} state={state} slot={slot} follow={follow} />}
          {voices}
          {state.call && (mood.hearing || state.phase === 'ended') && (
            <div className={styles.timeline}>
              <CallTimeline
                session={session}
                state={state}
                mood={mood}
                marks={moments.pins}
                compact={phone}
              />
              {moments.below(
                mood.hearing && <ShiftControls session={session} state={state} compact={phone} />,
              )}
            </div>
          )}
          {phone ? (
            <div className={styles.words}>
              {line}
              <NobodyHears />
            </div>
          ) : (
            <div className={styles.controls}>
              {line}
              <MainAction {...actions} />
              <NobodyHears />
            </div>
          )}
        </div>
        <aside className={styles.aside}>
          <RoomPanels panels={panels} />
        </aside>
      </div>
      {phone && (
        <div className={styles.thumb}>
          {mood.hearing ? (
            <ThumbBar session={session} state={state} mood={mood} next={next} onListen={listen}>
              {moments.thumb}
            </ThumbBar>
          ) : (
            <MainAction {...actions} />
          )}
        </div>
      )}
    </>
  );
}

function Notices({ session, state }: { session: ListeningSession; state: ListeningState }) {
  const { t } = useTranslation('listening');
  const blocked = state.sound === 'blocked' && state.voices.length > 0;
  return (
    <>
      {blocked && (
        <Alert
          type="warning"
          showIcon
          title={t('sound.blocked')}
          description={t('sound.blockedWhy')}
          action={<Button onClick={() => session.mixer.start()}>{t('sound.unblock')}</Button>}
        />
      )}
      {state.stoppedBy && state.phase === 'idle' && (
        <Alert type="info" showIcon role="status" title={t(`stopped.${state.stoppedBy}`)} />
      )}
      {state.error && state.phase === 'idle' && <ErrorNote error={state.error} />}
      {state.shiftError && state.phase === 'live' && <ErrorNote error={state.shiftError} />}
    </>
  );
}

/**
 * Somebody who chose a call elsewhere (`?call=`) hears it at once: the click that led here counts as the gesture that
 * browsers want. Opened by its address alone, the room waits for the click on Listen.
 */
function useChosenCall(session: ListeningSession, state: ListeningState, mayListen: boolean): void {
  const [search, setSearch] = useSearchParams();
  const chosen = search.get('call');
  const done = useRef(false);
  const begin = useEffectEvent(() => {
    if (done.current || !chosen) return;
    done.current = true;
    setSearch({}, { replace: true });
    const live = state.calls.some((call) => call.id === chosen);
    if (live && mayListen && navigator.userActivation?.hasBeenActive) session.listen(chosen);
  });
  useEffect(() => {
    if (state.phase === 'idle') begin();
  }, [state.phase]);
}
