import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import type { PageKey } from '../../ui/keys.tsx';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import type { RoomMood } from './room-mood.ts';
import { farStepMs, stepMs } from './shift-controls.tsx';
import { speedBeside } from './time-shift/catch-up.ts';

/** The keys of the room, as every player has them; L is live. */
export function useRoomKeys(
  session: ListeningSession,
  state: ListeningState,
  { mood, next }: { mood: RoomMood; next: Call | null },
): PageKey[] {
  const { t } = useTranslation('listening');
  const { shift } = session;
  const { phase } = state;
  // Until the call is there, whoever thinks better of it has not begun to listen.
  const beginning = phase === 'joining' || phase === 'waiting';
  const listenOrPause = () => {
    if (beginning) session.leave();
    else if (mood.hearing) shift.togglePause();
    else if (mood.mayListen) session.listen(next?.id);
  };
  const hearing = (run: () => void) => () => {
    if (mood.hearing) run();
  };
  const faster = (steps: 1 | -1) =>
    hearing(() => state.shift && shift.setSpeed(speedBeside(state.shift.speed, steps)));
  return [
    { keys: [' ', 'k'], caps: [t('keys.space'), 'K'], does: t('keys.listenOrPause'), run: listenOrPause },
    {
      keys: ['ArrowLeft'],
      shift: true,
      caps: ['⇧', '←'],
      does: t('keys.back30'),
      run: hearing(() => shift.back(farStepMs)),
    },
    {
      keys: ['ArrowLeft', 'j'],
      caps: ['←', 'J'],
      does: t('keys.back10'),
      run: hearing(() => shift.back(stepMs)),
    },
    {
      keys: ['ArrowRight'],
      caps: ['→'],
      does: t('keys.forward10'),
      run: hearing(() => shift.forward(stepMs)),
    },
    {
      keys: ['l'],
      caps: ['L'],
      does: t(state.delayMs === null ? 'keys.live' : 'keys.edge'),
      run: hearing(() => shift.goLive()),
    },
    { keys: ['b'], caps: ['B'], does: t('keys.return'), run: hearing(() => shift.returnToPlace()) },
    { keys: ['0', 'Home'], caps: ['0'], does: t('keys.beginning'), run: hearing(() => shift.seek(0)) },
    { keys: ['+', '='], caps: ['+'], does: t('keys.faster'), run: faster(1) },
    { keys: ['-'], caps: ['−'], does: t('keys.slower'), run: faster(-1) },
    {
      keys: ['n'],
      caps: ['N'],
      does: t('keys.next'),
      run: () => mood.mayListen && next && session.listen(next.id),
    },
    { keys: ['s'], caps: ['S'], does: t('keys.stop'), run: hearing(() => session.leave()) },
  ];
}
