import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import type { FollowReason, FollowState } from '#contract/follow.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useLines } from '../businesses/use-lines.ts';

/** A shorter wait is not worth a word. Milliseconds. */
const worthSayingMs = 5_000;

export interface FollowWords {
  /** One sentence of why this call. */
  why(reasons: readonly FollowReason[]): string;
  /** What a call is about, in a few words. */
  about(call: Call): string;
  /** Where one stands among those who wait, and what keeps calls from one. */
  place(state: FollowState): string;
}

/** Besides the waiting and another line, as many reasons as fit in a glance: they come in the order of their weight. */
const toldAtMost = 2;

function worthTelling(reasons: readonly FollowReason[]): FollowReason[] {
  const always = ({ criterion }: FollowReason) => criterion === 'waited' || criterion === 'other-line';
  const others = reasons.filter((reason) => !always(reason) && reason.criterion !== 'only');
  const told = others.length > 0 ? others.slice(0, toldAtMost) : reasons.filter((reason) => !always(reason));
  return reasons.filter((reason) => always(reason) || told.includes(reason));
}

/** What the dispatcher decided, in words that people use. */
export function useFollowWords(): FollowWords {
  const { t } = useTranslation('follow');
  const listening = useTranslation('listening');
  const local = useLocalText();
  const format = useFormat();
  const { lineName, scenarioName } = useLines();

  const clause = (reason: FollowReason): string | null => {
    switch (reason.criterion) {
      case 'waited':
        if (reason.longest) return t('why.waitedLongest');
        return reason.waitedMs < worthSayingMs
          ? null
          : t('why.waited', { length: format.spokenLength(reason.waitedMs) });
      case 'wanted':
        return t('why.wanted', { scenario: scenarioName(reason.scenarioId) });
      case 'new-scenario':
        return t('why.newScenario', { scenario: scenarioName(reason.scenarioId), days: reason.days });
      case 'new-product':
        return t('why.newProduct', { product: local(reason.product), days: reason.days });
      case 'new-agent':
        return t('why.newAgent', { days: reason.days });
      case 'other-line':
        return t('why.otherLine', { line: lineName(reason.lineId) });
      default:
        return t(`why.${reason.criterion}`);
    }
  };

  return {
    why: (reasons) => {
      const clauses = worthTelling(reasons)
        .map(clause)
        .filter((words) => words !== null);
      const sentence = clauses.join(t('why.and'));
      return (
        sentence && t('why.sentence', { sentence: sentence.charAt(0).toUpperCase() + sentence.slice(1) })
      );
    },
    about: (call) => {
      const about = scenarioName(call.facts.scenarioId) || listening.t('calls.about');
      return call.facts.product ? `${about}\u00a0· ${local(call.facts.product)}` : about;
    },
    place: ({ before, live, barred }) => {
      const place = before === 0 ? t('place.next') : t('place.before', { count: before });
      const calls = t('place.live', { count: live });
      return [place, calls, ...(barred ? [t(`place.barred.${barred}`)] : [])].join(
        format.language === 'en' ? ' ' : '',
      );
    },
  };
}
