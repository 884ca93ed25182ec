import { type ShiftSide, shiftSides } from './shift-sides.ts';

/** A span of samples, `to` not included. */
export interface SampleSpan {
  readonly from: number;
  readonly to: number;
}

/** How much is kept around the playhead, so that a step back of ten seconds needs nothing. Seconds. */
const keptBehindS = 20;
const keptAheadS = 45;

/**
 * What was fetched of a call, both voices side by side in pages of one second. Places are samples since the call's
 * start. What nobody sent is silence; `coveredUntil` tells it apart from what was not fetched yet.
 */
export class CallTape {
  readonly #rate: number;
  readonly #pages = new Map<number, Record<ShiftSide, Float32Array>>();
  /** In order, not touching. */
  #covered: SampleSpan[] = [];

  constructor(rate: number) {
    this.#rate = rate;
  }

  write(side: ShiftSide, at: number, samples: Float32Array): void {
    for (let done = Math.max(0, -at); done < samples.length; ) {
      const place = at + done;
      const number = Math.floor(place / this.#rate);
      const inPage = place - number * this.#rate;
      const count = Math.min(samples.length - done, this.#rate - inPage);
      this.#page(number)[side].set(samples.subarray(done, done + count), inPage);
      done += count;
    }
  }

  /** All that there is between the two places has been written. */
  cover(from: number, to: number): void {
    if (to <= from) return;
    const apart = this.#covered.filter((span) => span.to < from || span.from > to);
    const touched = this.#covered.filter((span) => span.to >= from && span.from <= to);
    const joined = {
      from: Math.min(from, ...touched.map((span) => span.from)),
      to: Math.max(to, ...touched.map((span) => span.to)),
    };
    this.#covered = [...apart, joined].sort((a, b) => a.from - b.from);
  }

  /** Up to where one can play on from a place: the place itself when it was not fetched. */
  coveredUntil(at: number): number {
    return this.#covered.find(({ from, to }) => from <= at && at < to)?.to ?? at;
  }

  /** From where on the place is covered: the place itself when it was not fetched. */
  coveredSince(at: number): number {
    return this.#covered.find(({ from, to }) => from <= at && at < to)?.from ?? at;
  }

  /** Fills `into` with the samples from a place on. Answers whether any of them is not silence. */
  read(side: ShiftSide, from: number, into: Float32Array): boolean {
    let sounds = false;
    for (let done = 0; done < into.length; ) {
      const place = from + done;
      const number = Math.floor(place / this.#rate);
      const inPage = place - number * this.#rate;
      const count = Math.min(into.length - done, this.#rate - inPage);
      const page = this.#pages.get(number)?.[side];
      if (page) {
        into.set(page.subarray(inPage, inPage + count), done);
        sounds = true;
      } else into.fill(0, done, done + count);
      done += count;
    }
    return sounds;
  }

  /** Forgets what is far from a place. */
  trim(around: number): void {
    const first = Math.floor(around / this.#rate) - keptBehindS;
    const last = Math.floor(around / this.#rate) + keptAheadS;
    let forgot = false;
    for (const number of this.#pages.keys()) {
      if (number >= first && number <= last) continue;
      this.#pages.delete(number);
      forgot = true;
    }
    const [from, to] = [first * this.#rate, (last + 1) * this.#rate];
    if (!forgot && this.#covered.every((span) => span.from >= from && span.to <= to)) return;
    this.#covered = this.#covered
      .map((span) => ({ from: Math.max(from, span.from), to: Math.min(to, span.to) }))
      .filter((span) => span.to > span.from);
  }

  #page(number: number): Record<ShiftSide, Float32Array> {
    let page = this.#pages.get(number);
    if (!page) {
      page = Object.fromEntries(shiftSides.map((side) => [side, new Float32Array(this.#rate)])) as Record<
        ShiftSide,
        Float32Array
      >;
      this.#pages.set(number, page);
    }
    return page;
  }
}
