/**
 * Requests that begin in one turn of the event loop. Their first steps take some half a millisecond each, and everybody
 * else waits for the turn to end; but the more begin together, the more they can ask of the stores together.
 */
const beginTogether = 16;

/**
 * Begins tasks in order, a few in each turn of the event loop: what a crowd asks in one moment must not keep recorders,
 * softphones and everybody else waiting.
 */
export class TurnOfTheLoop {
  readonly #waiting: (() => void)[] = [];
  readonly #together: number;
  #scheduled = false;

  constructor(together: number = beginTogether) {
    this.#together = together;
  }

  begin(task: () => void): void {
    this.#waiting.push(task);
    if (!this.#scheduled) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = this.#waiting.length > 0;
    if (!this.#scheduled) return;
    // Immediates that are set in an immediate come in the next turn, with the sockets' turn between.
    setImmediate(() => {
      for (const task of this.#waiting.splice(0, this.#together)) task();
      this.#schedule();
    });
  }
}
