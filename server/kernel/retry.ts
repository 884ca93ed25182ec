import type { Log } from './log.ts';

/**
 * Repeats what must not be lost while a store is away: waits 100 ms, then twice as long each time up to 5 s,
 * with jitter, until it succeeds or `giveUp` says so (then the last error is thrown).
 */
export async function persistently<T>(
  what: string,
  attempt: () => Promise<T>,
  options: { log: Log; giveUp?: (error: unknown, tries: number) => boolean },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (options.giveUp?.(error, tries)) throw error;
      const wait = Math.min(5_000, 100 * 2 ** (tries - 1)) * (0.75 + Math.random() / 2);
      options.log.warn({ what, tries, err: error, waitMs: Math.round(wait) }, 'will try again');
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
