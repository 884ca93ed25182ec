import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import Mocha from 'mocha';
import { type LaneMark, markLine } from './lane-marks.ts';

/**
 * One lane of `npm test`: runs the files that its arguments name, as mocha does, and marks in its output where each file
 * ends. SIGINT, SIGTERM, or the end of whoever started it breaks it off; what the tests started is stopped in order.
 */
/** What still keeps the process is told before whoever waits for its end loses patience, ms. */
const tellLeaksAfterMs = 50_000;

const tell = (mark: LaneMark) => process.stdout.write(markLine(mark));

/** What the event loop waits for, as JSON, also what a native package opened, which node's own list does not know. */
function keptOpenBy(): string {
  const { libuv } = process.report.getReport() as unknown as { libuv: Record<string, unknown>[] };
  const open = libuv.filter((one) => one.type !== 'loop' && one.is_active && one.is_referenced);
  return JSON.stringify(open);
}

class LaneReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { EVENT_SUITE_BEGIN, EVENT_SUITE_END } = Mocha.Runner.constants;
    let path: string | undefined;
    let startedAt = 0;
    const end = () => {
      if (path !== undefined) tell({ kind: 'file', path, ms: Date.now() - startedAt });
      path = undefined;
    };
    // Before the reporter itself prints the suite's title, which is in the next file's block.
    runner.prependListener(EVENT_SUITE_BEGIN, ({ parent, file }) => {
      if (!parent?.root) return;
      const next = relative('', file ?? '');
      // A file may hold several suites.
      if (next === path) return;
      end();
      path = next;
      startedAt = Date.now();
    });
    runner.on(EVENT_SUITE_END, ({ root }) => {
      if (root) end();
    });
  }

  override epilogue(): void {
    const { passes, failures, pending, duration } = this.stats;
    tell({ kind: 'over', passed: passes, failed: failures, pending, ms: duration ?? 0 });
    if (failures > 0) Mocha.reporters.Base.list(this.failures);
    tell({ kind: 'told' });
  }
}

const { timeout, 'forbid-only': forbidOnly } = JSON.parse(readFileSync('.mocharc.json', 'utf8'));
const mocha = new Mocha({ timeout, forbidOnly });
// By itself mocha takes a variable that CI sets for somebody who looks.
Mocha.reporters.Base.useColors = process.env.FORCE_COLOR === '1';
mocha.reporter(LaneReporter as unknown as Mocha.ReporterConstructor);
for (const file of process.argv.slice(2)) mocha.addFile(file);
await mocha.loadFilesAsync();
const runner = mocha.run((failures) => {
  process.exitCode = Math.min(failures, 255);
  setTimeout(() => {
    console.log(`still open: ${process.getActiveResourcesInfo().join(', ')}; ${keptOpenBy()}`);
  }, tellLeaksAfterMs).unref();
});
const breakOff = () => void runner.abort();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, breakOff);
process.once('disconnect', breakOff);
// Listening for the end of the channel must not itself keep the process alive.
process.channel?.unref();
