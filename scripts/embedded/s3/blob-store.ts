import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const readBytes = 256 * 1024;

/**
 * Immutable byte files under random names, so that no key ever becomes a path. A blob counts only once the
 * journal names it; what it does not name is swept at the next start.
 */
export class BlobStore {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'blobs');
  }

  /**
   * Makes the folder and removes every blob that is not in `known` (left by a crash).
   * @throws Error if one of the known is not there
   */
  async open(known: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const found = await readdir(this.#folder);
    const missing = known.size - found.filter((name) => known.has(name)).length;
    if (missing > 0) throw new Error(`${this.#folder} lacks ${missing} of the blobs that the journal names`);
    for (const name of found) if (!known.has(name)) await rm(this.#path(name));
  }

  /** Writes a new blob and returns its name once bytes and directory entry are on disk; none is left on failure. */
  async write(chunks: AsyncIterable<Buffer>): Promise<string> {
    const name = randomUUID();
    try {
      await pipeline(
        chunks,
        createWriteStream(this.#path(name), { flags: 'wx', flush: true, highWaterMark: 1024 * 1024 }),
      );
      await syncFolder(this.#folder);
    } catch (error) {
      await this.remove([name]);
      throw error;
    }
    return name;
  }

  /** Opens a blob; it stays readable to its end even if it is removed meanwhile. The caller closes the handle. */
  openForReading(name: string): Promise<FileHandle> {
    return open(this.#path(name), 'r');
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    yield* readRange(await this.openForReading(name), 0, Number.POSITIVE_INFINITY);
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.#path(name), { force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** Reads `length` bytes from `start`, or to the end of the file, then closes the handle. */
export async function* readRange(file: FileHandle, start: number, length: number): AsyncGenerator<Buffer> {
  try {
    for (let at = start, left = length; left > 0; ) {
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, left));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) {
        if (Number.isFinite(left)) throw new Error('a blob is shorter than its record says');
        return;
      }
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
      left -= bytesRead;
    }
  } finally {
    await file.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
