import { duration } from '../setup/progress.ts';
import type { LaneSums } from './lane-marks.ts';

/** How a lane ended. */
export interface LaneEnd {
  readonly name: string;
  readonly sums: LaneSums | undefined;
  /** Mocha's list of failures. */
  readonly failures: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it was not left to end by itself: it kept running after its tests, or said nothing for minutes. */
  readonly ended?: 'leak' | 'silent' | undefined;
}

/** What is wrong with a lane besides tests that failed; undefined when nothing is. */
function troubleOf({ sums, code, signal, ended }: LaneEnd): string | undefined {
  if (ended === 'leak') return 'did not end after its tests: something is left open (listed above)';
  if (ended === 'silent') return 'said nothing for minutes and was ended';
  const how = signal ? `ended by ${signal}` : `ended with code ${code}`;
  if (!sums) return `${how} before its tests were over`;
  if (signal || (code !== 0 && sums.failed === 0)) return `${how} although no test failed`;
  if (sums.passed + sums.failed === 0) return 'ran no test';
  return undefined;
}

/** What all lanes together come to: the text that ends the run, and its exit code, the worst of theirs. */
export function verdictOf(lanes: readonly LaneEnd[]): { lines: string[]; code: number } {
  const sum = (of: (sums: LaneSums) => number) =>
    lanes.reduce((total, { sums }) => total + (sums ? of(sums) : 0), 0);
  const [passed, failed, pending] = [sum((s) => s.passed), sum((s) => s.failed), sum((s) => s.pending)];
  const lines = [`${passed} passing, ${failed} failing${pending > 0 ? `, ${pending} pending` : ''}`];
  let code = 0;
  for (const lane of lanes) {
    const { name, sums } = lane;
    const trouble = troubleOf(lane);
    if (sums) lines.push(`  ${name}: ${sums.passed} passing, ${sums.failed} failing in ${duration(sums.ms)}`);
    if (trouble) lines.push(`  ${name}: ${trouble}`);
    if (trouble || (sums?.failed ?? 0) > 0) code = Math.max(code, 1, Math.min(255, lane.code ?? 1));
  }
  for (const { name, failures } of lanes) {
    if (failures.some((line) => line.trim() !== '')) lines.push('', `Failures of ${name}:`, ...failures);
  }
  return { lines, code };
}
