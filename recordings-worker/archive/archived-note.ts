import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { archivedFile, sealedFacts } from '#contract/capture.ts';
import { id, timeMs } from '#contract/primitives.ts';
import { syncFolder } from '../spool/segment-writer.ts';
import { archivedNotePath, callFolder } from '../spool/spool-layout.ts';

/** What is left on disk of an archived recording: enough to answer its seal or archive job once more. */
const archivedNote = z.object({
  recordingId: id,
  callId: id,
  archivedAt: timeMs,
  facts: sealedFacts,
  files: z.array(archivedFile),
});
export type ArchivedNote = z.infer<typeof archivedNote>;

export async function readArchivedNote(
  spoolDir: string,
  recordingId: string,
): Promise<ArchivedNote | undefined> {
  try {
    return archivedNote.parse(JSON.parse(await readFile(archivedNotePath(spoolDir, recordingId), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The note of a call that is archived and of which nothing is left to do: its spool is gone. */
export async function noteOfForgotten(
  spoolDir: string,
  job: { recordingId: string; callId: string },
): Promise<ArchivedNote | undefined> {
  const note = await readArchivedNote(spoolDir, job.recordingId);
  const spooled = await stat(callFolder(spoolDir, job.callId)).then(
    () => true,
    () => false,
  );
  return spooled ? undefined : note;
}

export async function writeArchivedNote(spoolDir: string, note: ArchivedNote): Promise<void> {
  const path = archivedNotePath(spoolDir, note.recordingId);
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, JSON.stringify(note), { flush: true });
  await rename(partial, path);
  await syncFolder(dirname(path));
}
