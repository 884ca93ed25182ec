import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive } from './process-state.ts';

/** A holder touches its lock this often; one untouched for three times as long is nobody's. In ms. */
const TOUCH_EVERY_MS = 5_000;
const ABANDONED_AFTER_MS = 15_000;
const LOOK_AGAIN_MS = 500;

/**
 * Runs the work while no other process that uses the same lock file does; waits for them as long as they live. A
 * holder that was killed is noticed by its process id, or (in another container) by the lock no longer being touched.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(path))) await wait(LOOK_AGAIN_MS);
  const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_EVERY_MS);
  touch.unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (await isAbandoned(path)) await rm(path, { force: true });
  return false;
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const untouched = Date.now() - (await stat(path)).mtimeMs;
    if (untouched > ABANDONED_AFTER_MS) return true;
    const holder = Number(await readFile(path, 'utf8'));
    // An empty file is a lock in the making.
    return holder > 0 && !isAlive(holder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
