import { type FileHandle, open } from 'node:fs/promises';

/** Read at a time: what is parsed in one go must not keep the captures of this process waiting, bytes. */
const pieceBytes = 131_072;

/**
 * A file that somebody else appends to: each look hands over what came since the last one. It is held open, so that
 * what was in it can still be read after it was deleted.
 */
export class GrowingFile {
  readonly path: string;
  #handle: FileHandle | undefined;
  #offset = 0;
  #closed = false;

  constructor(path: string) {
    this.path = path;
  }

  /** In pieces, in order; they are views that hold only during the call. A file that is not there (yet) has nothing. */
  async readNew(onBytes: (bytes: Buffer) => void): Promise<void> {
    const handle = await this.#open();
    if (!handle) return;
    for (;;) {
      const left = (await handle.stat()).size - this.#offset;
      if (left <= 0) return;
      const buffer = Buffer.allocUnsafe(Math.min(left, pieceBytes));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      onBytes(buffer.subarray(0, bytesRead));
    }
  }

  /** Throws when the file has become shorter: nobody does that to a spool. */
  async read(position: number, length: number): Promise<Buffer> {
    const handle = await this.#open();
    const buffer = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = (await handle?.read(buffer, at, length - at, position + at)) ?? { bytesRead: 0 };
      if (bytesRead === 0) throw new Error('the spool became shorter while it was read');
      at += bytesRead;
    }
    return buffer;
  }

  /** For good: what is asked for afterwards is not there. */
  async close(): Promise<void> {
    this.#closed = true;
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<FileHandle | undefined> {
    if (this.#handle || this.#closed) return this.#handle;
    try {
      const handle = await open(this.path, 'r');
      if (this.#closed) await handle.close();
      else this.#handle = handle;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#handle;
  }
}
