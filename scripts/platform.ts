import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keptSigningKey } from '#worker/archive/signing-key.ts';
import { freePort, JsonFile } from './embedded/ports.ts';
import { keptSecrets } from './embedded/secrets.ts';
import { startStack } from './embedded/stack.ts';
import type { Launcher } from './launcher.ts';
import type { ManagedProcess } from './processes.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { run } from './setup/run.ts';
import { SetUpError } from './setup/set-up-error.ts';
import { WEB_DIST } from './setup/web-build.ts';

const DEFAULT_PORT = 8080;

/** The addresses of a start. In `dev` the web app is served by Vite on another port than the API. */
export interface Addresses {
  /** What people open in a browser. */
  web: string;
  webPort: number;
  /** What programs call. */
  api: string;
  apiPort: number;
}

export interface Platform {
  addresses: Addresses;
  /** The environment that server, worker and the demo's programs run with. */
  env: NodeJS.ProcessEnv;
  server: ManagedProcess;
  worker: ManagedProcess;
}

interface OwnPorts {
  worker: number;
  api: number;
}

/** A Node program of this project, from its path below the project's folder. */
export const nodeProgram = (path: string, ...args: string[]) => ({
  command: process.execPath,
  args: [join(PROJECT_ROOT, path), ...args],
  cwd: PROJECT_ROOT,
});

/** The ports of this start: PORT (default 8080) or a free one for people; in `dev` another one for the API. */
export async function chooseAddresses(launcher: Launcher, mode: 'demo' | 'dev'): Promise<Addresses> {
  const wanted = Number(process.env.PORT) || DEFAULT_PORT;
  const webPort = await freePort(wanted);
  if (webPort !== wanted) launcher.progress.line(`port ${wanted} is taken, so this start uses ${webPort}`);
  let apiPort = webPort;
  if (mode === 'dev') {
    const file = new JsonFile<OwnPorts>(join(launcher.dataDir, 'ports.json'));
    const kept = await file.read();
    apiPort = await freePort(kept.api);
    await file.write({ ...kept, api: apiPort });
  }
  const host = process.env.HOST && process.env.HOST !== '0.0.0.0' ? process.env.HOST : '127.0.0.1';
  return { web: `http://localhost:${webPort}`, webPort, api: `http://${host}:${apiPort}`, apiPort };
}

/** Starts the stores, then the API server and the recordings worker side by side, each until it is ready. */
export async function startPlatform(
  launcher: Launcher,
  addresses: Addresses,
  mediaWorker: string,
): Promise<Platform> {
  const { dataDir } = launcher;
  const step = launcher.progress.step('starting MongoDB, Redis and S3');
  const stack = await startStack({
    dataDir,
    env: process.env,
    supervise: (name) => launcher.supervision(name),
  }).catch((error: unknown) => {
    step.failed();
    throw error;
  });
  launcher.onStop('stack', () => stack.stop());
  step.done(stack.services.map(({ name, by }) => `${name} (${by})`).join(', '));

  const secrets = await keptSecrets(dataDir);
  const signingKey = join(dataDir, 'archive-signing-key.pem');
  await keptSigningKey(signingKey);
  const workerPort = await freePort(
    (await new JsonFile<OwnPorts>(join(dataDir, 'ports.json')).read()).worker,
  );
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...stack.env,
    PORT: String(addresses.apiPort),
    PUBLIC_URL: process.env.PUBLIC_URL || addresses.web,
    AUTH_MODE: process.env.AUTH_MODE || 'demo',
    SESSION_SECRET: process.env.SESSION_SECRET || secrets.sessionSecret,
    TELEPHONY_API_KEY: process.env.TELEPHONY_API_KEY || secrets.telephonyApiKey,
    MEDIASOUP_WORKER_BIN: mediaWorker,
    SPOOL_DIR: process.env.SPOOL_DIR || join(dataDir, 'spool'),
    ARCHIVE_SIGNING_KEY: process.env.ARCHIVE_SIGNING_KEY || signingKey,
    WORKER_PORT: process.env.WORKER_PORT || String(workerPort),
    WEB_ROOT: process.env.WEB_ROOT || WEB_DIST,
    API_URL: addresses.api,
  };

  const starting = launcher.progress.step('starting the server and the recordings worker');
  try {
    const [server, worker] = await Promise.all([
      launcher.start({
        name: 'server',
        ...nodeProgram('server/main.ts'),
        env,
        tied: true,
        ready: { probe: () => answers(`${addresses.api}/readyz`) },
        stopWithinMs: 30_000,
      }),
      launcher.start({
        name: 'worker',
        ...nodeProgram('recordings-worker/main.ts'),
        env,
        tied: true,
        ready: { probe: () => answers(`http://127.0.0.1:${env.WORKER_PORT}/readyz`) },
        stopWithinMs: 30_000,
      }),
    ]);
    starting.done();
    return { addresses, env, server, worker };
  } catch (error) {
    starting.failed();
    throw error;
  }
}

