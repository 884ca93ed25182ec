import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type ObjectStore, storageFault } from '#kernel/s3.ts';
import { WorkerError } from '../worker-error.ts';

/** Files above this go up in parts of this size, bytes. */
const defaultPartBytes = 8 * 1_048_576;

export interface UploadFile {
  readonly path: string;
  readonly key: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface UploadOptions {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly partBytes?: number;
}

/**
 * Puts a file into the bucket unless it is there already, reads it back, and compares size and SHA-256.
 * An object that comes back different is deleted, so that the next try starts anew.
 * Errors: AppError `store.storage`, WorkerError `archive.verify`.
 */
export async function uploadVerified(file: UploadFile, options: UploadOptions): Promise<void> {
  if (!(await isThere(file, options))) await upload(file, options);
  const { bytes, sha256 } = await readBack(file, options);
  if (bytes === file.bytes && sha256 === file.sha256) return;
  const { store, signal } = options;
  await told('deleting what came back wrong', () =>
    store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: file.key }), {
      abortSignal: signal,
    }),
  );
  throw new WorkerError('archive.verify', 'The object store gave back something else than it was given.');
}

async function told<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw storageFault(what, error);
  }
}

async function isThere(file: UploadFile, { store, signal }: UploadOptions): Promise<boolean> {
  try {
    const head = await store.client.send(new HeadObjectCommand({ Bucket: store.bucket, Key: file.key }), {
      abortSignal: signal,
    });
    return head.ContentLength === file.bytes && head.Metadata?.sha256 === file.sha256;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
    throw storageFault('looking for an earlier upload', error);
  }
}

async function upload(file: UploadFile, options: UploadOptions): Promise<void> {
  const { store, signal } = options;
  const partBytes = options.partBytes ?? defaultPartBytes;
  if (file.bytes > partBytes) await abortStale(file, options);
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
      Metadata: { sha256: file.sha256 },
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

/** Parts that a killed worker left behind cost money and belong to nobody: one archive job runs at a time. */
async function abortStale(file: UploadFile, { store, signal }: UploadOptions): Promise<void> {
  await told('looking for stale uploads', async () => {
    const { Uploads = [] } = await store.client.send(
      new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: file.key }),
      { abortSignal: signal },
    );
    for (const { Key, UploadId } of Uploads) {
      if (Key !== file.key) continue;
      await store.client.send(new AbortMultipartUploadCommand({ Bucket: store.bucket, Key, UploadId }), {
        abortSignal: signal,
      });
    }
  });
}

async function readBack(
  file: UploadFile,
  { store, signal }: UploadOptions,
): Promise<{ bytes: number; sha256: string }> {
  return told('reading back', async () => {
    const answer = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: file.key }), {
      abortSignal: signal,
    });
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of answer.Body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  });
}
