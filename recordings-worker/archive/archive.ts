import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchivedFile, ArchiveJob, SealedFacts } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import { parseSignedJson, type SigningKey, signJson } from '#kernel/signed-json.ts';
import { type Manifest, sealerVersion } from '../seal/manifest.ts';
import { fingerprintOf } from '../seal/read-spool.ts';
import { readManifest } from '../seal/seal.ts';
import { callFolder, sealedPath } from '../spool/spool-layout.ts';
import { WorkerError } from '../worker-error.ts';
import {
  type ArchivedEntry,
  manifestName,
  recordingFolder,
  recordingManifest,
  splitKey,
  tombstoneName,
} from './archive-documents.ts';
import { noteOfForgotten, writeArchivedNote } from './archived-note.ts';
import { type BucketAccess, deleteObjects, listObjects, readObject } from './bucket.ts';
import { sumsOfFile } from './checksums.ts';
import { publishKey } from './published-keys.ts';
import { softwareVersion } from './signing-key.ts';
import { uploadVerified } from './verified-upload.ts';

export interface ArchiveOptions extends BucketAccess {
  readonly spoolDir: string;
  readonly key: SigningKey;
  readonly log: Log;
}

/** What lies in the bucket now, byte for byte as it was sealed. */
export interface Archived {
  readonly facts: SealedFacts;
  readonly files: ArchivedFile[];
}

/** What sealing makes, and what each file is. */
const sealedKinds: Record<string, Pick<ArchivedEntry, 'kind' | 'contentType'>> = {
  'audio.webm': { kind: 'audio', contentType: 'audio/webm' },
  'audio.m4a': { kind: 'audio-m4a', contentType: 'audio/mp4' },
  'peaks.json': { kind: 'peaks', contentType: 'application/json' },
};

/** Beside what was sealed: the manifest as it is signed and sent, made once so that every try sends the same. */
const signedName = 'signed-manifest.json';

/**
 * Brings a sealed recording and its signed manifest to the object store and reads them back. What is there already is
 * not sent again, so a job that died anywhere can be done again. Nothing of the spool is deleted: see {@link forgetSpool}.
 * Errors: WorkerError `archive.nothing-sealed`, `archive.sealed-damaged`, `archive.verify`, `archive.not-encrypted`,
 * `archive.deleted` (final); AppError `store.storage`.
 */
export async function archiveCall(job: ArchiveJob, options: ArchiveOptions): Promise<Archived> {
  const note = await noteOfForgotten(options.spoolDir, job);
  if (note) return { facts: note.facts, files: note.files };
  const manifest = await readManifest(options.spoolDir, job.callId);
  if (!manifest) {
    throw new WorkerError('archive.nothing-sealed', 'There is no sealed recording of this call here.');
  }
  const folder = recordingFolder(manifest.recordingId, manifest.startedAt);
  await expectNoTombstone(folder, options);
  await publishKey(options);
  const sealed = sealedPath(options.spoolDir, job.callId);
  const entries = await checkedEntries(manifest, sealed);
  const uploads = entries.map((entry) => ({
    ...entry,
    key: `${folder}/${entry.name}`,
    path: join(sealed, entry.name),
  }));
  await Promise.all(uploads.map((file) => uploadVerified(file, options)));
  // Last, so that a manifest in the bucket means that all it names is there.
  const path = await signedManifest(manifest, entries, sealed, options.key);
  const about = { kind: 'manifest' as const, contentType: 'application/json' };
  const signed = { ...about, ...(await sumsOfFile(path)), path, key: `${folder}/${manifestName}` };
  await uploadVerified(signed, options);
  await clearOutdated(folder, [...uploads, signed], signed.sha256, options);
  return {
    facts: manifest.facts,
    files: [...uploads, signed].map(({ kind, key, contentType, bytes, sha256, crc32 }) => ({
      kind,
      key,
      contentType,
      bytes,
      sha256,
      crc32,
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

/** A job that was queued long ago must not bring back what was deleted meanwhile. */
export async function expectNoTombstone(folder: string, access: BucketAccess): Promise<void> {
  if (!(await readObject(`${folder}/${tombstoneName}`, access))) return;
  throw new WorkerError('archive.deleted', 'This recording was deleted.', { final: true });
}

/** What a disk did to the sealed files since must not be signed: they are thrown away then, and the next try seals anew. */
async function checkedEntries(manifest: Manifest, sealed: string): Promise<ArchivedEntry[]> {
  const entries = await Promise.all(
    manifest.files.map(async ({ name, bytes, sha256 }) => {
      const about = sealedKinds[name];
      if (!about) throw new Error(`sealing made ${name}, of which the archive knows no kind`);
      const sums = await sumsOfFile(join(sealed, name));
      return sums.bytes === bytes && sums.sha256 === sha256 ? { name, ...about, ...sums } : null;
    }),
  );
  if (entries.every((entry) => entry !== null)) return entries;
  await rm(sealed, { recursive: true, force: true });
  throw new WorkerError('archive.sealed-damaged', 'A sealed file changed on the disk; it is made again.');
}

async function signedManifest(
  manifest: Manifest,
  entries: readonly ArchivedEntry[],
  sealed: string,
  key: SigningKey,
): Promise<string> {
  const path = join(sealed, signedName);
  const earlier = await readFile(path).catch(() => null);
  const kept = earlier && parseSignedJson(earlier);
  if (kept && recordingManifest.safeParse(kept.document).data?.spool === manifest.spool) return path;
  const document = recordingManifest.omit({ keyId: true }).parse({
    ...manifest,
    kind: 'recording',
    sequence: 0,
    previous: null,
    signedAt: Date.now(),
    software: `${softwareVersion} sealer ${sealerVersion}`,
    files: entries,
  });
  const partial = `${path}.${process.pid}`;
  await mkdir(sealed, { recursive: true });
  await writeFile(partial, signJson(document, key), { flush: true });
  await rename(partial, path);
  return path;
}

/** After a call was sealed anew: what had been made of the earlier rendering, and its addenda, say nothing of this one. */
async function clearOutdated(
  folder: string,
  current: readonly { key: string }[],
  manifestSha256: string,
  options: ArchiveOptions,
): Promise<void> {
  const known = new Set(current.map(({ key }) => key));
  const others = (await listObjects(`${folder}/`, options)).filter(({ key }) => !known.has(key));
  if (others.length === 0) return;
  const first = await readObject(`${folder}/manifest-1.json`, options);
  const document = first && parseSignedJson(first)?.document;
  if (document && document.previous === manifestSha256) return;
  options.log.warn(
    { folder, names: others.map(({ key }) => splitKey(key).name) },
    'sealed anew: what was made of the earlier rendering is cleared away',
  );
  await deleteObjects(
    others.map(({ key }) => key),
    options,
  );
}
