import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Stack, type StackEnv, startStack } from '#scripts/embedded/stack.ts';

interface Shared {
  readonly stack: Stack;
  readonly dataDir: string;
}

let shared: Promise<Shared> | undefined;
let worlds = 0;

/** Real stores, started at the first need and once per mocha run; MONGODB_URL, REDIS_URL and S3_ENDPOINT replace them. */
async function sharedStack(): Promise<Shared> {
  shared ??= (async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'cloud-listening-test-'));
    return { stack: await startStack({ dataDir }), dataDir };
  })();
  return shared;
}

/**
 * Stores that nothing else uses: a new database, an empty Redis database, the shared bucket (keys there carry ids).
 * At most 15 such worlds can be in use at once, which is how many databases Redis has besides the first.
 */
export async function freshStores(): Promise<StackEnv> {
  const { stack } = await sharedStack();
  const mongo = new URL(stack.env.MONGODB_URL);
  mongo.pathname = `/test-${randomBytes(6).toString('hex')}`;
  const redis = new URL(stack.env.REDIS_URL);
  redis.pathname = `/${1 + (worlds++ % 15)}`;
  const client = new Redis(redis.href);
  await client.flushdb();
  await client.quit();
  return { ...stack.env, MONGODB_URL: mongo.href, REDIS_URL: redis.href };
}

// Registered on mocha's root suite: the last thing of a run.
after('stop the stores', async function () {
  this.timeout(30_000);
  if (!shared) return;
  const { stack, dataDir } = await shared;
  shared = undefined;
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
});
