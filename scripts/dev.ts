import { watch } from 'node:fs';
import { join } from 'node:path';
import { endsWithParent } from './embedded/redis.ts';
import { type Launcher, launch } from './launcher.ts';
import {
  type Addresses,
  announceReady,
  chooseAddresses,
  type Platform,
  seedDemoData,
  startDemoCalls,
  startPlatform,
} from './platform.ts';
import type { ManagedProcess } from './processes.ts';
import { prepare } from './setup/prepare.ts';
import { PROJECT_ROOT } from './setup/root.ts';

/** Editors write a file several times in a row. In ms. */
const SETTLE_MS = 200;

/** `npm run dev`: the demo with reload. Vite serves the web app; a changed source starts its process anew. */
await launch(async (launcher) => {
  const { mediaWorker } = await prepare('dev', launcher.progress);
  const addresses = await chooseAddresses(launcher, 'dev');
  const platform = await startPlatform(launcher, addresses, mediaWorker);
  await seedDemoData(launcher, platform);
  await startVite(launcher, addresses);
  await startDemoCalls(launcher, platform);
  reloadOnChange(launcher, platform);
  await announceReady(launcher, platform);
});

async function startVite(launcher: Launcher, addresses: Addresses): Promise<void> {
  const vite = join(PROJECT_ROOT, 'node_modules/vite/bin/vite.js');
  const args = [vite, join(PROJECT_ROOT, 'web'), '--port', String(addresses.webPort), '--strictPort'];
  await launcher.start({
    name: 'web',
    ...(await endsWithParent(process.execPath, args, process.env)),
    cwd: PROJECT_ROOT,
    // With CI set, Vite does not take a closed standard input for its end.
    env: { ...process.env, SERVER_URL: addresses.api, CI: 'true' },
    ready: { line: (line) => (/ready in|Local:/.test(line) ? true : undefined) },
    show: (line) => (/warn|error/i.test(line) ? line : undefined),
  });
}

/**
 * The launcher watches and restarts, instead of `node --watch`, so that a process stops in order before it starts anew
 * and is never more than one step away from the launcher whose end it has to notice.
 */
function reloadOnChange(launcher: Launcher, { server, worker }: Platform): void {
  // The worker takes the contract and the kernel from the server's folder.
  const folders: [folder: string, processes: ManagedProcess[]][] = [
    ['server', [server, worker]],
    ['recordings-worker', [worker]],
  ];
  const waiting = new Set<ManagedProcess>();
  let timer: NodeJS.Timeout | undefined;
  const restart = async () => {
    const processes = [...waiting];
    waiting.clear();
    const step = launcher.progress.step(`restarting ${processes.map(({ name }) => name).join(' and ')}`);
    const outcomes = await Promise.allSettled(processes.map((managed) => managed.restart()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (!failed) return step.done('reloaded');
    step.failed();
    launcher.progress.line((failed.reason as Error).message);
  };
  for (const [folder, processes] of folders) {
    const watcher = watch(join(PROJECT_ROOT, folder), { recursive: true }, (_event, file) => {
      if (!file?.endsWith('.ts')) return;
      for (const managed of processes) waiting.add(managed);
      clearTimeout(timer);
      timer = setTimeout(() => void restart(), SETTLE_MS);
    });
    launcher.onStop('watch', async () => {
      clearTimeout(timer);
      watcher.close();
    });
  }
}
