/** Bytes before each packet: length (2), leg (4), arrival (8). */
const headBytes = 14;
/** Stands for a packet's length where the ring goes on at its beginning. */
const turnMark = 0xffff;
/** Of the two positions, in the shared memory's first bytes: where is written next, where is read next. */
const written = 0;
const read = 1;
const dropped = 2;
const controlBytes = 64;

/** A ring for packets in shared memory. `bytes` is a power of two, or positions would not survive their 32 bits. */
export function arrivalsMemory(bytes = 16 * 1_024 * 1_024): SharedArrayBuffer {
  if (bytes < 4_096 || (bytes & (bytes - 1)) !== 0)
    throw new Error('a ring is a power of two, at least 4 KiB');
  return new SharedArrayBuffer(controlBytes + bytes);
}

interface Backlogged {
  readonly leg: number;
  readonly atMs: number;
  readonly packet: Buffer;
}

/**
 * The writing end, in the thread that reads the network: one writer, one reader, no lock (Lamport's queue). When the
 * reader stands still for longer than the ring lasts, packets wait in this thread's memory; beyond that they are
 * dropped and counted.
 */
export class ArrivalsWriter {
  readonly #positions: Int32Array;
  readonly #ring: Buffer;
  readonly #mask: number;
  readonly #backlogBytes: number;
  readonly #backlog: Backlogged[] = [];
  #waitingBytes = 0;

  constructor(memory: SharedArrayBuffer, options: { backlogBytes?: number } = {}) {
    this.#positions = new Int32Array(memory, 0, controlBytes / 4);
    this.#ring = Buffer.from(memory, controlBytes);
    this.#mask = this.#ring.length - 1;
    this.#backlogBytes = options.backlogBytes ?? 64 * 1_024 * 1_024;
  }

  /** Takes a packet of a leg, with its arrival in ms. The bytes are copied, now or later: they must not change. */
  push(leg: number, atMs: number, packet: Buffer): void {
    if (this.#backlog.length > 0) this.flush();
    if (this.#backlog.length === 0 && this.#write(leg, atMs, packet)) return;
    if (this.#waitingBytes + packet.length > this.#backlogBytes) {
      Atomics.add(this.#positions, dropped, 1);
      return;
    }
    this.#waitingBytes += packet.length;
    this.#backlog.push({ leg, atMs, packet });
  }

  /** Writes what waits, as far as there is room. */
  flush(): void {
    let gone = 0;
    for (const { leg, atMs, packet } of this.#backlog) {
      if (!this.#write(leg, atMs, packet)) break;
      this.#waitingBytes -= packet.length;
      gone += 1;
    }
    if (gone > 0) this.#backlog.splice(0, gone);
  }

  #write(leg: number, atMs: number, packet: Buffer): boolean {
    const size = headBytes + packet.length;
    const from = this.#positions[written]! >>> 0;
    const used = (from - Atomics.load(this.#positions, read)) >>> 0;
    const at = from & this.#mask;
    const untilTurn = this.#ring.length - at;
    // A packet lies in one piece; what is left before the turn stays empty.
    const skip = untilTurn < size ? untilTurn : 0;
    // Never quite full: then `written` and `read` would say "empty".
    if (used + skip + size >= this.#ring.length) return false;
    if (skip >= 2) this.#ring.writeUInt16LE(turnMark, at);
    const start = (from + skip) & this.#mask;
    this.#ring.writeUInt16LE(packet.length, start);
    this.#ring.writeUInt32LE(leg, start + 2);
    this.#ring.writeDoubleLE(atMs, start + 6);
    packet.copy(this.#ring, start + headBytes);
    // Only now may the reader see it.
    Atomics.store(this.#positions, written, (from + skip + size) | 0);
    return true;
  }
}

/** The reading end. */
export class ArrivalsReader {
  readonly #positions: Int32Array;
  readonly #ring: Buffer;
  readonly #mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, controlBytes / 4);
    this.#ring = Buffer.from(memory, controlBytes);
    this.#mask = this.#ring.length - 1;
  }

  /** Packets that found no room, ever. */
  get dropped(): number {
    return Atomics.load(this.#positions, dropped);
  }

  /** Hands over everything that has come until now. `packet` is the ring's own memory: it is right until `take` returns. */
  drain(take: (leg: number, atMs: number, packet: Buffer) => void): void {
    const end = Atomics.load(this.#positions, written) >>> 0;
    let position = this.#positions[read]! >>> 0;
    while (position !== end) {
      const at = position & this.#mask;
      const untilTurn = this.#ring.length - at;
      const length = untilTurn < 2 ? turnMark : this.#ring.readUInt16LE(at);
      if (length === turnMark) {
        position = (position + untilTurn) >>> 0;
        continue;
      }
      const from = at + headBytes;
      position = (position + headBytes + length) >>> 0;
      try {
        take(
          this.#ring.readUInt32LE(at + 2),
          this.#ring.readDoubleLE(at + 6),
          this.#ring.subarray(from, from + length),
        );
      } finally {
        // Freed packet by packet: what fails with one must not see it again.
        Atomics.store(this.#positions, read, position | 0);
      }
    }
    Atomics.store(this.#positions, read, position | 0);
  }
}
