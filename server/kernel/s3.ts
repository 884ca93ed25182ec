import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { StoresConfig } from './config.ts';
import { AppError } from './errors.ts';

export type ObjectStoreConfig = Pick<
  StoresConfig,
  | 'S3_ENDPOINT'
  | 'S3_PUBLIC_ENDPOINT'
  | 'S3_REGION'
  | 'S3_BUCKET'
  | 'S3_ACCESS_KEY_ID'
  | 'S3_SECRET_ACCESS_KEY'
  | 'S3_FORCE_PATH_STYLE'
> &
  Partial<Pick<StoresConfig, 'S3_SSE' | 'S3_SSE_KMS_KEY_ID'>>;

/** What every write asks of the store: to encrypt at rest, with its own keys (`AES256`) or those of a key service. */
export interface ObjectEncryption {
  readonly ServerSideEncryption?: 'AES256' | 'aws:kms';
  readonly SSEKMSKeyId?: string;
}

export interface ObjectStore {
  readonly client: S3Client;
  readonly bucket: string;
  readonly encryption: ObjectEncryption;
  /**
   * A GET address that anyone holding it can use until it expires, byte ranges included. It names the public
   * endpoint. `contentType` is what the answer will carry, whatever is stored.
   */
  presignGet(key: string, options: { expiresInSeconds: number; contentType: string }): Promise<string>;
  /** Objects below the prefix in the order of their keys, from the one behind `startAfter`. Error: `store.storage`. */
  list(prefix: string, options?: { startAfter?: string }): AsyncGenerator<ListedObject>;
  /** Size in bytes; null when there is no such object. Error: `store.storage`. */
  sizeOf(key: string): Promise<number | null>;
  /** A small object as text; null when there is no such object. Error: `store.storage`, also when it is larger. */
  readText(key: string, options: { maxBytes: number }): Promise<string | null>;
  /** Uploads in parts that were begun before this and never ended; UTC ms. Error: `store.storage`. */
  staleUploads(before: number): Promise<StaleUpload[]>;
  /** Error: `store.storage`; one that is gone already is none. */
  abortUpload(upload: StaleUpload): Promise<void>;
  /** Rejects when the bucket cannot be reached with these credentials. Takes 3 s at most. */
  ping(): Promise<void>;
  close(): void;
}

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** UTC ms. */
  readonly modifiedAt: number;
}

export interface StaleUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: number;
}

export function createObjectStore(config: ObjectStoreConfig): ObjectStore {
  const common = {
    region: config.S3_REGION,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    // Without keys of its own the SDK asks its surroundings (instance role, profile).
    ...(config.S3_ACCESS_KEY_ID !== undefined && config.S3_SECRET_ACCESS_KEY !== undefined
      ? {
          credentials: {
            accessKeyId: config.S3_ACCESS_KEY_ID,
            secretAccessKey: config.S3_SECRET_ACCESS_KEY,
          },
        }
      : {}),
  };
  const client = new S3Client({
    ...common,
    ...(config.S3_ENDPOINT === undefined ? {} : { endpoint: config.S3_ENDPOINT }),
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
  const publicEndpoint = config.S3_PUBLIC_ENDPOINT ?? config.S3_ENDPOINT;
  // Signs only. With the SDK's default checksums a signed address would carry the checksum of an empty body.
  const signer = new S3Client({
    ...common,
    ...(publicEndpoint === undefined ? {} : { endpoint: publicEndpoint }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    client,
    bucket: config.S3_BUCKET,
    encryption: encryptionOf(config),
    list: (prefix, { startAfter } = {}) => listObjects(client, config.S3_BUCKET, prefix, startAfter),
    sizeOf: (key) => sizeOf(client, config.S3_BUCKET, key),
    readText: (key, { maxBytes }) => readText(client, config.S3_BUCKET, key, maxBytes),
    staleUploads: (before) => staleUploads(client, config.S3_BUCKET, before),
    abortUpload: async ({ key, uploadId }) => {
      const upload = { Bucket: config.S3_BUCKET, Key: key, UploadId: uploadId };
      try {
        await client.send(new AbortMultipartUploadCommand(upload));
      } catch (error) {
        if (!isNotFound(error)) throw storageFault('aborting an upload', error);
      }
    },
    presignGet: (key, { expiresInSeconds, contentType }) =>
      getSignedUrl(
        signer,
        new GetObjectCommand({ Bucket: config.S3_BUCKET, Key: key, ResponseContentType: contentType }),
        { expiresIn: expiresInSeconds },
      ),
    ping: async () => {
      await client.send(new HeadBucketCommand({ Bucket: config.S3_BUCKET }), {
        abortSignal: AbortSignal.timeout(3_000),
      });
    },
    close: () => {
      client.destroy();
      signer.destroy();
    },
  };
}

const isNotFound = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;

async function* listObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
  startAfter: string | undefined,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const page = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(token === undefined ? { StartAfter: startAfter } : { ContinuationToken: token }),
    });
    const answer = await client.send(page).catch((error: unknown) => {
      throw storageFault('listing', error);
    });
    for (const { Key, Size, LastModified } of answer.Contents ?? []) {
      if (Key !== undefined) yield { key: Key, bytes: Size ?? 0, modifiedAt: LastModified?.getTime() ?? 0 };
    }
    token = answer.IsTruncated ? answer.NextContinuationToken : undefined;
  } while (token !== undefined);
}

async function sizeOf(client: S3Client, bucket: string, key: string): Promise<number | null> {
  try {
    return (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength ?? 0;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw storageFault('looking for an object', error);
  }
}

async function readText(
  client: S3Client,
  bucket: string,
  key: string,
  maxBytes: number,
): Promise<string | null> {
  try {
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body || (ContentLength ?? 0) > maxBytes) throw new Error(`the object has ${ContentLength} bytes`);
    return await Body.transformToString('utf-8');
  } catch (error) {
    if (isNotFound(error)) return null;
    throw storageFault('reading an object', error);
  }
}

async function staleUploads(client: S3Client, bucket: string, before: number): Promise<StaleUpload[]> {
  const { Uploads = [] } = await client
    .send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    .catch((error: unknown) => {
      throw storageFault('listing uploads', error);
    });
  return Uploads.flatMap(({ Key, UploadId, Initiated }) => {
    const startedAt = Initiated?.getTime() ?? Number.POSITIVE_INFINITY;
    return Key !== undefined && UploadId !== undefined && startedAt < before
      ? [{ key: Key, uploadId: UploadId, startedAt }]
      : [];
  });
}

function encryptionOf({ S3_SSE, S3_SSE_KMS_KEY_ID }: ObjectStoreConfig): ObjectEncryption {
  if (S3_SSE === undefined || S3_SSE === 'none') return {};
  return {
    ServerSideEncryption: S3_SSE,
    ...(S3_SSE === 'aws:kms' && S3_SSE_KMS_KEY_ID !== undefined ? { SSEKMSKeyId: S3_SSE_KMS_KEY_ID } : {}),
  };
}

/** An error of the S3 client as the one error type: the destination's fault, told apart from ours. */
export function storageFault(what: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
  return new AppError('store.storage', `The object store failed at ${what} (${status ?? code}).`, {
    cause,
    details: { what, code, ...(status === undefined ? {} : { status }) },
  });
}
