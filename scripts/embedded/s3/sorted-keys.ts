/** Object keys in the order S3 lists them: by their UTF-8 bytes. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const index = this.indexOf(key);
    if (this.#keys[index] !== key) this.#keys.splice(index, 0, key);
  }

  delete(key: string): void {
    const index = this.indexOf(key);
    if (this.#keys[index] === key) this.#keys.splice(index, 1);
  }

  at(index: number): string | undefined {
    return this.#keys[index];
  }

  /** Index of the first key that is not below `key`. */
  indexOf(key: string): number {
    return this.#firstIndex((candidate) => compareUtf8(candidate, key) >= 0);
  }

  /** Index of the first key that comes after `key`. */
  indexAfter(key: string): number {
    return this.#firstIndex((candidate) => compareUtf8(candidate, key) > 0);
  }

  /** Index of the first key after all those that begin with `prefix`. */
  indexAfterPrefix(prefix: string): number {
    return this.#firstIndex(
      (candidate) => !candidate.startsWith(prefix) && compareUtf8(candidate, prefix) > 0,
    );
  }

  #firstIndex(reached: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (reached(this.#keys[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Compares by UTF-8 bytes: as by UTF-16 units, but surrogates (U+10000 and up) come after U+E000–U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
