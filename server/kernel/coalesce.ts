/** How often something is done. Milliseconds; asked anew each time, for it may depend on how much there is to do. */
export interface Pace {
  everyMs(): number;
  /** From the first asking to the first time; 0 is at once. */
  firstAfterMs(): number;
}

/**
 * Does something soon after it is first asked for, and then at most once in a while per key, the last time after the
 * last asking: a crowd's changes become a few, and the state that is told last is the true one. `pace` as a number: at
 * once, and then at most every so many ms. A run that fails is handed to `onFault`; the next asking runs it again.
 */
export function coalesce<T>(
  pace: number | Pace,
  run: (key: string, latest: T) => Promise<unknown>,
  onFault: (key: string, fault: unknown) => void,
): (key: string, latest: T) => void {
  const { everyMs, firstAfterMs } =
    typeof pace === 'number' ? { everyMs: () => pace, firstAfterMs: () => 0 } : pace;
  /** By key: what waits for its turn, if anything; a key is here until its pause is over. */
  const turns = new Map<string, { waiting?: { latest: T } }>();
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

  function begin(key: string, latest: T): void {
    const turn: { waiting?: { latest: T } } = {};
    turns.set(key, turn);
    // A run that takes longer than the pause is its own pause: two never overtake each other.
    const done = run(key, latest).catch((fault: unknown) => onFault(key, fault));
    void Promise.all([pause(everyMs()), done]).then(() => goOn(key, turn));
  }

  function goOn(key: string, turn: { readonly waiting?: { latest: T } }): void {
    turns.delete(key);
    if (turn.waiting) begin(key, turn.waiting.latest);
  }

  return (key, latest) => {
    const turn = turns.get(key);
    if (turn) {
      turn.waiting = { latest };
      return;
    }
    const firstMs = firstAfterMs();
    if (firstMs <= 0) begin(key, latest);
    else {
      const first = { waiting: { latest } };
      turns.set(key, first);
      void pause(firstMs).then(() => goOn(key, first));
    }
  };
}