/** Resolves when the address answers 200. */
async function answers(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}

/**
 * Fills the stores with the demo's retailer; what is there already stays. With `archive`, an archive without a call
 * gets the newest ones of its past week, too.
 */
export async function seedDemoData(
  launcher: Launcher,
  platform: Platform,
  options: { archive?: boolean } = {},
): Promise<void> {
  const program = nodeProgram('scripts/demo-data/main.ts', ...(options.archive ? ['--archive-newest'] : []));
  const step = launcher.progress.step('demo data');
  const { code, tail } = await run(program.command, program.args, {
    cwd: program.cwd,
    env: platform.env,
    onLine: (line) => {
      const told = toldBy(line);
      if (told?.progress) step.update(told.done ?? 0, told.of ?? 0, told.progress);
      if (told?.notice) launcher.progress.line(told.notice);
    },
  });
  if (code !== 0) {
    step.failed();
    throw new SetUpError(`the demo data could not be made:\n${tail}`);
  }
  step.done();
}

/** A line of scripts/demo-data/progress.ts. */
interface Told {
  progress?: string;
  done?: number;
  of?: number;
  notice?: string;
}

function toldBy(line: string): Told | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Told;
  } catch {
    return undefined;
  }
}

/**
 * Makes the calls of the past week that are missing, while people look around already. It ends by itself; what is
 * missing when it is stopped is made at the next start.
 */
export async function startArchiving(launcher: Launcher, platform: Platform): Promise<void> {
  await launcher.start({
    name: 'archive',
    ...nodeProgram('scripts/demo-data/main.ts', '--archive-rest'),
    env: platform.env,
    tied: true,
    restart: false,
    stopWithinMs: 5_000,
    onNotice: (notice) => {
      if (notice !== 'ended with code 0') launcher.progress.line(`[archive] ${notice}`);
    },
  });
}

/** Starts the generator of two-sided calls, which enter by the telephony API and RTP. */
export async function startDemoCalls(launcher: Launcher, platform: Platform): Promise<void> {
  const program = nodeProgram('scripts/demo-calls/main.ts');
  if (!existsSync(program.args[0] as string)) throw new SetUpError('scripts/demo-calls/main.ts is not there');
  await launcher.start({ name: 'calls', ...program, env: platform.env, tied: true, stopWithinMs: 10_000 });
}

/** In the order in which they meet in the product's story. */
const ROLES = ['listener', 'host', 'cx', 'owner', 'agent', 'admin'];

interface Persona {
  id: string;
  name: { en: string; zh: string };
  title: { en: string; zh: string };
  role: string;
}

/** Prints the one line that says where to go, and below it as whom to sign in. */
export async function announceReady(launcher: Launcher, platform: Platform): Promise<void> {
  const response = await fetch(`${platform.addresses.api}/api/personas`);
  if (!response.ok) throw new SetUpError(`/api/personas answers ${response.status}`);
  const { personas } = (await response.json()) as { personas: Persona[] };
  launcher.progress.line(`ready ${platform.addresses.web}`);
  const width = Math.max(0, ...personas.map(({ role }) => role.length));
  const order = (role: string) => (ROLES.indexOf(role) + ROLES.length) % ROLES.length;
  personas.sort((one, other) => order(one.role) - order(other.role));
  for (const { role, name, title } of personas)
    launcher.progress.line(`  ${role.padEnd(width)}  ${name.en}, ${title.en}  ${name.zh}（${title.zh}）`);
}
