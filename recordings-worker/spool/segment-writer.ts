import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { recordHeaderBytes, rtpdumpHeader, writeRtpdumpRecord } from '#kernel/rtp/rtpdump.ts';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import type { SegmentEvent, SegmentHead } from './segment-events.ts';
import { eventsSuffix } from './spool-layout.ts';

/** Bytes waiting for the next flush, growing as needed. Two take turns, so that one can fill while one is written. */
class PendingBytes {
  bytes = Buffer.allocUnsafe(8_192);
  used = 0;

  reserve(length: number): void {
    if (this.used + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.used + length));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }

  append(part: Buffer): void {
    this.reserve(part.length);
    part.copy(this.bytes, this.used);
    this.used += part.length;
  }
}

class SpoolFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #filling = new PendingBytes();
  #writing = new PendingBytes();

  constructor(path: string) {
    this.#path = path;
  }

  get pending(): PendingBytes {
    return this.#filling;
  }

  /** Writes what is pending and syncs it to disk. Answers true when the file is new in its folder. */
  async flush(): Promise<boolean> {
    if (this.#filling.used === 0) return false;
    [this.#filling, this.#writing] = [this.#writing, this.#filling];
    const isNew = this.#handle === undefined;
    // 'ax': a segment never touches a file that another one began.
    this.#handle ??= await open(this.#path, 'ax');
    const { bytes, used } = this.#writing;
    for (let at = 0; at < used; ) at += (await this.#handle.write(bytes, at, used - at)).bytesWritten;
    this.#writing.used = 0;
    await this.#handle.datasync();
    return isNew;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

interface LegFile {
  readonly file: SpoolFile;
  startMs: number | undefined;
}

export interface SegmentOptions {
  readonly folder: string;
  readonly head: SegmentHead;
}

/**
 * Appends what the tap sends to one segment's files. `append` only collects; `flush` brings it to disk and answers
 * the sequence that may be acknowledged. After a failed flush the segment is of no further use: close it.
 */
export class SegmentWriter {
  readonly name: string;
  readonly #folder: string;
  readonly #events: SpoolFile;
  readonly #legs = new Map<number, LegFile>();
  readonly #fileNames = new Set<string>();
  #lastSequence: number;
  #lastArrivalMs: number | null = null;
  #missing: [from: number, to: number][] = [];
  #packets = 0;
  #flushedBytes = 0;

  private constructor(name: string, options: SegmentOptions) {
    this.name = name;
    this.#folder = options.folder;
    this.#lastSequence = options.head.after;
    this.#events = new SpoolFile(join(options.folder, name + eventsSuffix));
    this.#note(options.head);
  }

  /** Takes the first free segment name of this capture. */
  static async open(options: SegmentOptions): Promise<SegmentWriter> {
    await mkdir(options.folder, { recursive: true });
    for (let part = 1; ; part++) {
      const name = part === 1 ? options.head.captureId : `${options.head.captureId}.${part}`;
      const writer = new SegmentWriter(name, options);
      try {
        await writer.flush();
        return writer;
      } catch (error) {
        await writer.close();
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  get packets(): number {
    return this.#packets;
  }
  get flushedBytes(): number {
    return this.#flushedBytes;
  }
  get pendingBytes(): number {
    let sum = this.#events.pending.used;
    for (const { file } of this.#legs.values()) sum += file.pending.used;
    return sum;
  }

  append(item: TapItem): void {
    if (item.kind === 'leg') this.#announce(item);
    if (item.sequence <= this.#lastSequence) return;
    if (item.sequence > this.#lastSequence + 1) {
      this.#missing.push([this.#lastSequence + 1, item.sequence - 1]);
    }
    this.#lastSequence = item.sequence;
    switch (item.kind) {
      case 'packet':
        this.#noteMissing(item.arrivalMs);
        this.#packet(item.index, item.arrivalMs, item.rtp);
        break;
      case 'hold':
        this.#note({ type: 'hold', index: item.index, on: item.on, atMs: item.atMs });
        break;
      case 'pause':
        this.#note({ type: 'pause', on: item.on, sinceMs: item.sinceMs, atMs: item.atMs });
        break;
      case 'leg-end':
        this.#note({ type: 'leg-end', index: item.index, atMs: item.atMs });
        break;
      case 'call-end':
        this.#noteMissing(item.atMs);
        this.#note({ type: 'call-end', atMs: item.atMs });
        break;
    }
  }

  /** Everything appended before this call is on disk when it resolves; answers the last such sequence. */
  async flush(): Promise<number> {
    const sequence = this.#lastSequence;
    const files = [this.#events, ...[...this.#legs.values()].map(({ file }) => file)];
    const bytes = this.pendingBytes;
    const isNew = await Promise.all(files.map((file) => file.flush()));
    if (isNew.includes(true)) await syncFolder(this.#folder);
    this.#flushedBytes += bytes;
    return sequence;
  }

  async close(): Promise<void> {
    await Promise.all([this.#events.close(), ...[...this.#legs.values()].map(({ file }) => file.close())]);
  }

  #note(event: SegmentEvent): void {
    this.#events.pending.append(Buffer.from(`${JSON.stringify(event)}\n`));
  }

  #noteMissing(toMs: number): void {
    if (this.#missing.length === 0) return;
    const skipped = this.#missing;
    const packets = skipped.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    this.#note({ type: 'dropped', fromMs: this.#lastArrivalMs, toMs, packets, skipped });
    this.#missing = [];
  }

  #announce({ index, leg, sequence }: Extract<TapItem, { kind: 'leg' }>): void {
    if (this.#legs.has(index)) return;
    const plain = `${this.name}.${leg.legId}.rtpdump`;
    // A leg that came back with another codec is announced again, under another index.
    const file = this.#fileNames.has(plain) ? `${this.name}.${leg.legId}.${index}.rtpdump` : plain;
    this.#fileNames.add(file);
    this.#legs.set(index, { file: new SpoolFile(join(this.#folder, file)), startMs: undefined });
    this.#note({ type: 'leg', index, file, leg, ...(sequence === 0 ? { restated: true } : {}) });
  }

  #packet(index: number, arrivalMs: number, rtp: Buffer): void {
    const leg = this.#legs.get(index);
    if (!leg) throw new Error(`a packet of leg ${index}, which was never announced`);
    this.#lastArrivalMs = arrivalMs;
    this.#packets += 1;
    if (leg.startMs === undefined) {
      // A little earlier, as record offsets cannot be negative and packets may arrive out of order.
      leg.startMs = arrivalMs - 1_000;
      leg.file.pending.append(rtpdumpHeader(leg.startMs));
    }
    const { pending } = leg.file;
    pending.reserve(recordHeaderBytes + rtp.length);
    pending.used = writeRtpdumpRecord(pending.bytes, pending.used, arrivalMs - leg.startMs, rtp);
  }
}

/** A new name in a folder outlives a power cut only once the folder itself is on disk. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
