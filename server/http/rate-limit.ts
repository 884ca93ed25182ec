import { AppError } from '#kernel/errors.ts';
import type { Redis } from '#kernel/redis.ts';

export interface RateRule {
  readonly name: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

export const rateRules = {
  signInFailures: { name: 'sign-in-failures', limit: 30, windowSeconds: 60 },
  signIns: { name: 'sign-ins', limit: 600, windowSeconds: 60 },
  telephonyKeyFailures: { name: 'telephony-key-failures', limit: 30, windowSeconds: 60 },
  customerLinkFailures: { name: 'customer-link-failures', limit: 30, windowSeconds: 60 },
} as const satisfies Record<string, RateRule>;

/** Fixed windows in Redis, so that all instances count together. `who` is an address, never a person. */
export class RateLimiter {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Counts one. Error `rate.limited` once the window's limit is passed. */
  async count(rule: RateRule, who: string): Promise<void> {
    const key = this.#key(rule, who);
    const answers = await this.#redis.multi().set(key, 0, 'EX', rule.windowSeconds, 'NX').incr(key).exec();
    const [error, count] = answers?.[1] ?? [new Error('the rate window was not counted'), 0];
    if (error) throw error;
    if (Number(count) > rule.limit) throw refusal(rule);
  }

  /** Error `rate.limited` if the limit was already reached; counts nothing. */
  async check(rule: RateRule, who: string): Promise<void> {
    const count = Number((await this.#redis.get(this.#key(rule, who))) ?? 0);
    if (count >= rule.limit) throw refusal(rule);
  }

  #key(rule: RateRule, who: string): string {
    return `rate:${rule.name}:${who}`;
  }
}

function refusal(rule: RateRule): AppError {
  return new AppError('rate.limited', `Too many attempts. Please wait ${rule.windowSeconds} seconds.`, {
    details: { retryAfterSeconds: rule.windowSeconds },
  });
}
