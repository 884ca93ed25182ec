import { ensurePackages, type Purpose } from './debian-packages.ts';
import { buildMediaWorker, downloadMediaWorker, findMediaWorker } from './media-worker.ts';
import type { Progress } from './progress.ts';
import { ensureWebBuild } from './web-build.ts';

/** What is to be started: each needs a little more or less of the machine. */
export type Occasion = 'demo' | 'dev' | 'test' | 'bench';

export interface Prepared {
  /** The path of a mediasoup worker that runs on this machine: MEDIASOUP_WORKER_BIN for the processes. */
  mediaWorker: string;
}

const PURPOSES: Record<Occasion, Purpose[]> = {
  demo: ['redis', 'audio', 'speech'],
  dev: ['redis', 'audio', 'speech'],
  test: ['redis', 'audio', 'speech', 'browser', 'relay'],
  bench: ['redis', 'audio', 'speech', 'browser'],
};

/**
 * Brings this machine to where the occasion can start: Debian packages, the media worker, the web app (but for `dev`,
 * which serves it from its sources). Costs well under a second where everything is there.
 * @throws SetUpError with what a person has to do
 */
export async function prepare(
  occasion: Occasion,
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Prepared> {
  const purposes = PURPOSES[occasion].filter((purpose) => !(purpose === 'redis' && env.REDIS_URL));
  // One round of apt-get for all, so first: does the compiler belong to it?
  let mediaWorker = (await findMediaWorker(env)) ?? (await downloadMediaWorker(progress, env));
  if (!mediaWorker) purposes.push('worker-build');
  await ensurePackages(purposes, progress, env);
  mediaWorker ??= await buildMediaWorker(progress, env);
  if (occasion !== 'dev') await ensureWebBuild(progress);
  return { mediaWorker };
}
