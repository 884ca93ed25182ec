import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { ArchivedFile } from '#contract/capture.ts';
import { parseSignedJson, type SigningKey, signJson } from '#kernel/signed-json.ts';
import { WorkerError } from '../worker-error.ts';
import { expectNoTombstone } from './archive.ts';
import {
  type Addendum,
  type ArchiveDocument,
  type ArchivedEntry,
  archiveDocument,
  documentName,
} from './archive-documents.ts';
import { type BucketAccess, createObject, deleteObjects, readObject } from './bucket.ts';
import { sumsOfBytes, sumsOfFile } from './checksums.ts';
import { publishedKeys, publishKey } from './published-keys.ts';
import { softwareVersion } from './signing-key.ts';
import { uploadVerified } from './verified-upload.ts';

export interface Addition {
  readonly recordingId: string;
  readonly callId: string;
  /** The recording's folder in the bucket: {@link recordingFolder}, or what `splitKey` says of any of its keys. */
  readonly folder: string;
  /** Which step made it: `m4a`, `analysis`, `transcript` … */
  readonly made: string;
  /** What that step wants to be on record and signed: ids, counts, versions, measures. Never words that were spoken. */
  readonly facts?: Record<string, unknown>;
  /** Files on this worker's disk. In the folder `audio.m4a` is named `audio-<first 8 digits of its SHA-256>.m4a`. */
  readonly files: readonly (Pick<ArchivedEntry, 'name' | 'kind' | 'contentType'> & {
    readonly path: string;
  })[];
}

export interface AdditionOptions extends BucketAccess {
  readonly key: SigningKey;
}

/** So many additions to one recording at the same moment are more than there can be. */
const maxTries = 20;

/**
 * Adds files to an archived recording: uploads them, reads them back, and writes a signed addendum that names them and
 * the document before it. Adding the same again changes nothing, so a job may be repeated; several may add to one
 * recording at the same time. A file never takes another's place: its name carries its checksum. Answers the files and
 * the addendum, for the report `files-added`.
 * Errors: WorkerError `archive.no-manifest`, `archive.chain`, `archive.deleted` (final), `archive.verify`,
 * `archive.not-encrypted`; AppError `store.storage`.
 */
export async function addToArchive(addition: Addition, options: AdditionOptions): Promise<ArchivedFile[]> {
  const { folder, recordingId, callId, made, facts = {} } = addition;
  await expectNoTombstone(folder, options);
  await publishKey(options);
  const files = await Promise.all(
    addition.files.map(async ({ path, name, kind, contentType }) => {
      const sums = await sumsOfFile(path);
      return { path, name: withChecksum(name, sums.sha256), kind, contentType, ...sums };
    }),
  );
  await Promise.all(files.map((file) => uploadVerified({ ...file, key: `${folder}/${file.name}` }, options)));
  const entries = files.map(({ path: _, ...entry }): ArchivedEntry => entry);
  const listed = entries.map(({ name, ...rest }): ArchivedFile => ({ ...rest, key: `${folder}/${name}` }));

  for (let tries = 1; tries <= maxTries; tries++) {
    const chain = await readChain(folder, recordingId, options).catch(async (error: unknown) => {
      await withdrawFromDeleted(folder, listed, options);
      throw error;
    });
    const before = sinceWithdrawal(chain, entries).find(
      ({ document }) =>
        document.made === made &&
        entries.every(({ name }) => document.files.some((known) => known.name === name)),
    );
    if (before) return [...listed, await addendumFile(folder, before.document.sequence, before.bytes)];

    const last = chain.at(-1)!;
    const sequence = last.document.sequence + 1;
    const document: Omit<Addendum, 'keyId'> = {
      version: 1,
      kind: 'addendum',
      recordingId,
      callId,
      sequence,
      previous: sha256Of(last.bytes),
      signedAt: Date.now(),
      software: softwareVersion,
      made,
      facts,
      files: entries,
    };
    const bytes = signJson(document, options.key);
    const key = `${folder}/${documentName(sequence)}`;
    // Who comes second finds the number taken, reads the chain again and takes the next one.
    if (!(await createObject(key, bytes, 'application/json', options))) continue;
    return [...listed, await addendumFile(folder, sequence, bytes)];
  }
  throw new WorkerError('archive.chain', 'Others were always first to add to this recording.');
}

/** The documents behind the last one that withdrew any of these files: what was said of them before counts no more. */
function sinceWithdrawal(
  chain: readonly ChainLink[],
  entries: readonly ArchivedEntry[],
): readonly ChainLink[] {
  const names = new Set(entries.map(({ name }) => name));
  const last = chain.findLastIndex(({ document }) =>
    (document.withdrawn ?? []).some(({ name }) => names.has(name)),
  );
  return chain.slice(last + 1);
}

/** The recording was deleted while this was uploaded: nothing may stay beside its tombstone. */
async function withdrawFromDeleted(
  folder: string,
  uploaded: readonly ArchivedFile[],
  options: AdditionOptions,
): Promise<void> {
  try {
    await expectNoTombstone(folder, options);
  } catch (deleted) {
    if (!(deleted instanceof WorkerError)) throw deleted;
    const keys = uploaded.map(({ key }) => key);
    await deleteObjects(keys, options);
    throw deleted;
  }
}

export interface ChainLink {
  readonly document: ArchiveDocument;
  readonly bytes: Buffer;
}

/**
 * The documents of a recording in order, each one's signature and link checked: nobody signs behind something that was
 * altered. Errors: WorkerError `archive.no-manifest`, `archive.chain`; AppError `store.storage`.
 */
export async function readChain(
  folder: string,
  recordingId: string,
  options: AdditionOptions,
): Promise<ChainLink[]> {
  const chain: ChainLink[] = [];
  let keys = new Map<string, KeyObject>([[options.key.keyId, createPublicKey(options.key.publicPem)]]);
  for (let sequence = 0; ; sequence++) {
    const bytes = await readObject(`${folder}/${documentName(sequence)}`, options);
    if (!bytes) break;
    const signed = parseSignedJson(bytes);
    if (signed && !keys.has(signed.keyId)) keys = new Map([...(await publishedKeys(options)), ...keys]);
    const publicKey = signed && keys.get(signed.keyId);
    const document = archiveDocument.safeParse(signed?.document).data;
    const last = chain.at(-1);
    const fits =
      signed !== null &&
      publicKey !== undefined &&
      publicKey !== null &&
      signed.isBy(publicKey) &&
      document?.sequence === sequence &&
      document.recordingId === recordingId &&
      document.previous === (last ? sha256Of(last.bytes) : null);
    if (!fits) {
      throw new WorkerError(
        'archive.chain',
        `The recording's ${documentName(sequence)} is not what was signed; nothing is added behind it.`,
      );
    }
    chain.push({ document, bytes });
  }
  if (chain.length === 0) {
    throw new WorkerError('archive.no-manifest', 'The recording has no manifest in the bucket.');
  }
  return chain;
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const withChecksum = (name: string, sha256: string): string =>
  name.replace(/(\.[^.]*)?$/, `-${sha256.slice(0, 8)}$1`);

async function addendumFile(folder: string, sequence: number, bytes: Buffer): Promise<ArchivedFile> {
  const key = `${folder}/${documentName(sequence)}`;
  return { kind: 'addendum', key, contentType: 'application/json', ...(await sumsOfBytes(bytes)) };
}
