const CHUNK = 512;

/** A sorted list in chunks: insertion, removal and search touch one chunk, however long the list is. */
export class OrderedList<T> {
  #chunks: T[][] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** Replaces the content; faster than inserting one by one. */
  load(items: T[]): void {
    items.sort(this.#compare);
    this.#chunks = [];
    for (let i = 0; i < items.length; i += CHUNK) this.#chunks.push(items.slice(i, i + CHUNK));
  }

  insert(item: T): void {
    const before = (other: T) => this.#compare(other, item) < 0;
    const at = Math.min(this.#chunkOf(before), this.#chunks.length - 1);
    if (at < 0) {
      this.#chunks.push([item]);
      return;
    }
    const chunk = this.#chunks[at]!;
    chunk.splice(firstNot(chunk, before), 0, item);
    if (chunk.length > CHUNK * 2) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK));
  }

  remove(item: T): void {
    const before = (other: T) => this.#compare(other, item) < 0;
    const at = this.#chunkOf(before);
    const chunk = this.#chunks[at];
    const index = chunk === undefined ? -1 : firstNot(chunk, before);
    if (chunk === undefined || chunk[index] === undefined || this.#compare(chunk[index], item) !== 0) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** Items in order, from the first for which `before` is false. The list must not change meanwhile. */
  *from(before: (item: T) => boolean): Generator<T> {
    let at = this.#chunkOf(before);
    let index = at < this.#chunks.length ? firstNot(this.#chunks[at]!, before) : 0;
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at]!;
      for (; index < chunk.length; index++) yield chunk[index]!;
    }
  }

  #chunkOf(before: (item: T) => boolean): number {
    return firstNot(this.#chunks, (chunk) => before(chunk.at(-1)!));
  }
}

/** Index of the first item for which `before` is false, in a list that starts with all those for which it is true. */
function firstNot<T>(items: T[], before: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
