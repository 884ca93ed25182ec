import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchivedFile, ArchiveJob, SealedFacts } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { Manifest } from '../seal/manifest.ts';
import { fingerprintOf } from '../seal/read-spool.ts';
import { readManifest } from '../seal/seal.ts';
import { callFolder, sealedFiles, sealedPath } from '../spool/spool-layout.ts';
import { WorkerError } from '../worker-error.ts';
import { readArchivedNote, writeArchivedNote } from './archived-note.ts';
import { type UploadFile, uploadVerified } from './verified-upload.ts';

export interface ArchiveOptions {
  readonly spoolDir: string;
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What lies in the bucket now, byte for byte as it was sealed. */
export interface Archived {
  readonly facts: SealedFacts;
  readonly files: ArchivedFile[];
}

/**
 * Brings a sealed recording to the object store and reads it back. What is there already is not sent again, so a job
 * that died anywhere can be done again. Nothing is deleted here: see {@link forgetSpool}.
 * Errors: WorkerError `archive.nothing-sealed`, `archive.verify`; AppError `store.storage`.
 */
export async function archiveCall(job: ArchiveJob, options: ArchiveOptions): Promise<Archived> {
  const note = await readArchivedNote(options.spoolDir, job.recordingId);
  if (note) return { facts: note.facts, files: note.files };
  const manifest = await readManifest(options.spoolDir, job.callId);
  if (!manifest) {
    throw new WorkerError('archive.nothing-sealed', 'There is no sealed recording of this call here.');
  }
  const files = await filesOf(manifest, sealedPath(options.spoolDir, job.callId));
  await Promise.all(files.map((file) => uploadVerified(file, options)));
  return {
    facts: manifest.facts,
    files: files.map(({ kind, key, contentType, bytes, sha256 }) => ({
      kind,
      key,
      contentType,
      bytes,
      sha256,
    })),
  };
}

/**
 * After the report is safely queued: leaves a note and deletes the call's spool. A spool that has grown since it was
 * sealed stays, as somebody may want it; answers false then.
 */
export async function forgetSpool(
  job: ArchiveJob,
  archived: Archived,
  options: Pick<ArchiveOptions, 'spoolDir' | 'log'>,
): Promise<boolean> {
  const folder = callFolder(options.spoolDir, job.callId);
  const manifest = await readManifest(options.spoolDir, job.callId);
  await writeArchivedNote(options.spoolDir, { ...job, archivedAt: Date.now(), ...archived });
  if (!manifest) return true;
  if ((await fingerprintOf(folder)) !== manifest.spool) {
    options.log.error({ ...job }, 'the spool grew after it was sealed, and stays');
    return false;
  }
  await rm(folder, { recursive: true, force: true });
  return true;
}

/** `recordings/2026/03/01/rec_…/audio.webm`: by the UTC day of the recording's start. */
export function objectKey(recordingId: string, startedAt: number, name: string): string {
  const day = new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '/');
  return `recordings/${day}/${recordingId}/${name}`;
}

type KindedFile = UploadFile & Pick<ArchivedFile, 'kind'>;

async function filesOf(manifest: Manifest, folder: string): Promise<KindedFile[]> {
  const sealed = (kind: 'audio' | 'peaks', contentType: string): KindedFile => {
    const name = sealedFiles[kind];
    const { bytes, sha256 } = manifest.files.find((file) => file.name === name)!;
    const key = objectKey(manifest.recordingId, manifest.startedAt, name);
    return { kind, path: join(folder, name), key, contentType, bytes, sha256 };
  };
  const manifestPath = join(folder, sealedFiles.manifest);
  const text = await readFile(manifestPath);
  return [
    sealed('audio', 'audio/webm'),
    sealed('peaks', 'application/json'),
    {
      kind: 'manifest',
      path: manifestPath,
      key: objectKey(manifest.recordingId, manifest.startedAt, sealedFiles.manifest),
      contentType: 'application/json',
      bytes: text.length,
      sha256: createHash('sha256').update(text).digest('hex'),
    },
  ];
}
