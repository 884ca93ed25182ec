import type { Redis } from 'ioredis';
import {
  type SpoolListing,
  spoolListing,
  spoolListingKey,
  type WorkerHeartbeat,
  workerHeartbeat,
} from '#contract/capture.ts';

/** The recordings workers that live now: each renews a key of its own, which expires when it dies. */
export async function livingRecorders(redis: Redis): Promise<WorkerHeartbeat[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', 'worker:*', 'COUNT', 200);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  if (keys.size === 0) return [];
  const values = await redis.mget([...keys]);
  return values
    .flatMap((value) => {
      if (value === null) return [];
      const parsed = workerHeartbeat.safeParse(JSON.parse(value));
      return parsed.success ? [parsed.data] : [];
    })
    .sort((a, b) => a.workerId.localeCompare(b.workerId));
}

/** What lies in the spools of workers that live; a spool whose workers are away is not among them. */
export async function livingSpools(redis: Redis): Promise<SpoolListing[]> {
  const spoolIds = new Set((await livingRecorders(redis)).flatMap(({ spoolId }) => spoolId ?? []));
  if (spoolIds.size === 0) return [];
  const values = await redis.mget([...spoolIds].map(spoolListingKey));
  return values.flatMap((value) => {
    const parsed = value === null ? undefined : spoolListing.safeParse(JSON.parse(value));
    return parsed?.success ? [parsed.data] : [];
  });
}
