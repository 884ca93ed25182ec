import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpoolListing } from '#contract/capture.ts';
import { archivedFolder, eventsSuffix, isLeftover, sealedFolder } from '../spool/spool-layout.ts';

/** Another worker may be at it right now; what is older than this was left by one that died, ms. */
const leftoverAfterMs = 10 * 60_000;
/** Notes of archived recordings answer repeated jobs; after this nobody repeats them, ms. */
const forgetNotesAfterMs = 7 * 86_400_000;

export interface SpoolFindings {
  /** Calls with packets that are not sealed yet: running captures, or the server has yet to ask for them. */
  readonly unsealed: number;
  /** Sealed calls that are not archived yet. */
  readonly sealed: number;
  readonly bytes: number;
  readonly calls: SpoolListing['calls'];
}

const ignoreGone = (error: NodeJS.ErrnoException): undefined => {
  // Other workers share the folder and finish their work while we look.
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
};

/**
 * Looks through the spool: counts what lies there and clears away what is of no value to anyone. Never touches
 * packets or sealed recordings: what becomes of those the server decides, by its jobs.
 */
export async function sweepSpool(spoolDir: string, now: number): Promise<SpoolFindings> {
  let unsealed = 0;
  let sealed = 0;
  let bytes = 0;
  const calls: SpoolListing['calls'] = [];
  for (const entry of await readdir(spoolDir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(spoolDir, entry.name);
    if (entry.name === archivedFolder) {
      await forgetOldNotes(folder, now);
      continue;
    }
    const names = (await readdir(folder).catch(ignoreGone)) ?? [];
    let writtenAt = 0;
    for (const name of names) {
      const path = join(folder, name);
      const facts = await stat(path).catch(ignoreGone);
      if (!facts) continue;
      writtenAt = Math.max(writtenAt, Math.round(facts.mtimeMs));
      if (isLeftover(name)) {
        if (now - facts.mtimeMs > leftoverAfterMs) await rm(path, { recursive: true, force: true });
      } else if (facts.isDirectory()) {
        bytes += await sizeOf(path);
      } else bytes += facts.size;
    }
    const isSealed = names.includes(sealedFolder);
    if (isSealed) sealed += 1;
    else if (names.some((name) => name.endsWith(eventsSuffix))) unsealed += 1;
    else continue;
    calls.push({ callId: entry.name, sealed: isSealed, writtenAt });
  }
  return { unsealed, sealed, bytes, calls };
}

async function sizeOf(folder: string): Promise<number> {
  let sum = 0;
  for (const name of (await readdir(folder).catch(ignoreGone)) ?? []) {
    sum += (await stat(join(folder, name)).catch(ignoreGone))?.size ?? 0;
  }
  return sum;
}

async function forgetOldNotes(folder: string, now: number): Promise<void> {
  for (const name of (await readdir(folder).catch(ignoreGone)) ?? []) {
    const path = join(folder, name);
    const facts = await stat(path).catch(ignoreGone);
    if (facts && now - facts.mtimeMs > forgetNotesAfterMs) await rm(path, { force: true });
  }
}
