/** Lets `size` requests through at once and `perSecond` more each second. */
export class TokenBucket {
  readonly #size: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  constructor(size: number, perSecond: number, nowMs: number = performance.now()) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#tokens = size;
    this.#filledAt = nowMs;
  }

  take(nowMs: number = performance.now()): boolean {
    this.#tokens = Math.min(this.#size, this.#tokens + ((nowMs - this.#filledAt) / 1_000) * this.#perSecond);
    this.#filledAt = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
