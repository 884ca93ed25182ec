import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { id } from '#contract/primitives.ts';
import type { Log } from '#kernel/log.ts';
import type { Redis } from '#kernel/redis.ts';
import { isSegmentFile } from './spool-door.ts';
import { archivedNotePath, callFolder } from './spool-layout.ts';

/** Word that a call is archived, left for a spool whose worker may be away. */
const archivedWord = z.object({
  recordingId: id,
  callId: id,
  /** Every item of the call is in the archive: whatever a spool holds of it may go. */
  complete: z.boolean(),
  /** What was archived, `name:bytes` a line: of an incomplete call only this may go. */
  files: z.string(),
  /** The recording is deleted: what is remembered of its archiving goes as well. */
  erased: z.boolean().optional(),
});
export type ArchivedWord = z.infer<typeof archivedWord>;

const keyOf = (spoolId: string): string => `spool:archived:${spoolId}`;
const lookEveryMs = 3_000;
const atATime = 100;

/** Durably, for as long as it takes that spool's worker to read it. */
export async function tellArchived(redis: Redis, spoolId: string, word: ArchivedWord): Promise<void> {
  await redis.rpush(keyOf(spoolId), JSON.stringify(word));
}

/** Reads the words left for this spool and deletes what they say. A word is struck off when it is done. */
export class Forgetting {
  readonly #options: { spoolId: string; spoolDir: string; redis: Redis; log: Log };
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: { spoolId: string; spoolDir: string; redis: Redis; log: Log }) {
    this.#options = options;
  }

  start(): void {
    const look = () => {
      this.#looking ??= this.#look()
        .catch((err: unknown) => this.#options.log.warn({ err }, 'archived calls could not be forgotten'))
        .finally(() => {
          this.#looking = undefined;
        });
    };
    this.#timer = setInterval(look, lookEveryMs);
    look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { redis, spoolId, spoolDir, log } = this.#options;
    for (;;) {
      const words = await redis.lrange(keyOf(spoolId), 0, atATime - 1);
      for (const text of words) {
        const word = archivedWord.safeParse(JSON.parse(text));
        if (word.success) {
          const left = await forgetCall(spoolDir, word.data);
          const { callId } = word.data;
          if (left.length > 0) log.error({ callId, left }, 'a spool holds what is not in the archive');
        }
        await redis.lrem(keyOf(spoolId), 1, text);
      }
      if (words.length < atATime) return;
    }
  }
}

/** Answers the files that stay, as they are not in the archive. */
async function forgetCall(spoolDir: string, word: ArchivedWord): Promise<string[]> {
  const folder = callFolder(spoolDir, word.callId);
  if (word.erased) await rm(archivedNotePath(spoolDir, word.recordingId), { force: true });
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return [];
  if (word.complete) {
    await rm(folder, { recursive: true, force: true });
    return [];
  }
  const archived = new Set(word.files.split('\n'));
  const left: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if (isSegmentFile(name) && !archived.has(`${name}:${(await stat(path)).size}`)) left.push(name);
    else await rm(path, { recursive: true, force: true });
  }
  if (left.length === 0) await rmdir(folder).catch(() => {});
  return left;
}
