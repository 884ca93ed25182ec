import { type SessionData, Store } from 'express-session';
import type { Redis } from '#kernel/redis.ts';

declare module 'express-session' {
  interface SessionData {
    personId?: string;
    csrfToken?: string;
  }
}

type Done = (error?: unknown) => void;

/** How long a session lives after its last request, in seconds: a working day signed in, an hour before that. */
export const sessionSeconds = { signedIn: 12 * 3_600, anonymous: 3_600 } as const;

const key = (sid: string) => `session:${sid}`;
const lifetime = (session: SessionData) =>
  session.personId === undefined ? sessionSeconds.anonymous : sessionSeconds.signedIn;

/** Server-side sessions in Redis, shared by all instances; Redis itself forgets the ones that lapsed. */
export class RedisSessionStore extends Store {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    super();
    this.#redis = redis;
  }

  /** The session, or null if there is none (any more). */
  async read(sid: string): Promise<SessionData | null> {
    const text = await this.#redis.get(key(sid));
    return text === null ? null : (JSON.parse(text) as SessionData);
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.read(sid).then((session) => done(null, session), done);
  }

  override set(sid: string, session: SessionData, done: Done = () => {}): void {
    this.#redis.set(key(sid), JSON.stringify(session), 'EX', lifetime(session)).then(() => done(), done);
  }

  override destroy(sid: string, done: Done = () => {}): void {
    this.#redis.del(key(sid)).then(() => done(), done);
  }

  /** Only lengthens a life: a session that was destroyed meanwhile stays so. */
  override touch(sid: string, session: SessionData, done: Done = () => {}): void {
    this.#redis.expire(key(sid), lifetime(session)).then(() => done(), done);
  }
}
