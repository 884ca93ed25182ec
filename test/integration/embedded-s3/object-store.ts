import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { type ObjectServer, startObjectServer } from '#scripts/embedded/s3/object-server.ts';

export interface ObjectStore {
  client: S3Client;
  bucket: string;
  /** begins every key of this run, so that a shared bucket can be used and left clean */
  prefix: string;
  /** a client with other settings for the same store */
  connect(config: S3ClientConfig): S3Client;
  close(): Promise<void>;
}

export interface EmbeddedStore extends ObjectStore {
  server: ObjectServer;
  dataDir: string;
  /** stops the server and starts one anew over the same folder */
  restart(): Promise<void>;
}

export const accessKey = 'embedded-test';
export const secretKey = 'not-a-secret-but-long-enough';
export const bucket = 'recordings';

/** The store that CONFORMANCE_S3_* names, else an embedded one of its own. */
export async function openConformanceStore(): Promise<ObjectStore> {
  const { env } = process;
  const endpoint = env.CONFORMANCE_S3_ENDPOINT;
  if (!endpoint) return openEmbeddedStore();
  return connectStore(
    {
      endpoint,
      region: env.CONFORMANCE_S3_REGION ?? 'us-east-1',
      forcePathStyle: env.CONFORMANCE_S3_FORCE_PATH_STYLE !== 'false',
      credentials: {
        accessKeyId: env.CONFORMANCE_S3_ACCESS_KEY ?? '',
        secretAccessKey: env.CONFORMANCE_S3_SECRET_KEY ?? '',
      },
    },
    env.CONFORMANCE_S3_BUCKET ?? '',
  );
}

export async function openEmbeddedStore(): Promise<EmbeddedStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
  const options = { dataDir, bucket, accessKey, secretKey };
  const server = await startObjectServer({ ...options, port: 0 });
  const store: EmbeddedStore = {
    ...connectStore(embeddedConfig(server.endpoint), bucket),
    server,
    dataDir,
    restart: async () => {
      const port = Number(new URL(server.endpoint).port);
      await store.server.stop();
      store.server = await startObjectServer({ ...options, port });
    },
    close: async () => {
      store.client.destroy();
      await store.server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
  return store;
}

export function embeddedConfig(endpoint: string): S3ClientConfig {
  return {
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  };
}

function connectStore(config: S3ClientConfig, bucket: string): ObjectStore {
  const client = new S3Client(config);
  const prefix = `conformance-${randomBytes(6).toString('hex')}/`;
  return {
    client,
    bucket,
    prefix,
    connect: (other) => new S3Client({ ...config, ...other }),
    close: async () => {
      for (;;) {
        const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
        const keys = (page.Contents ?? []).map(({ Key }) => ({ Key }));
        if (keys.length === 0) break;
        await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys } }));
      }
      client.destroy();
    },
  };
}

/** Awaits a refusal and checks its code and status. */
export async function expectRefusal(
  answer: Promise<unknown>,
  code: string,
  status: number,
): Promise<S3ServiceException> {
  const error = await answer.then(
    () => expect.fail(`was not refused with ${code}`),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(S3ServiceException);
  const refusal = error as S3ServiceException;
  expect(refusal.name, refusal.message).to.equal(code);
  expect(refusal.$metadata.httpStatusCode).to.equal(status);
  return refusal;
}
