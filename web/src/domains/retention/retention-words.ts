import { useTranslation } from 'react-i18next';
import type { HoldScope, RetentionRule } from '#contract/retention.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useLines } from '../businesses/use-lines.ts';

export const dayMs = 86_400_000;

/** Rules and holds as people say them. */
export function useRetentionWords() {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const { lineName } = useLines();
  const days = (count: number) => t('days', { count });
  return {
    days,
    /** Which calls a rule is for. */
    scopeOf({ lineId, recordingClass }: Pick<RetentionRule, 'lineId' | 'recordingClass'>): string {
      const line = lineId === null ? t('anyLine') : lineName(lineId) || lineId;
      return `${line} · ${recordingClass === null ? t('anyClass') : t(`class.${recordingClass}`)}`;
    },
    floorOf: ({ floorDays }: RetentionRule): string =>
      floorDays === 0 ? t('policies.atLeastNone') : t('policies.atLeast', { days: days(floorDays) }),
    ceilingOf: ({ ceilingDays }: RetentionRule): string =>
      ceilingDays === null ? t('policies.kept') : t('policies.deletedAfter', { days: days(ceilingDays) }),
    /** People's reasons as they wrote them; the schedule's own, which is always the same, in the reader's language. */
    reasonOf(reason: string): string {
      const age = /^older than (\d+) days?$/.exec(reason)?.[1];
      return age === undefined ? reason : t('log.older', { days: days(Number(age)) });
    },
    /** What a hold covers. */
    coverOf(scope: HoldScope): string {
      const parts = [
        scope.recordingId !== undefined && t('holds.scope.recording'),
        scope.lineId !== undefined && t('holds.scope.line', { name: lineName(scope.lineId) || scope.lineId }),
        scope.agentId !== undefined && t('holds.scope.agent', { id: scope.agentId }),
        scope.words !== undefined && t('holds.scope.words', { words: scope.words }),
        scope.from !== undefined && t('holds.scope.from', { when: format.dayName(scope.from) }),
        scope.to !== undefined && t('holds.scope.to', { when: format.dayName(scope.to) }),
      ];
      return parts.filter(Boolean).join(' · ');
    },
  };
}
