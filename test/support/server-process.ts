import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { ManagedProcess } from '#scripts/processes.ts';
import { findMediaWorker } from '#scripts/setup/media-worker.ts';
import { childEnv } from './child-env.ts';
import { eventually } from './eventually.ts';

const program = fileURLToPath(import.meta.resolve('../../server/main.ts'));

export const testTelephonyKey = 'telephony-key-for-tests-only';
/** Instances of one world share it: a session made by one is good at the other. */
const sessionSecret = randomBytes(24).toString('hex');

export interface ServerProcess {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Its log so far, one JSON line each. */
  readonly lines: readonly string[];
  /** In order (SIGTERM); resolves when it is gone. */
  stop(): Promise<void>;
  /** At once (SIGKILL). */
  kill(): void;
}

/** The environment of a server on these stores, on a free port, where anyone may sign in as anyone. */
export async function serverEnv(stores: StackEnv, env: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> {
  const worker = await findMediaWorker();
  if (worker === undefined) throw new Error('there is no media worker yet: npm test provides it');
  return {
    ...childEnv(),
    NODE_ENV: 'test',
    ...stores,
    HOST: '127.0.0.1',
    PORT: '0',
    AUTH_MODE: 'demo',
    SESSION_SECRET: sessionSecret,
    TELEPHONY_API_KEY: testTelephonyKey,
    MEDIA_WORKERS: '1',
    MEDIASOUP_WORKER_BIN: worker,
    ...env,
  };
}

/** A real server process; resolves when `/readyz` says so. Stop it in an `after` hook. */
export async function startServer(stores: StackEnv, env: NodeJS.ProcessEnv = {}): Promise<ServerProcess> {
  const lines: string[] = [];
  const server = new ManagedProcess<number>({
    name: 'server',
    command: process.execPath,
    args: [program],
    env: await serverEnv(stores, env),
    tied: true,
    ready: {
      line: portOf,
    },
    onLine: (line) => void lines.push(line),
  });
  const port = await server.start();
  const { pid } = server;
  if (pid === undefined) throw new Error('the server ended as soon as it was ready');
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${url}/readyz`)).status === 200, { within: 15_000 });
  return { url, port, pid, lines, stop: () => server.stop(), kill: () => server.kill() };
}

function portOf(line: string): number | undefined {
  if (!line.includes('"msg":"listening"')) return undefined;
  return (JSON.parse(line) as { port: number }).port;
}
