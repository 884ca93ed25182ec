import { Redis } from 'ioredis';
import type { Log } from './log.ts';

export type { Redis } from 'ioredis';

/**
 * A Redis client that reconnects for as long as it takes, while a single command fails within 3 s:
 * a request that needs Redis gets an answer, not a queue.
 * `use: 'subscriber'` waits instead, as a subscription must outlive an outage.
 */
export function createRedis(
  url: string,
  log: Log,
  options: { name: string; use?: 'commands' | 'subscriber' } = { name: 'server' },
): Redis {
  const forCommands = options.use !== 'subscriber';
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: `cloud-listening-${options.name}`,
    connectTimeout: 3_000,
    ...(forCommands ? { commandTimeout: 3_000, maxRetriesPerRequest: 1 } : { maxRetriesPerRequest: null }),
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000),
  });
  let down = false;
  redis.on('error', (error: Error) => {
    // ioredis reports every attempt; once per outage is enough to read.
    if (!down) log.error({ err: error, redis: options.name }, 'redis connection failed');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info({ redis: options.name }, 'redis reconnected');
    down = false;
  });
  return redis;
}

/** Ends a client whether or not it is connected; never throws. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  if (redis.status !== 'ready') {
    redis.disconnect();
    return;
  }
  await redis.quit().catch(() => redis.disconnect());
}

const outageMessages = [
  'Connection is closed.',
  'Command timed out',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Socket closed unexpectedly',
];
const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

/** True when Redis could not be reached or did not answer in time. */
export function isRedisOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return (
    thrown.name === 'MaxRetriesPerRequestError' ||
    outageMessages.includes(thrown.message) ||
    outageCodes.has((thrown as NodeJS.ErrnoException).code ?? '') ||
    thrown.message.startsWith('LOADING ')
  );
}
