import { type WorkerHeartbeat, workerHeartbeat } from '#contract/capture.ts';
import { workersSecretKey } from '#contract/spool-follow.ts';
import { newSecret } from '#kernel/ids.ts';
import type { Redis } from '#kernel/redis.ts';

/** The other recordings workers, and what those that share Redis share: the secret by which they trust each other. */
export interface Peers {
  readonly spoolId: string;
  /** Workers that live now and write to the spool `spoolId`. */
  of(spoolId: string): Promise<WorkerHeartbeat[]>;
  /** The spools that some living worker writes to. */
  spools(): Promise<string[]>;
  /** Shown at another worker's door. */
  secret(): Promise<string>;
}

export function createPeers(redis: Redis, self: { readonly spoolId: string }): Peers {
  let secret: Promise<string> | undefined;
  const living = async (): Promise<WorkerHeartbeat[]> => {
    const keys = new Set<string>();
    let cursor = '0';
    do {
      const [next, found] = await redis.scan(cursor, 'MATCH', 'worker:*', 'COUNT', 200);
      for (const key of found) keys.add(key);
      cursor = next;
    } while (cursor !== '0');
    if (keys.size === 0) return [];
    return (await redis.mget([...keys])).flatMap((value) => {
      const beat = value === null ? undefined : workerHeartbeat.safeParse(JSON.parse(value));
      return beat?.success ? [beat.data] : [];
    });
  };
  return {
    spoolId: self.spoolId,
    of: async (spoolId) => (await living()).filter((beat) => beat.spoolId === spoolId),
    spools: async () => [...new Set((await living()).flatMap((beat) => beat.spoolId ?? []))],
    secret: () => {
      secret ??= (async () => {
        // Whoever starts first makes it; who can read Redis can read the leases of the tap as well.
        await redis.set(workersSecretKey, newSecret(), 'NX');
        const kept = await redis.get(workersSecretKey);
        if (!kept) throw new Error('Redis keeps no secret of the workers');
        return kept;
      })().catch((error: unknown) => {
        secret = undefined;
        throw error;
      });
      return secret;
    },
  };
}
