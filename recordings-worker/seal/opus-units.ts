import { parseOpus, writeOpus } from './opus-packet.ts';
import { type PacketIndex, PayloadReader } from './packet-index.ts';
import type { LegTimeline } from './timeline.ts';
import { slotTicks } from './webm.ts';

/**
 * An Opus leg as units of 20 ms, each of which can be an Opus packet of its own without touching a frame: long
 * packets are split, frames shorter than 20 ms are put together. Columns, in playing order.
 */
export interface OpusUnits {
  readonly count: number;
  /** Ticks of 48 kHz since the leg's position 0. */
  readonly position: Float64Array;
  /** Bytes of the frames: a quiet unit is a small one. */
  readonly size: Uint16Array;
  /** 1 where packets before this unit were sent and never came. */
  readonly lostBefore: Uint8Array;
  /** The packet (into the packet index) that the unit begins in, and its frame there. */
  readonly packet: Uint32Array;
  readonly frame: Uint8Array;
  /** The packet that the unit ends in, where it is another one; else as `packet`. */
  readonly second: Uint32Array;
  /** How many frames came; those that are lacking to 20 ms were lost. */
  readonly frames: Uint8Array;
}

/**
 * Undefined when the leg cannot be cut into units of 20 ms: SILK frames of 40 or 60 ms, short frames whose neighbours
 * have another configuration, or packets so short that three make no unit.
 */
export function unitsOf(index: PacketIndex, timeline: LegTimeline): OpusUnits | undefined {
  const reader = new PayloadReader(index);
  try {
    return new Cutter(index, timeline, reader).cut();
  } finally {
    reader.close();
  }
}

/** Frames that wait for enough of their kind to make a unit. */
interface Begun {
  readonly toc: number;
  readonly frameTicks: number;
  readonly position: number;
  readonly packet: number;
  readonly frame: number;
  frames: number;
  size: number;
  lostBefore: boolean;
}

const end = (unit: Begun): number => unit.position + unit.frames * unit.frameTicks;

class Cutter {
  readonly #timeline: LegTimeline;
  readonly #reader: PayloadReader;
  readonly #columns: OpusUnits & { count: number };
  #begun: Begun | undefined;

  constructor(index: PacketIndex, timeline: LegTimeline, reader: PayloadReader) {
    this.#timeline = timeline;
    this.#reader = reader;
    // A packet shorter than a unit may have lost its partner.
    let most = 0;
    for (let i = 0; i < index.count; i++) most += Math.ceil(index.duration[i]! / slotTicks);
    this.#columns = {
      count: 0,
      position: new Float64Array(most),
      size: new Uint16Array(most),
      lostBefore: new Uint8Array(most),
      packet: new Uint32Array(most),
      frame: new Uint8Array(most),
      second: new Uint32Array(most),
      frames: new Uint8Array(most),
    };
  }

  cut(): OpusUnits | undefined {
    const { order, position, missing } = this.#timeline;
    for (let i = 0; i < order.length; i++) {
      if (!this.#packet(order[i]!, position[i]!, missing[i]! > 0)) return undefined;
    }
    if (this.#begun) this.#close(this.#begun, this.#begun.packet);
    return this.#columns;
  }

  /** False when the packet's frames fit no unit. */
  #packet(packet: number, at: number, lostBefore: boolean): boolean {
    const parsed = parseOpus(this.#reader.payload(packet));
    if (!parsed) throw new Error('a packet that was whole when it was read first is not any more');
    const { toc, frameTicks, frames } = parsed;
    if (frameTicks > slotTicks) return false;
    for (let frame = 0; frame < frames.length; frame++) {
      const position = at + frame * frameTicks;
      if (this.#begun && position - end(this.#begun) > frameTicks / 2)
        this.#close(this.#begun, this.#begun.packet);
      const unit: Begun = this.#begun ?? {
        ...{ toc, frameTicks, position, packet, frame },
        ...{ frames: 0, size: 0, lostBefore: lostBefore && frame === 0 },
      };
      if (unit.toc !== toc) return false;
      unit.frames += 1;
      unit.size += frames[frame]!.length;
      if (unit.frames * frameTicks < slotTicks) this.#begun = unit;
      else this.#close(unit, packet);
    }
    // Begun in another packet and still not full: it would take three.
    return this.#begun === undefined || this.#begun.packet === packet;
  }

  #close(unit: Begun, packet: number): void {
    const columns = this.#columns;
    const at = columns.count++;
    columns.position[at] = unit.position;
    columns.size[at] = unit.size;
    columns.lostBefore[at] = unit.lostBefore ? 1 : 0;
    columns.packet[at] = unit.packet;
    columns.frame[at] = unit.frame;
    columns.second[at] = packet;
    columns.frames[at] = unit.frames;
    this.#begun = undefined;
  }
}

/** Reads units back as Opus packets of 20 ms, from the spool. */
export class UnitReader {
  readonly #units: OpusUnits;
  readonly #reader: PayloadReader;

  constructor(index: PacketIndex, units: OpusUnits) {
    this.#units = units;
    this.#reader = new PayloadReader(index);
  }

  /** The frames, byte for byte as they came; what was lost of a unit is an empty one. `delimited` as in {@link writeOpus}. */
  packet(unit: number, delimited: boolean): Buffer {
    const columns = this.#units;
    const packet = columns.packet[unit]!;
    const second = columns.second[unit]!;
    const first = parseOpus(this.#reader.payload(packet))!;
    const wanted = slotTicks / first.frameTicks;
    const from = columns.frame[unit]!;
    let frames = first.frames.slice(from, from + columns.frames[unit]!);
    if (second !== packet) {
      // Views into the reader's window, which the next read may replace.
      frames = frames.map((one) => Buffer.from(one));
      const rest = parseOpus(this.#reader.payload(second))!;
      frames.push(...rest.frames.slice(0, columns.frames[unit]! - frames.length));
    }
    while (frames.length < wanted) frames.push(Buffer.alloc(0));
    return writeOpus(first.toc, frames, delimited);
  }

  close(): void {
    this.#reader.close();
  }
}
