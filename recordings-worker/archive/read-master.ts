import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchivedFile } from '#contract/capture.ts';
import { sealedFiles, sealedPath } from '../spool/spool-layout.ts';
import { WorkerError } from '../worker-error.ts';
import { type BucketAccess, readObject } from './bucket.ts';

export interface Master {
  readonly callId: string;
  readonly audio: Pick<ArchivedFile, 'key' | 'sha256'>;
}

/**
 * The sealed audio of a recording, byte for byte as it was archived: from the spool while it is there, else from the
 * bucket. Errors: WorkerError `archive.missing`, `archive.verify`; AppError `store.storage`.
 */
export async function readMaster(
  master: Master,
  options: BucketAccess & { readonly spoolDir: string },
): Promise<Buffer> {
  const { callId, audio } = master;
  const sealed = await readFile(join(sealedPath(options.spoolDir, callId), sealedFiles.audio)).catch(
    () => null,
  );
  if (sealed && sha256Of(sealed) === audio.sha256) return sealed;
  const bytes = await readObject(audio.key, options);
  if (!bytes) throw new WorkerError('archive.missing', 'The audio of this recording is not in the bucket.');
  if (sha256Of(bytes) !== audio.sha256) {
    throw new WorkerError('archive.verify', 'The object store gave back something else than was archived.');
  }
  return bytes;
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
