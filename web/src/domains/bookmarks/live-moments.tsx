import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import type { PageKey } from '../../ui/keys.tsx';
import type { TimelinePin } from '../../ui/timeline/timeline-model.ts';
import type { ListeningSession } from '../listening/listening-session.ts';
import type { ListeningState } from '../listening/listening-state.ts';
import { MarkButton, MarkThumb, OpenNote } from './mark-bar.tsx';
import { MomentList } from './moment-list.tsx';
import { useMomentPins } from './moment-pins.ts';
import styles from './moments.module.css';
import type { Moment } from './moments.ts';
import { useHeardOffset } from './use-heard-offset.ts';
import { useMoments } from './use-moments.ts';

export interface LiveMoments {
  /** For the growing waveform. */
  readonly pins: readonly TimelinePin[];
  readonly keys: readonly PageKey[];
  /** What stands below the timeline, with the button beside it; the note opens under it. */
  readonly below: (controls: ReactNode) => ReactNode;
  /** The button where a phone's thumb is; null while there is nothing to mark. */
  readonly thumb: ReactNode;
  /** The list, beside the voices. */
  readonly panel: ReactNode;
}

/** The moments of the call that is heard in a slot's room. `actions`: what else can be done with one. */
export function useLiveMoments(
  session: ListeningSession,
  state: ListeningState,
  slot: Slot,
  actions?: (moment: Moment, callId: string) => ReactNode,
): LiveMoments {
  const { t } = useTranslation('bookmarks');
  const { call } = state;
  const place = call
    ? ({ kind: 'call', callId: call.id, slotId: slot.id, lineId: call.lineId } as const)
    : null;
  const heard = useHeardOffset(session, state);
  const moments = useMoments(place, heard);
  const pins = useMomentPins(moments.list);
  const phases: readonly ListeningState['phase'][] = ['live', 'recovering', 'ended'];
  const enabled = call !== null && (phases.includes(state.phase) || state.shift !== null);
  // An ended call is left behind by the next one, or goes on to be heard: where one can go back in it, the list leads there.
  const goes = state.phase === 'live' || state.shift !== null;
  return {
    pins,
    keys:
      moments.mayMark && enabled ? [{ keys: ['m'], caps: ['M'], does: t('keyMark'), run: moments.mark }] : [],
    below: (controls) => (
      <>
        <div className={styles.below}>
          {controls}
          <MarkButton moments={moments} enabled={enabled} />
        </div>
        <OpenNote moments={moments} />
      </>
    ),
    thumb: <MarkThumb moments={moments} enabled={enabled} />,
    panel: (
      <section className={styles.panel} aria-label={t('heading')}>
        <MomentList
          moments={moments}
          empty={t('emptyLive')}
          {...(goes && { onGo: (offsetMs: number) => session.shift.seek(offsetMs) })}
          {...(actions && call && { actions: (moment: Moment) => actions(moment, call.id) })}
        />
      </section>
    ),
  };
}
