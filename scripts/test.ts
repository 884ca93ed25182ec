import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { everyTest, lanesOf, wholeSuite } from './lanes/lanes.ts';
import { runLanes } from './lanes/run-lanes.ts';
import { prepare } from './setup/prepare.ts';
import { Terminal } from './setup/progress.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { exitOnSignals } from './setup/run.ts';
import { SetUpError } from './setup/set-up-error.ts';

/**
 * `npm test`: brings what the tests need, then runs them all, in lanes side by side. With arguments
 * (`npm test -- test/unit/**`, `npm test -- --grep seats`) it is one plain mocha with these. Ends with mocha's exit code.
 */
process.chdir(PROJECT_ROOT);
exitOnSignals();
try {
  const { mediaWorker } = await prepare('test', new Terminal(process.stderr));
  const env: NodeJS.ProcessEnv = { ...process.env, MEDIASOUP_WORKER_BIN: mediaWorker };
  const given = process.argv.slice(2);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal);
  if (given.length > 0) plainMocha(given, env);
  else {
    const lanes = lanesOf(wholeSuite, PROJECT_ROOT);
    // Each lane has a Redis of its own, whose databases its tests share out; one that is given cannot be shared out twice.
    process.exitCode = await runLanes(lanes, { root: PROJECT_ROOT, env, sideBySide: !env.REDIS_URL });
  }
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`cannot test: ${error.message}`);
  process.exit(1);
}

function plainMocha(given: string[], env: NodeJS.ProcessEnv): void {
  const selects = given.some((argument) => /^(\.\/)?test\//.test(argument));
  const mocha = spawn(
    process.execPath,
    [join('node_modules/mocha/bin/mocha.js'), ...given, ...(selects ? [] : [everyTest])],
    {
      stdio: 'inherit',
      env,
    },
  );
  // A terminal's Ctrl-C reaches mocha by itself; what was sent to this process alone is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => mocha.kill('SIGTERM'));
  mocha.on('exit', (code) => process.exit(code ?? 1));
}
