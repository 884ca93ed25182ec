import type { Log } from '#kernel/log.ts';
import type { Redis } from '#kernel/redis.ts';

const unwatched = new Set<string | symbol>([
  'publish',
  'subscribe',
  'psubscribe',
  'unsubscribe',
  'punsubscribe',
]);

/**
 * The adapter sends these commands without looking at the outcome, and a rejection nobody handles ends the process.
 * While Redis is away announcements reach this instance's sockets only; clients catch up when they ask again.
 */
export function unwatchedSafe(redis: Redis, log: Log): Redis {
  return new Proxy(redis, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (!unwatched.has(property)) return value.bind(target);
      return (...args: unknown[]) =>
        (value.apply(target, args) as Promise<unknown>).catch((error: Error) => {
          log.warn(
            { command: String(property), reason: error.message },
            'the other instances were not reached',
          );
          return 0;
        });
    },
  });
}
