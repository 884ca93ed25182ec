import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';

import { ManagedProcess, ProcessFailed } from '../processes.ts';
import { findOnPath } from '../setup/run.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import { freePort } from './ports.ts';
import type { Supervision } from './supervision.ts';

const LOOPBACK = '127.0.0.1';
const PROBE_MS = 1_000;

export interface EmbeddedRedis {
  url: string;
  port: number;
  process: ManagedProcess;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Where the append-only file is kept. */
  dataDir: string;
  /** Taken if it is free (default: any). */
  port?: number;
  env?: NodeJS.ProcessEnv;
  supervision?: Supervision;
}

/**
 * Starts Debian's redis-server as a child process on loopback. Every write is in the append-only file before it is
 * answered (and on the disk within a second), so that jobs outlive a SIGKILL.
 * @throws SetUpError where there is no redis-server, ProcessFailed when it does not get ready
 */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const { dataDir, env = process.env, supervision = {} } = options;
  const program = await findOnPath('redis-server', env);
  if (!program) throw new SetUpError('redis-server is not on PATH: install it, or give REDIS_URL');
  await mkdir(dataDir, { recursive: true });

  const attempt = async (port: number): Promise<EmbeddedRedis> => {
    const server = new ManagedProcess({
      name: 'redis',
      ...(await endsWithParent(program, redisArguments(dataDir, port), env)),
      env,
      ready: { probe: () => ping(port) },
      stopWithinMs: 10_000,
      // Its log, in a form of its own, is for the file.
      show: () => undefined,
      ...supervision,
    });
    await server.start();
    return { url: `redis://${LOOPBACK}:${port}`, port, process: server, stop: () => server.stop() };
  };

  try {
    return await attempt(await freePort(options.port));
  } catch (error) {
    // Somebody took the port between the look and the start.
    if (!(error instanceof ProcessFailed && /address already in use/i.test(error.message))) throw error;
    return await attempt(await freePort());
  }
}

function redisArguments(dataDir: string, port: number): string[] {
  const settings: Record<string, string> = {
    bind: LOOPBACK,
    port: String(port),
    dir: dataDir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    // What bull keeps must never be evicted.
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/**
 * A foreign program cannot call exitWithParent(); the kernel can do it for it: setpriv (util-linux) asks for a SIGTERM
 * at this process's death (PR_SET_PDEATHSIG, prctl(2)) and then becomes the program.
 */
export async function endsWithParent(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ command: string; args: string[] }> {
  const setpriv = process.platform === 'linux' ? await findOnPath('setpriv', env) : undefined;
  if (!setpriv) return { command: program, args };
  return { command: setpriv, args: ['--pdeathsig', 'TERM', '--', program, ...args] };
}

/** Resolves when the server answers PING with PONG: it listens and has loaded its data. */
async function ping(port: number): Promise<void> {
  const socket = connect({ host: LOOPBACK, port });
  socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString().startsWith('+PONG')) throw new Error(answer.toString());
  } finally {
    socket.destroy();
  }
}
