import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './blob-store.ts';

const header = JSON.stringify({ format: 'embedded-s3', version: 1 });

/**
 * An append-only file of JSON lines. A line is on disk before `append` resolves; a last line torn by a crash was
 * never answered and is dropped; a broken line elsewhere means damage, and the start is refused.
 */
export class Journal {
  readonly #path: string;
  readonly #folder: string;
  #file: FileHandle | undefined;

  constructor(dataDir: string) {
    this.#folder = dataDir;
    this.#path = join(dataDir, 'journal.ndjson');
  }

  async read<T>(): Promise<T[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return `${header}\n`;
      throw error;
    });
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
    if (lines.shift() !== header) throw new Error(`${this.#path} is not a journal of this version`);
    return lines.map((line, index) => {
      try {
        return JSON.parse(line) as T;
      } catch {
        throw new Error(`${this.#path} is damaged at line ${index + 2}`);
      }
    });
  }

  /** Replaces the file by one with just these records and opens it for appending. */
  async openCompacted(records: readonly unknown[]): Promise<void> {
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w');
    await file.writeFile([header, ...records.map((record) => JSON.stringify(record)), ''].join('\n'));
    await file.sync();
    await rename(fresh, this.#path);
    await syncFolder(this.#folder);
    this.#file = file;
  }

  /** After a failed write the file's end is unknown, so nothing more may follow it until the next start. */
  async append(record: unknown): Promise<void> {
    const file = this.#file;
    if (!file) throw new Error('the journal is not open');
    try {
      await file.appendFile(`${JSON.stringify(record)}\n`);
      await file.datasync();
    } catch (error) {
      this.#file = undefined;
      await file.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
