/** One row of the table: what was measured, what came out, and the target or the thing it stands beside. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** A target as the issue states it, or what a peer or the physical limit did in the same run. */
  readonly beside?: string;
  /** This figure ÷ the one beside it, where that is the honest comparison. */
  readonly ratio?: number;
  readonly met?: boolean;
}

/** The p-th percentile (0–100) by the nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))]!;
}

export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.value} ${figure.unit}`.trim(),
    figure.ratio === undefined ? '' : `× ${figure.ratio}`,
    figure.beside ?? '',
    figure.met === undefined ? '' : figure.met ? 'met' : 'MISSED',
  ]);
  const all = [['figure', 'value', 'ratio', 'target or beside', ''], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [line(all[0]!), widths.map((width) => '─'.repeat(width)).join('  '), ...all.slice(1).map(line)].join(
    '\n',
  );
}
