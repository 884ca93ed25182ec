import { Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLineNumbers } from './line-numbers.ts';
import { gradeOf } from './line-quality.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';

/** How good the line is: in words, on hover or focus with the numbers behind them. */
export function LineWords({ state }: { state: ListeningState }) {
  const { t } = useTranslation('listening');
  const numbers = useLineNumbers();
  // In a pause nothing comes, and that says nothing of the line.
  const live = state.phase === 'live' && !state.call?.pause;
  const grade = state.line ? gradeOf(state.line) : 'unknown';
  if (state.phase === 'live' && state.shift) {
    return (
      <div className={styles.lineSpot}>
        <span className={styles.kept}>{t('line.kept')}</span>
      </div>
    );
  }
  return (
    <div className={styles.lineSpot}>
      {live && (
        <Tooltip
          trigger={['hover', 'focus']}
          title={
            <>
              {t(`line.why.${grade}`)}
              {state.line && grade !== 'silent' && (
                <span className={styles.numbers}>{numbers(state.line)}</span>
              )}
            </>
          }
        >
          <button type="button" className={styles.quietWords} data-testid="line-quality" data-grade={grade}>
            <LineBars grade={grade} />
            {t(`line.${grade}`)}
          </button>
        </Tooltip>
      )}
    </div>
  );
}

const barsOf = { good: 3, fair: 2, poor: 1, silent: 0, unknown: 0 } as const;

/** Three steps, as on a telephone: the word beside it says the same. */
function LineBars({ grade }: { grade: keyof typeof barsOf }) {
  return (
    <svg className={styles.bars} data-grade={grade} viewBox="0 0 16 12" aria-hidden="true">
      {[4, 8, 12].map((height, index) => (
        <rect
          key={height}
          x={index * 6}
          y={12 - height}
          width="4"
          height={height}
          rx="1"
          opacity={index < barsOf[grade] ? 1 : 0.3}
        />
      ))}
    </svg>
  );
}
