import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type RosterEntry, rosterEntry } from '#contract/listening.ts';
import { gathered } from '#kernel/gathered.ts';

/** An entry that its server did not renew for this long is of a process that died. Milliseconds. */
const entryLifetimeMs = 30_000;

/** A room that nobody wrote to for this long is forgotten. Milliseconds. */
const keptMs = 24 * 3_600_000;

const storedEntry = z.object({ entry: rosterEntry, renewedAt: z.number() });

export type RosterStore = ReturnType<typeof createRosterStore>;

/** Who is in which room, over all server processes: a Redis hash per slot, a field per socket. */
export function createRosterStore(redis: Redis) {
  const key = (slotId: string) => `roster:${slotId}`;
  const putAll = gathered(async (asked: readonly { slotId: string; socketId: string; value: string }[]) => {
    const writing = redis.multi();
    for (const [slotId, entries] of Map.groupBy(asked, (one) => one.slotId)) {
      const fields = Object.fromEntries(entries.map(({ socketId, value }) => [socketId, value]));
      writing.hset(key(slotId), fields).pexpire(key(slotId), keptMs);
    }
    await writing.exec();
    return asked.map(() => undefined);
  });
  return {
    put: (slotId: string, socketId: string, entry: RosterEntry, now: number): Promise<void> =>
      putAll({ slotId, socketId, value: JSON.stringify({ entry, renewedAt: now }) }),

    async remove(slotId: string, socketId: string): Promise<void> {
      await redis.hdel(key(slotId), socketId);
    },

    /** One entry a person, even with two windows open; hosts first. */
    async list(slotId: string, now: number): Promise<RosterEntry[]> {
      const people = new Map<string, RosterEntry>();
      for (const value of Object.values(await redis.hgetall(key(slotId)))) {
        const parsed = storedEntry.safeParse(JSON.parse(value));
        if (!parsed.success || now - parsed.data.renewedAt > entryLifetimeMs) continue;
        const { entry } = parsed.data;
        const known = people.get(entry.personId);
        if (!known || known.callId === null) people.set(entry.personId, entry);
      }
      return [...people.values()].sort((a, b) => Number(b.host) - Number(a.host));
    },
  };
}
