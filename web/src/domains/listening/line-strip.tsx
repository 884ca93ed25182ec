import type { LineCell } from '#contract/hearings.ts';
import styles from './line-history.module.css';

const heights: Readonly<Record<LineCell, number>> = { none: 0, good: 5, fair: 12, poor: 20 };

/** How a line was from beginning to end, the taller the worse. The words beside it say the same. */
export function LineStrip({ cells }: { cells: readonly LineCell[] }) {
  return (
    <svg
      className={styles.strip}
      viewBox={`0 0 ${Math.max(12, cells.length) * 4} 20`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {cells.map((cell, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place.
          key={index}
          className={styles[`cell-${cell}`]}
          x={index * 4}
          y={20 - heights[cell]}
          width="3"
          height={heights[cell]}
        />
      ))}
    </svg>
  );
}
