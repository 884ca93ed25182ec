import {
  controlFrame,
  frameType,
  maxRtpBytes,
  packetOverheadBytes,
  type TapItem,
  writePacketFrame,
} from '#kernel/rtp/tap-protocol.ts';

/** 16 KiB is about a second of two G.711 legs: fine enough to drop by, coarse enough to cost nothing. */
const chunkBytes = 16_384;

interface Chunk {
  bytes: Buffer;
  /** Bytes before `from` are acknowledged, bytes up to `used` are written. */
  from: number;
  used: number;
  lastSequence: number;
  lastArrivalMs: number;
  /** True when dropping left only its control frames. */
  compacted: boolean;
  next: Chunk | undefined;
}

/** A reading position; it stays right while the buffer is acknowledged and trimmed under it. */
export interface BufferCursor {
  chunk: Chunk;
  offset: number;
}

export interface BufferLimits {
  /** Audio older than this against the newest packet is dropped, ms. */
  readonly bufferMs: number;
  /** Audio that one copy has on disk waits this long for the other one, ms; `bufferMs` unless told. */
  readonly lagMs?: number;
  readonly maxBytes: number;
}

/** How many copies of a call there can be. */
export const maxCopies = 2;

interface Copy {
  /** What is not acknowledged by it is kept for it, within the limits. */
  expected: boolean;
  acknowledged: number;
}

type ControlInput =
  Exclude<TapItem, { kind: 'packet' }> extends infer T
    ? T extends { sequence: number }
      ? Omit<T, 'sequence'>
      : never
    : never;

/**
 * The items of one call that not every wanted copy has on disk yet, as ready-made frames in a list of chunks.
 * An item is forgotten when every expected copy has acknowledged it; when no copy is expected any more, when one has.
 * Bounded in time and bytes: what does not fit is dropped from the old end, packets only; leg and hold events always
 * survive. What one copy has is dropped earlier than what none has, and is no loss.
 * `onAllocated` hears of each change of the memory held, in bytes.
 */
export class CallBuffer {
  readonly #limits: BufferLimits;
  readonly #onAllocated: (deltaBytes: number) => void;
  #head: Chunk;
  #tail: Chunk;
  #cursors = new Set<BufferCursor>();
  #sequence = 0;
  /** On the disk of at least one recorder, up to here. */
  #safe = 0;
  /** Forgotten, up to here. */
  #released = 0;
  readonly #copies: Copy[] = Array.from({ length: maxCopies }, () => ({ expected: false, acknowledged: 0 }));
  #allocated = 0;
  #packets = 0;
  #dropped = 0;

  constructor(limits: BufferLimits, onAllocated: (deltaBytes: number) => void) {
    this.#limits = limits;
    this.#onAllocated = onAllocated;
    this.#head = this.#tail = this.#newChunk();
  }

  get sequence(): number {
    return this.#sequence;
  }
  /** The last sequence that at least one recorder has on disk. */
  get acknowledged(): number {
    return this.#safe;
  }
  /** Packets taken so far, dropped ones included. */
  get packets(): number {
    return this.#packets;
  }
  /** Packets that had to go before any recorder had them: they are lost. */
  get dropped(): number {
    return this.#dropped;
  }
  get allocatedBytes(): number {
    return this.#allocated;
  }

