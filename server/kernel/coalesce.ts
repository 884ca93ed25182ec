/**
 * Does something at once when it is first asked for, and then at most once every `everyMs` per key, the last time after
 * the last asking: a crowd's changes become a few, and the state that is told last is the true one. `everyMs` may depend
 * on how much there is to do: it is asked as each pause begins. A run that fails is handed to `onFault`; the next asking
 * runs it again.
 */
export function coalesce<T>(
  everyMs: number | (() => number),
  run: (key: string, latest: T) => Promise<unknown>,
  onFault: (key: string, fault: unknown) => void,
): (key: string, latest: T) => void {
  /** By key: what waits for its turn, if anything; a key is here until its pause is over. */
  const turns = new Map<string, { waiting?: { latest: T } }>();

  function begin(key: string, latest: T): void {
    const turn: { waiting?: { latest: T } } = {};
    turns.set(key, turn);
    const pauseMs = typeof everyMs === 'number' ? everyMs : everyMs();
    const pause = new Promise<void>((resolve) => setTimeout(resolve, pauseMs).unref());
    // A run that takes longer than the pause is its own pause: two never overtake each other.
    const done = run(key, latest).catch((fault: unknown) => onFault(key, fault));
    void Promise.all([pause, done]).then(() => {
      turns.delete(key);
      if (turn.waiting) begin(key, turn.waiting.latest);
    });
  }

  return (key, latest) => {
    const turn = turns.get(key);
    if (turn) turn.waiting = { latest };
    else begin(key, latest);
  };
}
