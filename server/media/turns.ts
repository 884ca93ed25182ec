export interface TurnsPace {
  /** One turn begins this long after the one before, in the long run. Milliseconds. */
  readonly everyMs: number;
  /** So many may begin in one moment after a rest. */
  readonly atOnce: number;
}

/**
 * A worker is one thread: a DTLS handshake costs it about a millisecond, in which it forwards nothing. When hundreds
 * come in one moment, half of its time stays with those who hear.
 */
export const newcomersPace: TurnsPace = { everyMs: 2, atOnce: 10 };

/** Lets through in order, at a pace (GCRA, the generic cell rate algorithm of ATM Forum TM 4.0, without its refusals). */
export class Turns {
  readonly #pace: TurnsPace;
  readonly #now: () => number;
  /** When the next one would be due if all kept to the pace. */
  #due = Number.NEGATIVE_INFINITY;

  /** `now`: monotonic, ms. */
  constructor(pace: TurnsPace = newcomersPace, now: () => number = () => performance.now()) {
    this.#pace = pace;
    this.#now = now;
  }

  /** How long the next one has to wait, ms; takes the turn. */
  reserve(): number {
    const now = this.#now();
    const due = Math.max(now, this.#due);
    this.#due = due + this.#pace.everyMs;
    return Math.max(0, due - now - (this.#pace.atOnce - 1) * this.#pace.everyMs);
  }

  /** Resolves when it is this one's turn; at once where nobody is before it. */
  async take(): Promise<void> {
    const waitMs = this.reserve();
    if (waitMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, waitMs));
  }
}
