import type { PacketIndex } from '../seal/packet-index.ts';
import { placeNext, placePackets, type StreamHead } from '../seal/timeline.ts';

/** Places are all worked out anew whenever there are so many more packets, as a share and at least. */
const growth = 0.25;
const growthAtLeast = 150;
/** Sooner where packets come so much later or earlier than the stream's clock says: it may have stepped. ms */
const doubtLateMs = 200;
const doubtEarlyMs = 20;
const doubtGrowth = 0.02;
const doubtGrowthAtLeast = 50;
/** And, where streams change all the time, at most for such a share of the time. */
const busyShare = 0.05;
/** A place that was told stays unless it is wrong by more than this: what is handed out next follows on, ms. */
const steadyMs = 10;

/**
 * Where the packets of a leg that is still being recorded begin. Placed by the same rules as the seal's, with what is
 * known so far: now and then all of them, and in between each new one by the clock of its stream.
 */
export class LegPlacing {
  /** UTC ms at which a packet begins, by its number in the index. */
  at = new Float64Array(4_096);
  /** Numbers of the placed packets, in order of time. */
  order = new Uint32Array(4_096);
  /** How many have their place; those of the index behind are still to come. */
  count = 0;
  /** UTC ms where the last one ends; −∞ without any. */
  endMs = Number.NEGATIVE_INFINITY;
  readonly #index: PacketIndex;
  readonly #clockRate: number;
  #head: StreamHead | undefined;
  #againAt = 0;
  /** How many there were when all were placed last. */
  #whole = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(index: PacketIndex, clockRate: number) {
    this.#index = index;
    this.#clockRate = clockRate;
  }

  /** Gives a place to what the index has more of than before. */
  place(): void {
    if (this.count === this.#index.count) return;
    this.#reserve(this.#index.count);
    if (this.#index.count >= this.#againAt) this.#placeAll();
    else this.#placeNew();
  }

  /** The first of `order` that begins at or behind this, UTC ms. */
  firstFrom(ms: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at[this.order[middle]!]! < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #placeNew(): void {
    const msPerTick = 1_000 / this.#clockRate;
    while (this.count < this.#index.count) {
      const packet = this.count;
      const next = this.#head && placeNext(this.#head, this.#index, packet, msPerTick);
      if (!next) {
        // Another stream: its clock is read with all there is of it.
        if (performance.now() - this.#lastMs > this.#tookMs / busyShare) this.#placeAll();
        return;
      }
      const delayMs = this.#index.arrivalMs[packet]! - next.atMs;
      if (!next.late && (delayMs > doubtLateMs || delayMs < -doubtEarlyMs)) {
        const soon = this.#whole + Math.max(doubtGrowthAtLeast, this.#whole * doubtGrowth);
        this.#againAt = Math.min(this.#againAt, soon);
      }
      // What was overtaken has its place before what came first; all others do not begin before the last one's end.
      this.#put(packet, next.late ? next.atMs : Math.max(next.atMs, this.endMs - steadyMs));
    }
  }

  #placeAll(): void {
    const began = performance.now();
    const { at, count: before } = this;
    const index = this.#index;
    const timeline = placePackets(index, this.#clockRate)!;
    const msPerTick = 1_000 / timeline.clockRate;
    const fresh = new Float64Array(index.count);
    for (let i = 0; i < timeline.order.length; i++) {
      fresh[timeline.order[i]!] = timeline.startMs + timeline.position[i]! * msPerTick;
    }
    const wrong = before === 0 ? 0 : fresh[before - 1]! - at[before - 1]!;
    const bias = Math.abs(wrong) < steadyMs ? wrong : 0;
    for (let packet = 0; packet < before; packet++) {
      if (Math.abs(fresh[packet]! - at[packet]!) < steadyMs) fresh[packet] = at[packet]!;
    }
    this.#head = { ...timeline.newest, baseMs: timeline.newest.baseMs - bias };
    this.count = 0;
    this.endMs = Number.NEGATIVE_INFINITY;
    for (let packet = 0; packet < index.count; packet++) {
      this.#put(packet, packet < before ? fresh[packet]! : fresh[packet]! - bias);
    }
    this.#whole = index.count;
    this.#againAt = index.count + Math.max(growthAtLeast, index.count * growth);
    this.#lastMs = performance.now();
    this.#tookMs = this.#lastMs - began;
  }

  #put(packet: number, ms: number): void {
    this.at[packet] = ms;
    // Nearly in order as they come.
    let place = this.count;
    for (; place > 0 && this.at[this.order[place - 1]!]! > ms; place--)
      this.order[place] = this.order[place - 1]!;
    this.order[place] = packet;
    this.count += 1;
    this.endMs = Math.max(this.endMs, ms + (this.#index.duration[packet]! * 1_000) / this.#clockRate);
  }

  #reserve(count: number): void {
    if (count <= this.at.length) return;
    const length = Math.max(count, this.at.length * 2);
    const at = new Float64Array(length);
    at.set(this.at);
    this.at = at;
    const order = new Uint32Array(length);
    order.set(this.order);
    this.order = order;
  }
}
