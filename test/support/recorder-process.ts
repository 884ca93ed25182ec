import { fileURLToPath } from 'node:url';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { ManagedProcess } from '#scripts/processes.ts';
import { childEnv } from './child-env.ts';

const program = fileURLToPath(import.meta.resolve('../../recordings-worker/main.ts'));

export interface RecorderProcess {
  readonly pid: number;
  /** Its log so far, one JSON line each. */
  readonly lines: readonly string[];
  /** In order (SIGTERM); resolves when it is gone. */
  stop(): Promise<void>;
  /** At once (SIGKILL). */
  kill(): void;
}

/** A real recordings worker on these stores; resolves when it takes captures. Stop it in an `after` hook. */
export async function startRecorder(
  stores: StackEnv,
  spoolDir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<RecorderProcess> {
  const lines: string[] = [];
  const worker = new ManagedProcess<true>({
    name: 'recordings-worker',
    command: process.execPath,
    args: [program],
    env: {
      ...childEnv(),
      NODE_ENV: 'test',
      ...stores,
      SPOOL_DIR: spoolDir,
      WORKER_PORT: '0',
      ...env,
    },
    tied: true,
    ready: {
      line: (line) => (line.includes('"msg":"ready"') ? true : undefined),
    },
    onLine: (line) => void lines.push(line),
  });
  await worker.start();
  const { pid } = worker;
  if (pid === undefined) throw new Error('the recordings worker ended as soon as it was ready');
  return { pid, lines, stop: () => worker.stop(), kill: () => worker.kill() };
}
