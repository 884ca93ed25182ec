/** How long a packet may wait for an older one, ms. */
export const RESEQUENCE_MS = 60;
/** How many packets may wait; the next one ends the waiting. */
export const RESEQUENCE_PACKETS = 3;

/** A packet on its way out; `bytes` is null for a position that is spent but has nothing to forward. */
export type Emit = (position: number, bytes: Buffer | null, arrivalMs: number) => void;

interface Waiting {
  readonly position: number;
  readonly bytes: Buffer | null;
  readonly arrivalMs: number;
}

/**
 * Puts packets back into order of their position (see StreamTracker). A packet in order passes at once, in the same
 * turn; one that is ahead waits until the missing ones came, {@link RESEQUENCE_PACKETS} packets wait, or
 * {@link RESEQUENCE_MS} passed. The owner keeps the timer: {@link waitingSinceMs} says since when.
 */
export class Resequencer {
  /** Positions that were passed over and have not come since. */
  lost = 0;
  /** Packets that came after their position was passed over. */
  late = 0;

  readonly #emit: Emit;
  readonly #waiting: Waiting[] = [];
  #first = -1;
  #next = -1;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Arrival of the packet that waits longest, monotonic ms; undefined when none waits. */
  get waitingSinceMs(): number | undefined {
    let since: number | undefined;
    for (const entry of this.#waiting)
      if (since === undefined || entry.arrivalMs < since) since = entry.arrivalMs;
    return since;
  }

  /** Positions never repeat: duplicates are the tracker's business. `bytes` null spends the position silently. */
  push(position: number, bytes: Buffer | null, arrivalMs: number): void {
    if (this.#next < 0) {
      this.#first = position;
      this.#next = position;
    }
    if (position < this.#next) {
      if (bytes) this.late++;
      // What came before the very first packet was never counted as lost.
      if (position > this.#first) this.lost--;
      return;
    }
    if (position === this.#next) {
      this.#next++;
      this.#emit(position, bytes, arrivalMs);
      if (this.#waiting.length > 0) this.#drain();
      return;
    }
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.position > position) at--;
    this.#waiting.splice(at, 0, { position, bytes, arrivalMs });
    if (this.#waiting.length >= RESEQUENCE_PACKETS) this.#giveUpGap();
  }

  /** Ends the waiting of those that have waited long enough. */
  expire(nowMs: number): void {
    for (;;) {
      const since = this.waitingSinceMs;
      if (since === undefined || nowMs - since < RESEQUENCE_MS) return;
      this.#giveUpGap();
    }
  }

  /** Everything that waits goes out now: the stream goes on elsewhere. */
  flush(): void {
    while (this.#waiting.length > 0) this.#giveUpGap();
  }

  #giveUpGap(): void {
    const first = this.#waiting[0]!.position;
    this.lost += first - this.#next;
    this.#next = first;
    this.#drain();
  }

  #drain(): void {
    while (this.#waiting[0]?.position === this.#next) {
      const entry = this.#waiting.shift()!;
      this.#next++;
      this.#emit(entry.position, entry.bytes, entry.arrivalMs);
    }
  }
}
