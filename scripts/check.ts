import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Terminal } from './setup/progress.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { exitOnSignals, run } from './setup/run.ts';

const bin = (name: string) => join(PROJECT_ROOT, 'node_modules/.bin', name);

/** `npm run check`: what can be said of the code without running it. Everything runs, then what failed is shown. */
const CHECKS: [name: string, command: string, ...args: string[]][] = [
  ['format and lint', bin('biome'), 'ci', '--colors=off', '.'],
  ['types', bin('tsc'), '--project', 'tsconfig.json', '--pretty', 'false'],
];
if (existsSync(join(PROJECT_ROOT, 'test/architecture')))
  CHECKS.push(['architecture', bin('mocha'), 'test/architecture/**/*.test.ts']);

process.chdir(PROJECT_ROOT);
exitOnSignals();
const terminal = new Terminal(process.stderr);
const outcomes = await Promise.all(
  CHECKS.map(async ([name, command, ...args]) => {
    const step = terminal.step(name);
    const output: string[] = [];
    const { code } = await run(command, args, { onLine: (line) => output.push(line) });
    if (code === 0) step.done('passed');
    else step.failed();
    return { name, code, output };
  }),
);

const failed = outcomes.filter(({ code }) => code !== 0);
for (const { name, output } of failed) console.error(`\n${name}:\n${output.join('\n')}`);
console.error(`\n${outcomes.length - failed.length} passed, ${failed.length} failed`);
// Not process.exit, which would cut off what is still on its way into a pipe.
process.exitCode = failed.length > 0 ? 1 : 0;
