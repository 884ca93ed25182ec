import type { Redis } from 'ioredis';
import { z } from 'zod';
import { followMode } from '#contract/follow.ts';
import { id, timeMs } from '#contract/primitives.ts';

/** A seat whose server did not renew it for this long waits no more for now: its process died. Milliseconds. */
const livesMs = 15_000;
/** So long a place among those who wait is kept for somebody who comes back. Milliseconds. */
export const placeKeptMs = 2 * 60_000;

const storedSeat = z.object({
  personId: id,
  slotId: id,
  /** The process and the socket that hold the seat: nobody else writes it. */
  holder: z.string(),
  process: z.string(),
  mode: followMode,
  lineId: id,
  lineIds: z.array(id).nullable(),
  chosenCallId: id.nullable(),
  scenarioId: id.nullable(),
  waitingSince: timeMs.nullable(),
  /** The call that is heard, or was offered. */
  callId: id.nullable(),
  renewedAt: timeMs,
  /** The socket is gone; the place is kept for a while. */
  detached: z.boolean(),
});
export type StoredSeat = z.infer<typeof storedSeat>;

const key = 'follow:seats';

/** Writes or deletes a seat only while the same holder has it, so that a process that lost a seat does not undo the next one's. */
const asHolder = `
local found = redis.call('hget', KEYS[1], ARGV[1])
if not found then return ARGV[3] == '' and 1 or 0 end
if cjson.decode(found).holder ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('hdel', KEYS[1], ARGV[1]) else redis.call('hset', KEYS[1], ARGV[1], ARGV[3]) end
return 1
`;

export type FollowStore = ReturnType<typeof createFollowStore>;

/** Who follows calls, over all server processes: one Redis hash, a field per person, as a person has one pair of ears. */
export function createFollowStore(redis: Redis) {
  const parse = (value: string | null): StoredSeat | null => {
    if (value === null) return null;
    const parsed = storedSeat.safeParse(JSON.parse(value));
    return parsed.success ? parsed.data : null;
  };

  return {
    /** Takes the seat, from whichever process had it. */
    async take(seat: StoredSeat): Promise<void> {
      await redis.hset(key, seat.personId, JSON.stringify(seat));
    },

    /** False when another process or window has the seat now, or when it is gone: nothing was written then. */
    async keep(seat: StoredSeat): Promise<boolean> {
      return (await redis.eval(asHolder, 1, key, seat.personId, seat.holder, JSON.stringify(seat))) === 1;
    },

    async drop(personId: string, holder: string): Promise<void> {
      await redis.eval(asHolder, 1, key, personId, holder, '');
    },

    /** The seat as it was left, also by a process that died; null when its place is no longer kept. */
    async placeOf(personId: string, now: number): Promise<StoredSeat | null> {
      const seat = parse(await redis.hget(key, personId));
      return seat && now - seat.renewedAt <= placeKeptMs ? seat : null;
    },

    /** Seats of listeners who are there; those that nobody came back to are cleared away. */
    async all(now: number): Promise<StoredSeat[]> {
      const seats: StoredSeat[] = [];
      for (const [personId, value] of Object.entries(await redis.hgetall(key))) {
        const seat = parse(value);
        if (seat === null || now - seat.renewedAt > placeKeptMs) {
          if (seat) await redis.eval(asHolder, 1, key, personId, seat.holder, '');
          else await redis.hdel(key, personId);
        } else if (!seat.detached && now - seat.renewedAt <= livesMs) seats.push(seat);
      }
      return seats;
    },
  };
}
