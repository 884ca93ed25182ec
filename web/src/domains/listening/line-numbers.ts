import { useTranslation } from 'react-i18next';
import type { LineFigures } from '#contract/line-grade.ts';
import { useFormat } from '../../ui/format/use-format.ts';

/** What was measured, in one sentence without an end. */
export function useLineNumbers(): (line: LineFigures) => string {
  const { t } = useTranslation('listening');
  const format = useFormat();
  return ({ roundTripMs, jitterMs, lossRatio }) => {
    const loss =
      lossRatio === 0 ? t('line.noLoss') : t('line.loss', { percent: format.percent(lossRatio, 1) });
    return roundTripMs === null
      ? t('line.numbersNoTrip', { loss, jitter: jitterMs })
      : t('line.numbers', { roundTrip: roundTripMs, loss, jitter: jitterMs });
  };
}
