import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** A record is: length of the payload (uint32 LE), CRC-32 of the payload (uint32 LE), payload. */
const HEADER_BYTES = 8;

function frame(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

/**
 * Reads a journal's payloads. What follows the last whole record (a write cut off by a crash) is cut from the file
 * and kept beside it as `<file>.torn-<ms>`, so that nothing vanishes silently. A file that is not there is empty.
 */
export function readJournal(file: string, onTorn: (bytes: number) => void): Uint8Array[] {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const payloads: Uint8Array[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= content.length) {
    const payload = content.subarray(at + HEADER_BYTES, at + HEADER_BYTES + content.readUInt32LE(at));
    if (payload.length < content.readUInt32LE(at) || crc32(payload) !== content.readUInt32LE(at + 4)) break;
    payloads.push(payload);
    at += HEADER_BYTES + payload.length;
  }
  if (at < content.length) {
    writeFileSync(`${file}.torn-${Date.now()}`, content.subarray(at));
    truncateSync(file, at);
    onTorn(content.length - at);
  }
  return payloads;
}

/** Replaces a journal by one with the given payloads: a new file, synced, then renamed over the old one. */
export function rewriteJournal(file: string, payloads: Iterable<Uint8Array>): void {
  const temporary = `${file}.new`;
  const fd = openSync(temporary, 'w');
  let batch: Buffer[] = [];
  let bytes = 0;
  const flush = () => {
    const all = Buffer.concat(batch);
    for (let written = 0; written < all.length; ) written += writeSync(fd, all, written);
    [batch, bytes] = [[], 0];
  };
  for (const payload of payloads) {
    batch.push(frame(payload));
    bytes += payload.length;
    if (bytes > 1_000_000) flush();
  }
  flush();
  fsyncSync(fd);
  closeSync(fd);
  renameSync(temporary, file);
  syncFolder(dirname(file));
}

export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/** An append-only file. Records appended while a sync is on its way share the next one (group commit). */
export class Journal {
  readonly #handle: FileHandle;
  readonly #onFailure: (error: Error) => void;
  #queue: Buffer[] = [];
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(handle: FileHandle, onFailure: (error: Error) => void) {
    this.#handle = handle;
    this.#onFailure = onFailure;
  }

  /** `onFailure` is told when the disk refuses: memory is then ahead of the file and the process has to end. */
  static async open(file: string, onFailure: (error: Error) => void): Promise<Journal> {
    const journal = new Journal(await open(file, 'a'), onFailure);
    syncFolder(dirname(file));
    return journal;
  }

  append(payload: Uint8Array): void {
    this.#queue.push(frame(payload));
  }

  /** Resolves when everything appended before the call is on disk. */
  flushed(): Promise<void> {
    if (this.#queue.length === 0) return this.#writing ?? Promise.resolve();
    if (this.#writing === undefined) return this.#start();
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  #start(): Promise<void> {
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const batch = Buffer.concat(this.#queue);
    this.#queue = [];
    try {
      for (let written = 0; written < batch.length; ) {
        written += (await this.#handle.write(batch, written)).bytesWritten;
      }
      await this.#handle.datasync();
    } catch (error) {
      this.#onFailure(error as Error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.#next;
    await this.#handle.close();
  }
}
