import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type ObjectStore, storageFault } from '#kernel/s3.ts';
import { WorkerError } from '../worker-error.ts';
import { crc32Header, sumsOfBytes } from './checksums.ts';

export interface BucketAccess {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/** Runs a request; what the store does wrong becomes `store.storage`. */
export async function told<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw storageFault(what, error);
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

export const isNotFound = (error: unknown): boolean => statusOf(error) === 404;

/** The client compares what it reads with the store's own checksum on the way, and says so in these words. */
export const isWrongData = (error: unknown): boolean =>
  error instanceof Error && /^Checksum mismatch/i.test(error.message);

/** A small object's bytes; null when there is none. Errors: `store.storage`, WorkerError `archive.verify`. */
export async function readObject(key: string, { store, signal }: BucketAccess): Promise<Buffer | null> {
  try {
    const answer = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: key }), {
      abortSignal: signal,
    });
    return Buffer.from(await answer.Body!.transformToByteArray());
  } catch (error) {
    if (isNotFound(error)) return null;
    if (isWrongData(error)) {
      throw new WorkerError('archive.verify', 'The object store gave back something else than it holds.');
    }
    throw storageFault('reading', error);
  }
}

export interface Listed {
  readonly key: string;
  readonly bytes: number;
}

/** Every object below the prefix, by key. Error: `store.storage`. */
export async function listObjects(prefix: string, { store, signal }: BucketAccess): Promise<Listed[]> {
  const found: Listed[] = [];
  let token: string | undefined;
  do {
    const page = await told('listing', () =>
      store.client.send(
        new ListObjectsV2Command({ Bucket: store.bucket, Prefix: prefix, ContinuationToken: token }),
        { abortSignal: signal },
      ),
    );
    for (const { Key, Size } of page.Contents ?? []) {
      if (Key !== undefined) found.push({ key: Key, bytes: Size ?? 0 });
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return found;
}

/**
 * Writes a small object that must not be there yet; false when it is. After an answer that was lost on the way the same
 * bytes under that key count as written. Error: `store.storage`.
 */
export async function createObject(
  key: string,
  bytes: Buffer,
  contentType: string,
  access: BucketAccess,
): Promise<boolean> {
  const { store, signal } = access;
  try {
    await store.client.send(
      new PutObjectCommand({
        Bucket: store.bucket,
        Key: key,
        Body: bytes,
        ContentType: contentType,
        CacheControl: 'private, max-age=31536000, immutable',
        IfNoneMatch: '*',
        ChecksumCRC32: crc32Header((await sumsOfBytes(bytes)).crc32),
        ...store.encryption,
      }),
      { abortSignal: signal },
    );
    return true;
  } catch (error) {
    // 409: another conditional write of the same key was under way.
    if (statusOf(error) !== 412 && statusOf(error) !== 409) throw storageFault('writing', error);
    return (await readObject(key, access))?.equals(bytes) ?? false;
  }
}

/**
 * Deletes up to any number of objects; what is not there is no fault. Answers whether they are gone: a bucket with
 * versioning keeps what is deleted. Error: `store.storage`.
 */
export async function deleteObjects(
  keys: readonly string[],
  { store, signal }: BucketAccess,
): Promise<boolean> {
  let gone = true;
  for (let at = 0; at < keys.length; at += 1_000) {
    await told('deleting', async () => {
      const { Errors = [], Deleted = [] } = await store.client.send(
        new DeleteObjectsCommand({
          Bucket: store.bucket,
          Delete: { Objects: keys.slice(at, at + 1_000).map((Key) => ({ Key })) },
        }),
        { abortSignal: signal },
      );
      if (Errors[0]) throw Object.assign(new Error('not deleted'), { code: Errors[0].Code });
      if (Deleted.some(({ DeleteMarker }) => DeleteMarker === true)) gone = false;
    });
  }
  return gone;
}

/** Aborts what was begun below this prefix: parts that a killed worker left behind cost money and belong to nobody. */
export async function abortUploads(prefix: string, { store, signal }: BucketAccess): Promise<number> {
  return told('clearing stale uploads away', async () => {
    const { Uploads = [] } = await store.client.send(
      new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: prefix }),
      { abortSignal: signal },
    );
    for (const { Key, UploadId } of Uploads) {
      await store.client
        .send(new AbortMultipartUploadCommand({ Bucket: store.bucket, Key, UploadId }), {
          abortSignal: signal,
        })
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    }
    return Uploads.length;
  });
}
