/** Chance that comes out the same for the same seed (xorshift32 over an FNV-1a hash). */
export class Dice {
  #state: number;

  constructor(seed: string) {
    let hash = 0x811c9dc5;
    for (const character of seed) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
    this.#state = hash | 1;
  }

  /** 0 inclusive to 1 exclusive. */
  roll(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + this.roll() * (high - low);
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.roll() * count);
  }
}
