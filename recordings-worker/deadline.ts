import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkerError } from './worker-error.ts';

/**
 * Runs `work` and gives it up after `ms`: its signal is aborted, and the caller hears of it even if the work does not
 * mind its signal. Error: WorkerError `stage.deadline`; what `stopping` says when that comes first.
 */
export async function within<T>(
  ms: number,
  what: string,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const signal = AbortSignal.any([stopping, own.signal]);
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = Math.round(ms / 1_000);
      const error = new WorkerError(
        'stage.deadline',
        `${what} took longer than ${seconds} s and was given up.`,
      );
      own.abort(error);
      reject(error);
    }, ms);
    stopping.addEventListener('abort', () => reject(stopping.reason), { once: true, signal: own.signal });
  });
  over.catch(() => {});
  try {
    return await Promise.race([work(signal), over]);
  } finally {
    clearTimeout(timer);
    // Takes the listener off the signal that lives on.
    own.abort();
  }
}

/** Bytes in a folder and the folders in it; 0 where there is none. */
export async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    sum += entry.isDirectory()
      ? await bytesIn(path)
      : await stat(path).then(
          (facts) => facts.size,
          () => 0,
        );
  }
  return sum;
}