  get unacknowledgedBytes(): number {
    let sum = 0;
    for (let chunk: Chunk | undefined = this.#head; chunk; chunk = chunk.next) sum += chunk.used - chunk.from;
    return sum;
  }

  /** Arrival of the newest packet minus that of the oldest one still held, ms. */
  get unacknowledgedMs(): number {
    for (let chunk: Chunk | undefined = this.#head; chunk; chunk = chunk.next) {
      for (let at = chunk.from; at < chunk.used; at += 2 + chunk.bytes.readUInt16BE(at)) {
        if (chunk.bytes[at + 2] !== frameType.packet) continue;
        return Math.max(0, this.#tail.lastArrivalMs - chunk.bytes.readDoubleBE(at + 8));
      }
    }
    return 0;
  }

  appendPacket(index: number, arrivalMs: number, rtp: Buffer): void {
    this.#packets += 1;
    // The sequence moves on, so that the recorder sees that something is missing.
    this.#sequence += 1;
    if (rtp.length > maxRtpBytes) {
      this.#dropped += 1;
      return;
    }
    const chunk = this.#room(packetOverheadBytes + rtp.length);
    chunk.used = writePacketFrame(chunk.bytes, chunk.used, this.#sequence, index, arrivalMs, rtp);
    chunk.lastSequence = this.#sequence;
    chunk.lastArrivalMs = arrivalMs;
  }

  appendControl(item: ControlInput): void {
    this.#sequence += 1;
    const frame = controlFrame({ ...item, sequence: this.#sequence });
    const chunk = this.#room(frame.length);
    frame.copy(chunk.bytes, chunk.used);
    chunk.used += frame.length;
    chunk.lastSequence = this.#sequence;
  }

  /** From now on this copy is waited for. */
  expect(copy: number): void {
    this.#copies[copy]!.expected = true;
  }

  /** This copy is not waited for any more: what the others have is forgotten. */
  waive(copy: number): void {
    this.#copies[copy]!.expected = false;
    this.#forget();
  }

  isExpected(copy: number): boolean {
    return this.#copies[copy]!.expected;
  }

  /** The last sequence this copy has acknowledged, or that is not kept for it any more. */
  reached(copy: number): number {
    return Math.max(this.#copies[copy]!.acknowledged, this.#released);
  }

  /** A cursor at the first item that this copy has not acknowledged. Give it back with {@link release}. */
  open(copy = 0): BufferCursor {
    const behind = this.#copies[copy]!.acknowledged;
    let chunk = this.#head;
    while (chunk.next && chunk.lastSequence <= behind) chunk = chunk.next;
    let offset = chunk.from;
    while (offset < chunk.used && chunk.bytes.readUInt32BE(offset + 3) <= behind) {
      offset += 2 + chunk.bytes.readUInt16BE(offset);
    }
    const cursor = { chunk, offset };
    this.#cursors.add(cursor);
    return cursor;
  }

  release(cursor: BufferCursor): void {
    this.#cursors.delete(cursor);
  }

  /** The next whole frames behind the cursor, undefined when it is at the end. Moves the cursor. */
  read(cursor: BufferCursor): Buffer | undefined {
    cursor.offset = Math.max(cursor.offset, cursor.chunk.from);
    while (cursor.offset >= cursor.chunk.used) {
      if (!cursor.chunk.next) return undefined;
      cursor.chunk = cursor.chunk.next;
      cursor.offset = cursor.chunk.from;
    }
    const bytes = cursor.chunk.bytes.subarray(cursor.offset, cursor.chunk.used);
    cursor.offset = cursor.chunk.used;
    return bytes;
  }

  /** Everything up to `sequence` is on this copy's disk. False when that sequence was never given out. */
  acknowledge(sequence: number, copy = 0): boolean {
    if (sequence > this.#sequence) return false;
    const own = this.#copies[copy]!;
    if (sequence <= own.acknowledged) return true;
    own.acknowledged = sequence;
    this.#safe = Math.max(this.#safe, sequence);
    this.#forget();
    return true;
  }

  #forget(): void {
    let sequence = this.#safe;
    for (const copy of this.#copies) {
      if (copy.expected) sequence = Math.min(sequence, copy.acknowledged);
    }
    if (sequence <= this.#released) return;
    this.#released = sequence;
    while (this.#head.next && this.#head.lastSequence <= sequence) this.#removeHead();
    const head = this.#head;
    while (head.from < head.used && head.bytes.readUInt32BE(head.from + 3) <= sequence) {
      head.from += 2 + head.bytes.readUInt16BE(head.from);
    }
  }

  /** Drops the oldest packets (about a second's worth). Answers how many were lost by it. */
  dropOldest(): number {
    let before: Chunk | undefined;
    let chunk = this.#head;
    while (chunk.compacted && chunk.next) {
      before = chunk;
      chunk = chunk.next;
    }
    if (chunk === this.#tail) return 0;
    const dropped = this.#compact(chunk);
    this.#dropped += dropped;
    // Chunks that hold nothing any more, and small neighbours, must not pile up.
    if (before && before.used + chunk.used <= chunkBytes) this.#merge(before, chunk);
    else if (chunk.used === 0 && chunk === this.#head) this.#removeHead();
    return dropped;
  }

  /** Gives the memory back. The buffer is of no use afterwards. */
  discard(): void {
    this.#onAllocated(-this.#allocated);
    this.#allocated = 0;
  }

  #newChunk(): Chunk {
    this.#allocate(chunkBytes);
    return {
      bytes: Buffer.allocUnsafeSlow(chunkBytes),
      from: 0,
      used: 0,
      lastSequence: 0,
      lastArrivalMs: 0,
      compacted: false,
      next: undefined,
    };
  }

  #allocate(delta: number): void {
    this.#allocated += delta;
    this.#onAllocated(delta);
  }

  #room(bytes: number): Chunk {
    if (this.#tail.used + bytes <= this.#tail.bytes.length) return this.#tail;
    const chunk = this.#newChunk();
    chunk.lastArrivalMs = this.#tail.lastArrivalMs;
    this.#tail.next = chunk;
    this.#tail = chunk;
    this.#trim();
    return chunk;
  }

  #trim(): void {
    for (;;) {
      let oldest: Chunk | undefined = this.#head;
      while (oldest?.compacted) oldest = oldest.next;
      if (!oldest || oldest === this.#tail) return;
      const { bufferMs, lagMs = bufferMs } = this.#limits;
      const patience = oldest.lastSequence <= this.#safe ? Math.min(lagMs, bufferMs) : bufferMs;
      const tooOld = this.#tail.lastArrivalMs - oldest.lastArrivalMs > patience;
      if (!tooOld && this.#allocated <= this.#limits.maxBytes) return;
      this.dropOldest();
    }
  }

  #removeHead(): void {
    const gone = this.#head;
    this.#head = gone.next!;
    this.#allocate(-gone.bytes.length);
    for (const cursor of this.#cursors) {
      if (cursor.chunk !== gone) continue;
      cursor.chunk = this.#head;
      cursor.offset = this.#head.from;
    }
  }

  /** Keeps only the control frames of a chunk, in memory of their own size. Answers the packets that no copy has. */
  #compact(chunk: Chunk): number {
    const kept: Buffer[] = [];
    let used = 0;
    let dropped = 0;
    const moved = new Map<BufferCursor, number>();
    for (let at = chunk.from; at <= chunk.used; ) {
      for (const cursor of this.#cursors) {
        if (cursor.chunk === chunk && Math.max(cursor.offset, chunk.from) === at) moved.set(cursor, used);
      }
      if (at === chunk.used) break;
      const end = at + 2 + chunk.bytes.readUInt16BE(at);
      if (chunk.bytes[at + 2] === frameType.packet) {
        if (chunk.bytes.readUInt32BE(at + 3) > this.#safe) dropped += 1;
      } else {
        kept.push(chunk.bytes.subarray(at, end));
        used += end - at;
      }
      at = end;
    }
    for (const [cursor, offset] of moved) cursor.offset = offset;
    const bytes = Buffer.concat(kept, used);
    this.#allocate(bytes.length - chunk.bytes.length);
    chunk.bytes = bytes;
    chunk.from = 0;
    chunk.used = used;
    chunk.compacted = true;
    return dropped;
  }

  #merge(before: Chunk, chunk: Chunk): void {
    const bytes = Buffer.concat([
      before.bytes.subarray(before.from, before.used),
      chunk.bytes.subarray(0, chunk.used),
    ]);
    const kept = before.used - before.from;
    for (const cursor of this.#cursors) {
      if (cursor.chunk === before) cursor.offset = Math.max(0, cursor.offset - before.from);
      if (cursor.chunk === chunk) {
        cursor.chunk = before;
        cursor.offset += kept;
      }
    }
    this.#allocate(bytes.length - before.bytes.length - chunk.bytes.length);
    before.bytes = bytes;
    before.from = 0;
    before.used = bytes.length;
    before.lastSequence = chunk.lastSequence;
    before.lastArrivalMs = chunk.lastArrivalMs;
    before.next = chunk.next;
  }
}
