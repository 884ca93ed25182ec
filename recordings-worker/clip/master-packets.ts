import { elementIds, slotMs } from '../seal/webm.ts';

/** The packets of a sealed recording, by slot of 20 ms; the first slots are its lead. */
export interface MasterPackets {
  /** Ticks of 48 kHz that are played. */
  readonly ticks: number;
  readonly count: number;
  /** The packet of a slot, both channels as they stand in the file; undefined where there is none. */
  packet(slot: number): Buffer | undefined;
}

interface Element {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a recording that {@link WebmWriter} wrote: its clusters' blocks, without decoding anything.
 * Error: a plain Error where it is no such file.
 */
export function readMasterPackets(master: Buffer): MasterPackets {
  const segment = [...elements(master, 0, master.length)].find(({ id }) => id === elementIds.segment);
  if (!segment) throw new Error('not a WebM file');
  let ticks = 0;
  const slots: (Buffer | undefined)[] = [];
  for (const part of elements(master, segment.from, segment.to)) {
    if (part.id === elementIds.info) ticks = ticksOf(master, part);
    else if (part.id === elementIds.cluster) readCluster(master, part, slots);
  }
  if (ticks === 0 || slots.length === 0) throw new Error('a WebM file without length or blocks');
  return { ticks, count: slots.length, packet: (slot) => slots[slot] };
}

function ticksOf(bytes: Buffer, info: Element): number {
  for (const { id, from, to } of elements(bytes, info.from, info.to)) {
    if (id === elementIds.duration && to - from === 8) return Math.round(bytes.readDoubleBE(from) * 48);
  }
  return 0;
}

function readCluster(bytes: Buffer, cluster: Element, slots: (Buffer | undefined)[]): void {
  let startMs = 0;
  const add = ({ from, to }: Element) => {
    // One byte of track, the time within the cluster, one byte of flags: no lacing.
    const atMs = startMs + bytes.readInt16BE(from + 1);
    slots[Math.round(atMs / slotMs)] = bytes.subarray(from + 4, to);
  };
  for (const part of elements(bytes, cluster.from, cluster.to)) {
    if (part.id === elementIds.timestamp) startMs = bytes.readUIntBE(part.from, part.to - part.from);
    else if (part.id === elementIds.simpleBlock) add(part);
    else if (part.id === elementIds.blockGroup) {
      for (const inner of elements(bytes, part.from, part.to)) if (inner.id === elementIds.block) add(inner);
    }
  }
}

/** Elements side by side (RFC 8794 §5): each one's id, and where its content begins and ends. */
function* elements(bytes: Buffer, from: number, to: number): Generator<Element> {
  for (let at = from; at < to; ) {
    const idLength = lengthOf(bytes[at]!, 4);
    const sizeAt = at + idLength;
    const sizeLength = lengthOf(bytes[sizeAt] ?? 0, 8);
    const start = sizeAt + sizeLength;
    const size = sizeOf(bytes, sizeAt, sizeLength);
    if (start + size > to) throw new Error(`a WebM element reaches beyond its end at ${at}`);
    yield { id: bytes.readUIntBE(at, idLength), from: start, to: start + size };
    at = start + size;
  }
}

/** Bytes of a variable-size integer, by its leading zero bits. */
function lengthOf(first: number, most: number): number {
  const length = Math.clz32(first) - 23;
  if (length > most) throw new Error('not a WebM element');
  return length;
}

function sizeOf(bytes: Buffer, at: number, length: number): number {
  let size = bytes[at]! & (0xff >> length);
  for (let i = 1; i < length; i++) size = size * 256 + bytes[at + i]!;
  return size;
}
