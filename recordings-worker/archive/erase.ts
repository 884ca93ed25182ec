import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { EraseJob, Report } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Redis } from '#kernel/redis.ts';
import { parseSignedJson, readPublicKey, type SigningKey, signJson } from '#kernel/signed-json.ts';
import { tellArchived } from '../spool/forgetting.ts';
import { archivedNotePath, callFolder } from '../spool/spool-layout.ts';
import { WorkerError } from '../worker-error.ts';
import {
  type ArchivedEntry,
  archiveDocument,
  recordingFolder,
  sequenceOf,
  splitKey,
  type Tombstone,
  tombstone,
  tombstoneName,
} from './archive-documents.ts';
import {
  abortUploads,
  type BucketAccess,
  createObject,
  deleteObjects,
  type Listed,
  listObjects,
  readObject,
} from './bucket.ts';
import { publishedKeys, publishKey } from './published-keys.ts';
import { softwareVersion } from './signing-key.ts';

export interface EraseOptions extends BucketAccess {
  readonly spoolId: string;
  readonly spoolDir: string;
  readonly redis: Redis;
  readonly key: SigningKey;
  readonly log: Log;
}

export type Erased = Pick<Extract<Report, { kind: 'erased' }>, 'tombstone' | 'files'>;

/** A writer that was still at it when its recording was deleted may bring an object back; it is then looked again. */
const maxLooks = 5;

/**
 * Deletes a recording: what spools hold of it, and everything in its folder of the bucket, leaving a signed tombstone
 * that names what was there. The tombstone is written first, so that a deletion that dies half way is known as one and
 * gone on with; doing it again changes nothing.
 * Errors: WorkerError `erase.left`, `erase.versions`; AppError `store.storage`.
 */
export async function eraseRecording(job: EraseJob, options: EraseOptions): Promise<Erased> {
  await forgetSpools(job, options);
  const folder = recordingFolder(job.recordingId, job.startedAt);
  await publishKey(options);
  const stone = await raiseTombstone(folder, job, options);
  const stoneKey = `${folder}/${tombstoneName}`;
  for (let look = 1; ; look++) {
    await abortUploads(`${folder}/`, options);
    const left = (await listObjects(`${folder}/`, options)).filter(({ key }) => key !== stoneKey);
    if (left.length === 0) break;
    if (look === maxLooks) {
      throw new WorkerError('erase.left', 'Objects came back while they were deleted.');
    }
    const keys = left.map(({ key }) => key);
    if (!(await deleteObjects(keys, options))) {
      throw new WorkerError(
        'erase.versions',
        'The bucket keeps old versions of what is deleted: nothing is gone until they expire.',
      );
    }
  }
  const { files, documents } = stone.document;
  return {
    tombstone: { key: stoneKey, sha256: sha256Of(stone.bytes) },
    files: [...files, ...documents].map(({ name, bytes, sha256 }) => ({
      key: `${folder}/${name}`,
      bytes,
      sha256,
    })),
  };
}

async function forgetSpools(job: EraseJob, options: EraseOptions): Promise<void> {
  const { recordingId, callId, holders } = job;
  const { spoolDir, spoolId, redis } = options;
  await rm(callFolder(spoolDir, callId), { recursive: true, force: true });
  await rm(archivedNotePath(spoolDir, recordingId), { force: true });
  for (const holder of holders) {
    if (holder === spoolId) continue;
    await tellArchived(redis, holder, { recordingId, callId, complete: true, files: '', erased: true });
  }
}

interface Raised {
  readonly document: Tombstone;
  readonly bytes: Buffer;
}

async function raiseTombstone(folder: string, job: EraseJob, options: EraseOptions): Promise<Raised> {
  const key = `${folder}/${tombstoneName}`;
  for (;;) {
    const earlier = await readTombstone(key, job.recordingId, options);
    if (earlier) return earlier;
    const document = await inventory(folder, job, options);
    const bytes = signJson(document, options.key);
    if (await createObject(key, bytes, 'application/json', options)) {
      return { document: tombstone.parse({ ...document, keyId: options.key.keyId }), bytes };
    }
  }
}

/** The tombstone of an earlier try. What only looks like one is taken away: it would keep a deletion from being proven. */
async function readTombstone(
  key: string,
  recordingId: string,
  options: EraseOptions,
): Promise<Raised | null> {
  const bytes = await readObject(key, options);
  if (!bytes) return null;
  const signed = parseSignedJson(bytes);
  const document = tombstone.safeParse(signed?.document).data;
  if (signed && document?.recordingId === recordingId) {
    const own = signed.keyId === options.key.keyId ? readPublicKey(options.key.publicPem).key : undefined;
    const publicKey = own ?? (await publishedKeys(options)).get(signed.keyId);
    if (publicKey && signed.isBy(publicKey)) return { document, bytes };
  }
  options.log.error({ recordingId, key }, 'a tombstone that nobody of ours signed is taken away');
  await deleteObjects([key], options);
  return null;
}

/** What lies in the folder, by what the signed documents say of it. */
async function inventory(
  folder: string,
  job: EraseJob,
  options: EraseOptions,
): Promise<Omit<Tombstone, 'keyId'>> {
  const listed = await listObjects(`${folder}/`, options);
  const documents: (Tombstone['documents'][number] & { sequence: number })[] = [];
  const entries = new Map<string, ArchivedEntry>();
  for (const { key } of listed) {
    const { name } = splitKey(key);
    const sequence = sequenceOf(name);
    const bytes = sequence === null ? null : await readObject(key, options);
    if (sequence === null || !bytes) continue;
    documents.push({ name, bytes: bytes.length, sha256: sha256Of(bytes), sequence });
    const document = archiveDocument.safeParse(parseSignedJson(bytes)?.document).data;
    for (const entry of document?.files ?? []) entries.set(entry.name, entry);
  }
  documents.sort((a, b) => a.sequence - b.sequence);
  const last = documents.at(-1);
  const names = new Set(documents.map(({ name }) => name));
  const others = listed.map((object): Listed & { name: string } => ({ ...object, ...splitKey(object.key) }));
  const { requestedAt, by, reason } = job;
  return {
    version: 1,
    kind: 'tombstone',
    recordingId: job.recordingId,
    callId: job.callId,
    sequence: (last?.sequence ?? -1) + 1,
    previous: last?.sha256 ?? null,
    signedAt: Date.now(),
    software: softwareVersion,
    deletion: { requestedAt, by, reason },
    files: others.flatMap(({ name }) => entries.get(name) ?? []),
    documents: documents.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
    unsigned: others.flatMap(({ name, bytes }) =>
      entries.has(name) || names.has(name) ? [] : [{ name, bytes }],
    ),
  };
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
