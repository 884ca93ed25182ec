import { useTranslation } from 'react-i18next';
import type { HeardBy } from '#contract/hearings.ts';
import { useFormat } from '../../ui/format/use-format.ts';

/** Shorter than this a hearing is a moment, without an end of its own. Milliseconds. */
const momentMs = 60_000;

/** How a call was heard and from when until when, in one piece of a sentence. */
export function useHearingWords(): (hearing: HeardBy) => string {
  const { t } = useTranslation('hearings');
  const format = useFormat();
  return ({ way: how, at, until }) => {
    const way = t(`way.${how}`);
    const from = format.dayAndTime(at);
    if (until === null) return t('since', { way, time: format.timeOfDay(at) });
    const sameMinute = format.timeOfDay(at) === format.timeOfDay(until);
    if (until - at < momentMs && sameMinute) return t('moment', { way, time: from });
    const sameDay = format.dayName(at) === format.dayName(until);
    return t('span', { way, from, to: sameDay ? format.timeOfDay(until) : format.dayAndTime(until) });
  };
}
