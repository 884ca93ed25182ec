import { createReadStream } from 'node:fs';
import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { storageFault } from '#kernel/s3.ts';
import { WorkerError } from '../worker-error.ts';
import { abortUploads, type BucketAccess, deleteObjects, isNotFound, isWrongData, told } from './bucket.ts';
import { crc32Header, type Sums, sumsOf } from './checksums.ts';

/** Files above this go up in parts of this size, bytes. */
const defaultPartBytes = 8 * 1_048_576;

export interface UploadFile extends Sums {
  readonly path: string;
  readonly key: string;
  readonly contentType: string;
}

export interface UploadOptions extends BucketAccess {
  readonly partBytes?: number;
}

/**
 * Puts a file into the bucket unless it is there already, reads it back, and compares size, SHA-256 and CRC32; where the
 * store keeps a checksum of the whole object, that one, too. An object that comes back different is deleted, so that the
 * next try starts anew.
 * Errors: AppError `store.storage`, WorkerError `archive.verify`, `archive.not-encrypted`.
 */
export async function uploadVerified(file: UploadFile, options: UploadOptions): Promise<void> {
  if (!isWhole(await head(file, options), file)) await upload(file, options);
  const stored = await head(file, options);
  if (!stored || !saysTheSame(stored, file) || !(await comesBack(file, options))) {
    await deleteObjects([file.key], options);
    throw new WorkerError('archive.verify', 'The object store gave back something else than it was given.');
  }
  expectEncrypted(stored, options);
}

async function head(
  file: UploadFile,
  { store, signal }: UploadOptions,
): Promise<HeadObjectCommandOutput | null> {
  try {
    return await store.client.send(
      new HeadObjectCommand({ Bucket: store.bucket, Key: file.key, ChecksumMode: 'ENABLED' }),
      { abortSignal: signal },
    );
  } catch (error) {
    if (isNotFound(error)) return null;
    throw storageFault('looking for the object', error);
  }
}

const isWhole = (stored: HeadObjectCommandOutput | null, file: UploadFile): boolean =>
  stored?.ContentLength === file.bytes && stored.Metadata?.sha256 === file.sha256;

/** A checksum of checksums (`COMPOSITE`) says nothing that could be compared here. */
function saysTheSame(stored: HeadObjectCommandOutput, file: UploadFile): boolean {
  if (stored.ContentLength !== file.bytes) return false;
  const { ChecksumCRC32: kept, ChecksumType: type } = stored;
  return kept === undefined || type === 'COMPOSITE' || kept === crc32Header(file.crc32);
}

/** A store that takes the wish for encryption and forgets it must not pass for one that encrypts. */
function expectEncrypted(stored: HeadObjectCommandOutput, { store }: UploadOptions): void {
  const { ServerSideEncryption: wanted, SSEKMSKeyId: keyId } = store.encryption;
  if (wanted === undefined) return;
  // An alias is answered by the id of the key that it stands for.
  const named = keyId !== undefined && !keyId.includes('alias/');
  const keyFits = !named || (stored.SSEKMSKeyId ?? '').endsWith(keyId.split('/').at(-1)!);
  if (stored.ServerSideEncryption === wanted && keyFits) return;
  throw new WorkerError(
    'archive.not-encrypted',
    `The object store did not encrypt the object as S3_SSE=${wanted} wants it.`,
  );
}

async function upload(file: UploadFile, options: UploadOptions): Promise<void> {
  const { store, signal } = options;
  const partBytes = options.partBytes ?? defaultPartBytes;
  // One archive job of a recording runs at a time: what was begun there was left by one that died.
  if (file.bytes > partBytes) await abortUploads(file.key, options);
  const body = createReadStream(file.path);
  const sending = new Upload({
    client: store.client,
    params: {
      Bucket: store.bucket,
      Key: file.key,
      Body: body,
      ContentType: file.contentType,
      CacheControl: 'private, max-age=31536000, immutable',
      ChecksumAlgorithm: 'CRC32',
      // In parts, too, the store is to keep the checksum of the whole.
      ChecksumType: 'FULL_OBJECT',
      Metadata: { sha256: file.sha256 },
      ...store.encryption,
    },
    partSize: partBytes,
    queueSize: 2,
    leavePartsOnError: false,
  });
  const onAbort = () => void sending.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await told('uploading', () => sending.done());
  } finally {
    signal.removeEventListener('abort', onAbort);
    body.destroy();
  }
}

async function comesBack(file: UploadFile, { store, signal }: UploadOptions): Promise<boolean> {
  try {
    const answer = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: file.key }), {
      abortSignal: signal,
    });
    const { bytes, sha256, crc32 } = await sumsOf(answer.Body as AsyncIterable<Buffer>);
    return bytes === file.bytes && sha256 === file.sha256 && crc32 === file.crc32;
  } catch (error) {
    if (isWrongData(error)) return false;
    throw storageFault('reading back', error);
  }
}
