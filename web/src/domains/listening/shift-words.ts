import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format/use-format.ts';
import { useIsPhone } from '../../ui/use-media-query.ts';
import type { ListeningState } from './listening-state.ts';

/** How the call is heard: as it is said, from before, or not at all. */
export type Heard = 'live' | 'shifted' | 'catching-up' | 'paused' | 'delayed';

export function heardHow({ shift }: Pick<ListeningState, 'shift'>): Heard {
  if (!shift) return 'live';
  if (shift.paused) return 'paused';
  if (shift.catchingUp) return 'catching-up';
  return shift.atEdge ? 'delayed' : 'shifted';
}

/** Seconds that a person counts in: 7, 40, but 1 min 20. Milliseconds in and out. */
function aboutMs(ms: number): number {
  const step = ms < 10_000 ? 1_000 : ms < 60_000 ? 5_000 : 10_000;
  return Math.max(1_000, Math.ceil(ms / step) * step);
}

/** What the room says of a call that is not heard live: the state in big, a figure beside it, a sentence below. */
export function useShiftWords(
  state: ListeningState,
): { words: string; figure: string | null; hint: string } | null {
  const { t } = useTranslation('listening');
  const app = useTranslation('app');
  const format = useFormat();
  const phone = useIsPhone();
  const { shift, delayMs } = state;
  if (!shift) return null;
  const over = state.call?.state === 'ended';
  const behind = over
    ? t('shift.toItsEnd', { length: format.clockLength(shift.behindMs) })
    : app.t('behind', { length: format.clockLength(shift.behindMs) });
  const at = format.clockLength(shift.playheadMs);
  const delay = delayMs === null ? null : Math.round(delayMs / 1000);
  switch (heardHow(state)) {
    case 'paused':
      return { words: t('shift.paused'), figure: behind, hint: t('shift.pausedHint', { at }) };
    case 'catching-up': {
      const inMs = shift.liveInMs ?? 0;
      const length = format.spokenLength(aboutMs(inMs));
      const hint = over ? 'shift.endsIn' : delay === null ? 'shift.liveIn' : 'shift.edgeIn';
      return { words: behind, figure: `${shift.speed}×`, hint: t(hint, { length }) };
    }
    case 'delayed':
      return {
        words: t('shift.delayed', { count: delay ?? 0 }),
        figure: null,
        hint: shift.waiting ? t('shift.delayedWaits', { count: delay ?? 0 }) : t('shift.delayedHint'),
      };
    default: {
      const hint = shift.waiting
        ? 'shift.waiting'
        : over
          ? 'shift.overHint'
          : phone || delay !== null
            ? 'shift.hintTouch'
            : 'shift.hint';
      return { words: behind, figure: null, hint: t(hint, { at }) };
    }
  }
}
