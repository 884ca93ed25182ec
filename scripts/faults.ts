import { canMount, type FaultRow, faults } from '../test/faults/faults.ts';
import { prepare } from './setup/prepare.ts';
import { Terminal } from './setup/progress.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { SetUpError } from './setup/set-up-error.ts';

/**
 * `npm run test:faults [-- --quick] [-- WORD …]`: hurts a whole house of real processes at random moments, under calls,
 * and prints what was lost. WORDs choose faults whose names hold one of them. Exit code 1: something was lost that may
 * not be, or a call did not arrive. `--quick`: two moments of each.
 */
const columns = ['fault', 'moments', 'calls', 'packets sent', 'archived', 'lost', 'gaps', 'longest gap', ''];

function cells(row: FaultRow): string[] {
  const gap = row.gaps === 0 ? '' : `${row.longestGapMs} ms`;
  const verdict = row.broken.length + row.stuck.length === 0 ? 'ok' : 'BROKEN';
  const counts = [row.moments, row.calls, row.sent, row.archived, row.sent - row.archived, row.gaps];
  return [row.fault, ...counts.map(String), gap, verdict];
}

function table(rows: readonly FaultRow[]): string {
  const all = [columns, ...rows.map(cells)];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) =>
        i === 0 || i === row.length - 1 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  return [line(columns), widths.map((width) => '─'.repeat(width)).join('  '), ...all.slice(1).map(line)].join(
    '\n',
  );
}

process.chdir(PROJECT_ROOT);
try {
  const given = process.argv.slice(2);
  const quick = given.includes('--quick');
  const words = given.filter((word) => !word.startsWith('--'));
  const { mediaWorker } = await prepare('test', new Terminal(process.stderr));
  process.env.MEDIASOUP_WORKER_BIN = mediaWorker;
  const rows = new Map<string, FaultRow>();
  let broken = false;
  const chosen = faults.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const left = chosen.filter(({ name }) => {
    if (!name.startsWith('disk') || canMount()) return true;
    console.error(`not made: ${name} (a small disk can only be mounted by root)`);
    return false;
  });
  // Each has a house of its own and mostly waits: two at a time, so that all of them end within a quarter of an hour.
  const lane = async () => {
    for (let fault = left.shift(); fault; fault = left.shift()) {
      const startedAt = Date.now();
      console.error(`${fault.name} …`);
      try {
        const moments = quick ? Math.min(2, fault.moments) : fault.moments;
        const row = await fault.measure({ moments, lanes: 6 });
        rows.set(fault.name, row);
        for (const line of [...row.broken, ...row.stuck]) console.error(`  ${line}`);
        broken ||= row.broken.length + row.stuck.length > 0;
      } catch (error) {
        // One that cannot be made is told and does not take the others' figures with it.
        console.error(error);
        broken = true;
      }
      console.error(`${fault.name}: ${Math.round((Date.now() - startedAt) / 1_000)} s`);
    }
  };
  await Promise.all([lane(), lane()]);
  console.log(table(chosen.flatMap(({ name }) => rows.get(name) ?? [])));
  process.exit(broken ? 1 : 0);
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`cannot test: ${error.message}`);
  process.exit(1);
}
