import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './file-lock.ts';
import type { Progress } from './progress.ts';
import { PROJECT_ROOT } from './root.ts';
import { run } from './run.ts';
import { SetUpError } from './set-up-error.ts';

const WEB = join(PROJECT_ROOT, 'web');
const MODULES = join(PROJECT_ROOT, 'node_modules');
/** The built web app, as the server serves it. */
export const WEB_DIST = join(WEB, 'dist');
/** Tells from which inputs web/dist was built. */
const STAMP = join(WEB_DIST, '.inputs');
/** Everything that the bundle is made of. */
const INPUTS = ['web', 'server/contract', 'package-lock.json'];

/** Builds web/dist unless it already comes from the files as they are now. @throws SetUpError with Vite's words */
export async function ensureWebBuild(progress: Progress): Promise<void> {
  if (await isCurrent()) return;
  await withLock(join(MODULES, '.web-build.lock'), async () => {
    if (await isCurrent()) return;
    const inputs = await fingerprint();
    const step = progress.step('building the web app');
    const fresh = join(MODULES, `.web-build-${process.pid}`);
    const old = `${fresh}-old`;
    try {
      const vite = [join(MODULES, 'vite/bin/vite.js'), 'build', WEB, '--outDir', fresh, '--logLevel', 'warn'];
      const { code, tail } = await run(process.execPath, vite, { cwd: PROJECT_ROOT });
      if (code !== 0) {
        step.failed();
        throw new SetUpError(`the web app could not be built:\n${tail}`);
      }
      await writeFile(join(fresh, '.inputs'), inputs);
      // A server that serves web/dist meanwhile sees the old build or the new one.
      await rename(WEB_DIST, old).catch(() => {});
      await rename(fresh, WEB_DIST);
    } finally {
      await rm(fresh, { recursive: true, force: true });
      await rm(old, { recursive: true, force: true });
    }
    step.done();
  });
}

async function isCurrent(): Promise<boolean> {
  const built = await readFile(STAMP, 'utf8').catch(() => undefined);
  return built !== undefined && built === (await fingerprint());
}

/** Changes when an input is added, removed, renamed, resized or touched. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    const path = join(PROJECT_ROOT, input);
    const files = (await stat(path)).isDirectory() ? await filesBelow(path) : [path];
    for (const file of files) {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(`${WEB_DIST}/`))
    .sort();
}
