import type { Redis } from 'ioredis';
import { z } from 'zod';
import { localText } from '#contract/primitives.ts';
import type { KeptHand } from './rooms.ts';

/** Longer than any slot. Milliseconds. */
const lifetimeMs = 24 * 3_600_000;

const keptHand = z.object({ name: localText, raisedAt: z.number(), goneAt: z.number().nullable() });

export interface KeptHands {
  readonly version: number;
  readonly hands: readonly KeptHand[];
}

export type HandsStore = ReturnType<typeof createHandsStore>;

/** Raised hands over all server processes: a Redis hash per slot, a field per person, and a version beside it. */
export function createHandsStore(redis: Redis) {
  const handsKey = (slotId: string) => `hands:${slotId}`;
  const versionKey = (slotId: string) => `hands-version:${slotId}`;

  /** Runs the change, counts the version up, and reads what came of it: one turn of Redis. */
  async function change(slotId: string, command: [string, ...string[]] | null): Promise<KeptHands> {
    const [hands, version] = [handsKey(slotId), versionKey(slotId)];
    const turn = redis.multi(command ? [command] : []);
    if (command) turn.incr(version);
    const answers = await turn
      .pexpire(hands, lifetimeMs)
      .pexpire(version, lifetimeMs)
      .get(version)
      .hgetall(hands)
      .exec();
    const failed = answers?.find(([error]) => error)?.[0];
    if (!answers || failed) throw failed ?? new Error('the hands were not read');
    const [count, fields] = answers.slice(-2).map(([, value]) => value) as [
      string | null,
      Record<string, string>,
    ];
    return { version: Number(count ?? 0), hands: Object.entries(fields).flatMap(handOf) };
  }

  return {
    list: (slotId: string): Promise<KeptHands> => change(slotId, null),

    /** A hand that is up keeps its place. */
    raise: (slotId: string, { personId, ...hand }: KeptHand): Promise<KeptHands> =>
      change(slotId, ['hsetnx', handsKey(slotId), personId, JSON.stringify(hand)]),

    lower: (slotId: string, personId: string): Promise<KeptHands> =>
      change(slotId, ['hdel', handsKey(slotId), personId]),

    /** Notes when its owner's window closed, or that they are back (null). Does nothing if the hand is down. */
    async markGone(slotId: string, personId: string, goneAt: number | null): Promise<KeptHands | null> {
      const field = await redis.hget(handsKey(slotId), personId);
      const [hand] = field === null ? [] : handOf([personId, field]);
      if (!hand || hand.goneAt === goneAt) return null;
      const { personId: _, ...rest } = hand;
      return change(slotId, ['hset', handsKey(slotId), personId, JSON.stringify({ ...rest, goneAt })]);
    },

    async find(slotId: string, personId: string): Promise<KeptHand | null> {
      const field = await redis.hget(handsKey(slotId), personId);
      return field === null ? null : (handOf([personId, field])[0] ?? null);
    },
  };
}

function handOf([personId, field]: [string, string]): KeptHand[] {
  const parsed = keptHand.safeParse(JSON.parse(field));
  return parsed.success ? [{ personId, ...parsed.data }] : [];
}
