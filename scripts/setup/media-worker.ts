import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensurePackages } from './debian-packages.ts';
import { withLock } from './file-lock.ts';
import { isAlive } from './process-state.ts';
import type { Progress } from './progress.ts';
import { PROJECT_ROOT } from './root.ts';
import { mustRun, run } from './run.ts';
import { SetUpError } from './set-up-error.ts';
import { buildSrtpLibrary } from './srtp-library.ts';

const RECIPE = join(import.meta.dirname, 'media-worker');
const MEDIASOUP = join(PROJECT_ROOT, 'node_modules/mediasoup');

/** The worker's exit code when it is started by hand, that is without MEDIASOUP_VERSION (worker/src/main.cpp). */
const STARTED_BY_HAND = 41;
/** How long the host of prebuilt workers may take to answer at all, and then to deliver 10 MB, in ms. */
const PREBUILT_ANSWER_MS = 4_000;
const PREBUILT_DOWNLOAD_MS = 90_000;

/**
 * mediasoup answers OpenSSL's BIO callback with 1 whatever is asked, also "is kernel TLS on?". An OpenSSL with kTLS,
 * as Debian's, then skips its write buffer and the worker dies of a segmentation fault at the first DTLS handshake.
 * Only on the way *out* (BIO_CB_RETURN set among other bits) may the callback pass the operation's own result on.
 */
const PATCH = {
  file: 'src/RTC/DtlsTransport.cpp',
  from: '(operationType == BIO_CB_RETURN)',
  to: '(operationType & BIO_CB_RETURN)',
};

/** Where the worker for this mediasoup, this recipe and this kind of processor is kept, whether it is there or not. */
export async function cachedWorkerPath(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { version } = JSON.parse(await readFile(join(MEDIASOUP, 'package.json'), 'utf8')) as {
    version: string;
  };
  const recipe = createHash('sha256').update(JSON.stringify(PATCH));
  const files = await readdir(RECIPE, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  paths.push(join(import.meta.dirname, 'srtp-library.ts'));
  for (const path of paths.sort()) recipe.update(await readFile(path));
  const key = `${version}-${recipe.digest('hex').slice(0, 12)}-${arch()}`;
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return join(cache, 'cloud-listening', 'mediasoup-worker', key, 'mediasoup-worker');
}

/** Whether the file is a mediasoup worker that runs on this machine with the libraries it has now. */
export async function isWorkingWorker(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return (await run(path, [], { env: {}, timeoutMs: 5_000 })).code === STARTED_BY_HAND;
}

/** The worker that a start would use without doing any work: MEDIASOUP_WORKER_BIN or the cached one. */
export async function findMediaWorker(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const given = env.MEDIASOUP_WORKER_BIN;
  if (given) {
    if (await isWorkingWorker(given)) return given;
    throw new SetUpError(`MEDIASOUP_WORKER_BIN is not a mediasoup worker that runs here: ${given}`);
  }
  const cached = await cachedWorkerPath(env);
  return (await isWorkingWorker(cached)) ? cached : undefined;
}

/**
 * Fetches mediasoup's own prebuilt worker into the cache, by running that one step of mediasoup's installation.
 * Gives up quickly and without a word where its host cannot be reached.
 */
export async function downloadMediaWorker(
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const manifest = JSON.parse(await readFile(join(MEDIASOUP, 'package.json'), 'utf8')) as {
    repository: { url: string };
  };
  const { origin } = new URL(manifest.repository.url.replace(/^git\+/, ''));
  const base = env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL ?? origin;
  try {
    await fetch(base, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(PREBUILT_ANSWER_MS),
    });
  } catch {
    return undefined;
  }
  const step = progress.step('downloading the media worker');
  // The step would go on to a build with Python's tools when the download fails: no Python, no such build.
  const { MEDIASOUP_WORKER_BIN: _, ...rest } = env;
  await run(process.execPath, ['npm-scripts.mjs', 'postinstall'], {
    cwd: MEDIASOUP,
    env: { ...rest, PYTHON: 'false' },
    timeoutMs: PREBUILT_DOWNLOAD_MS,
  });
  const downloaded = join(MEDIASOUP, 'worker/out/Release/mediasoup-worker');
  if (!(await isWorkingWorker(downloaded))) {
    step.done('not to be had, so it will be built');
    return undefined;
  }
  const cached = await cachedWorkerPath(env);
  await place(downloaded, cached);
  step.done();
  return cached;
}

/**
 * Builds the worker from the sources in mediasoup's npm package with Debian's libraries, into the cache; the packages
 * of purpose 'worker-build' must be there. Several builds started at once become one. Takes minutes.
 * @throws SetUpError with the compiler's words
 */
export async function buildMediaWorker(
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const cached = await cachedWorkerPath(env);
  const folder = dirname(cached);
  await mkdir(folder, { recursive: true });
  let step: ReturnType<Progress['step']> | undefined;
  try {
    await withLock(join(folder, 'build.lock'), async () => {
      if (await isWorkingWorker(cached)) return;
      await removeAbandonedBuilds(folder);
      const build = join(folder, `build-${process.pid}`);
      await layOut(build);
      await buildSrtpLibrary(build, progress);
      const sources = await readdir(build, { recursive: true });
      const of = sources.filter((name) => /^src\/.*\.cpp$|^deps\/.*\.cc$/.test(name)).length;
      let done = 0;
      const compiling = progress.step('building the media worker');
      step = compiling;
      compiling.update(0, of, 'files');
      await mustRun('make', ['-j2'], {
        cwd: build,
        env,
        onLine: (line) => {
          if (line.startsWith('compiled ')) compiling.update(++done, of, 'files');
        },
      });
      const built = join(build, 'mediasoup-worker');
      if (!(await isWorkingWorker(built)))
        throw new SetUpError('the media worker was built but does not run');
      await place(built, cached);
      await rm(build, { recursive: true, force: true });
    });
  } catch (error) {
    step?.failed();
    throw error;
  }
  step?.done();
  return cached;
}

async function removeAbandonedBuilds(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const builder = /^build-(\d+)$/.exec(name)?.[1];
    if (builder && !isAlive(Number(builder))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Copies the sources and the recipe into the build folder and patches the copy. */
async function layOut(build: string): Promise<void> {
  for (const part of ['src', 'include', 'deps', 'fbs'])
    await cp(join(MEDIASOUP, 'worker', part), join(build, part), { recursive: true });
  await cp(RECIPE, build, { recursive: true });
  const path = join(build, PATCH.file);
  const parts = (await readFile(path, 'utf8')).split(PATCH.from);
  if (parts.length !== 2)
    throw new SetUpError(`the patch to ${PATCH.file} fits ${parts.length - 1} places, not one: new sources?`);
  await writeFile(path, parts.join(PATCH.to));
}

/** Puts a copy of the file in its place in one step, so that nobody ever sees half of it. */
async function place(file: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await copyFile(file, temporary);
  await chmod(temporary, 0o755);
  await rename(temporary, target);
}

/**
 * The path of a mediasoup worker that runs on this machine: MEDIASOUP_WORKER_BIN, else the cached one, else mediasoup's
 * prebuilt one, else one built here (installing the compiler where that is allowed).
 * @throws SetUpError when none can be had
 */
export async function ensureMediaWorker(
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const ready = (await findMediaWorker(env)) ?? (await downloadMediaWorker(progress, env));
  if (ready) return ready;
  await ensurePackages(['worker-build'], progress, env);
  return await buildMediaWorker(progress, env);
}
