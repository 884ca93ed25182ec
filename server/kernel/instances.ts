import type { Redis } from 'ioredis';
import type { Log } from './log.ts';

/** How long after its last beat an instance counts as dead. Milliseconds. */
const lifetimeMs = 10_000;

/** Server processes that live now, by a key in Redis that each one renews. */
export interface Instances {
  readonly self: string;
  alive(instanceId: string): Promise<boolean>;
  stop(): Promise<void>;
}

export async function registerInstance(redis: Redis, self: string, log: Log): Promise<Instances> {
  const key = (id: string) => `instance:${id}`;
  const beat = () => redis.set(key(self), String(Date.now()), 'PX', lifetimeMs);
  await beat();
  const timer = setInterval(() => {
    beat().catch((error: unknown) => log.warn({ err: error }, 'instance beat failed'));
  }, lifetimeMs / 3);
  timer.unref();
  return {
    self,
    alive: async (instanceId) => instanceId === self || (await redis.exists(key(instanceId))) === 1,
    stop: async () => {
      clearInterval(timer);
      await redis.del(key(self));
    },
  };
}
