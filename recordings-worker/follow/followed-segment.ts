import { join } from 'node:path';
import type { CaptureLeg } from '#contract/capture.ts';
import { parseSegmentEvents, type SegmentEvent, type SegmentHead } from '../spool/segment-events.ts';
import { eventsSuffix } from '../spool/spool-layout.ts';
import type { FollowedLeg, LegFile } from './followed-leg.ts';
import { GrowingFile } from './growing-file.ts';

const newline = 0x0a;

export interface SegmentReader {
  /** The leg over all segments. */
  legOf(leg: CaptureLeg): FollowedLeg;
  onPause(event: Extract<SegmentEvent, { type: 'pause' }>): void;
  onCallEnd(atMs: number): void;
}

/** One segment of a call, read as it grows: the log of its events, and the files of its legs. */
export class FollowedSegment {
  readonly name: string;
  head: SegmentHead | undefined;
  /** Arrival of its first and last packet, UTC ms. */
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  readonly #folder: string;
  readonly #events: GrowingFile;
  readonly #reader: SegmentReader;
  readonly #legs = new Map<number, LegFile>();
  #rest: Buffer = Buffer.alloc(0);
  #garbled = false;
  /** The tap's items in it, and those that it was not given. */
  #items = 0;

  constructor(folder: string, name: string, reader: SegmentReader) {
    this.name = name;
    this.#folder = folder;
    this.#events = new GrowingFile(join(folder, name + eventsSuffix));
    this.#reader = reader;
  }

  /** The tap's sequence of its last item. */
  get lastSequence(): number {
    return (this.head?.after ?? 0) + this.#items;
  }

  async look(): Promise<void> {
    if (!this.#garbled) await this.#events.readNew((bytes) => this.#take(bytes));
    for (const file of this.#legs.values()) await file.look();
  }

  close(): Promise<void> {
    return this.#events.close();
  }

  /** Whole lines; a torn one waits for its rest, a garbled one ends the reading (see `parseSegmentEvents`). */
  #take(bytes: Buffer): void {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(newline) + 1;
    this.#rest = all.subarray(end);
    const text = all.toString('utf8', 0, end);
    const events = parseSegmentEvents(text);
    if (events.length < text.split('\n').length - 1) this.#garbled = true;
    for (const event of events) this.#apply(event);
  }

  #apply(event: SegmentEvent): void {
    switch (event.type) {
      case 'segment':
        this.head = event;
        return;
      case 'leg': {
        if (!event.restated) this.#items += 1;
        const leg = this.#reader.legOf(event.leg);
        this.#legs.set(
          event.index,
          leg.addFile(join(this.#folder, event.file), (arrivalMs) => {
            this.#items += 1;
            this.firstMs = Math.min(this.firstMs, arrivalMs);
            this.lastMs = Math.max(this.lastMs, arrivalMs);
          }),
        );
        return;
      }
      case 'dropped':
        this.#items += (event.skipped ?? []).reduce((sum, [from, to]) => sum + to - from + 1, 0);
        return;
      case 'leg-end':
        this.#items += 1;
        this.#legs.get(event.index)?.end();
        return;
      case 'pause':
        this.#items += 1;
        this.#reader.onPause(event);
        return;
      case 'call-end':
        this.#items += 1;
        this.#reader.onCallEnd(event.atMs);
        return;
      case 'hold':
        this.#items += 1;
    }
  }
}
