import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '#kernel/ids.ts';
import { syncFolder } from './segment-writer.ts';

/**
 * The id of a spool folder, made by the first worker that uses it. Workers are known by a name that may change at each
 * start; what matters to a call is on which disk its parts lie.
 */
export async function spoolIdOf(spoolDir: string): Promise<string> {
  const path = join(spoolDir, '.spool-id');
  for (;;) {
    try {
      const text = (await readFile(path, 'utf8')).trim();
      if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
      throw new Error(`${path} does not hold an id`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const mine = `${path}.${process.pid}`;
    await writeFile(mine, `${newId('spool')}\n`, { flush: true });
    // Of two workers that start at once one wins, and both read what it wrote.
    await link(mine, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(mine, { force: true });
    await syncFolder(spoolDir);
  }
}
