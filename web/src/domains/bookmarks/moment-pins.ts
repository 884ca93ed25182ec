import { useTranslation } from 'react-i18next';
import { clockLength } from '../../ui/format/time.ts';
import type { TimelinePin } from '../../ui/timeline/timeline-model.ts';
import type { Moment } from './moments.ts';

/** The moments as pins of a timeline: when, and what was noted. */
export function useMomentPins(list: readonly Moment[]): TimelinePin[] {
  const { t } = useTranslation('bookmarks');
  return list.map(({ key, offsetMs, note }) => ({
    id: key,
    atMs: offsetMs,
    label: t(note ? 'pin' : 'pinBare', { at: clockLength(offsetMs), note }),
  }));
}
