import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare } from './setup/prepare.ts';
import { Terminal } from './setup/progress.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { exitOnSignals } from './setup/run.ts';
import { SetUpError } from './setup/set-up-error.ts';

const EVERYTHING = 'test/{unit,architecture,integration,media,browser}/**/*.test.ts';

/**
 * `npm test`: brings what the tests need, then runs them all, or those that the arguments name
 * (`npm test -- test/unit/**`, `npm test -- --grep seats`). Ends with mocha's exit code.
 */
process.chdir(PROJECT_ROOT);
exitOnSignals();
try {
  const { mediaWorker } = await prepare('test', new Terminal(process.stderr));
  const given = process.argv.slice(2);
  const selects = given.some((argument) => /^(\.\/)?test\//.test(argument));
  const mocha = spawn(
    process.execPath,
    [join('node_modules/mocha/bin/mocha.js'), ...given, ...(selects ? [] : [EVERYTHING])],
    { stdio: 'inherit', env: { ...process.env, MEDIASOUP_WORKER_BIN: mediaWorker } },
  );
  // A terminal's Ctrl-C reaches mocha by itself; what was sent to this process alone is passed on.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal);
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => mocha.kill('SIGTERM'));
  mocha.on('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`cannot test: ${error.message}`);
  process.exit(1);
}
