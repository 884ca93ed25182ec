import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { createObjectStore, type ObjectStore, type ObjectStoreConfig } from '#kernel/s3.ts';
import { type ObjectServer, startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { sumsOfBytes, sumsOfFile } from '#worker/archive/checksums.ts';
import { type UploadFile, uploadVerified } from '#worker/archive/verified-upload.ts';

const partBytes = 5 * 1_048_576;
const keys = { accessKey: 'test-access', secretKey: 'test-secret-key' };

describe('bringing a file to the object store', function () {
  this.timeout(60_000);
  let dir: string;
  let objects: ObjectServer;
  let store: ObjectStore;
  let file: UploadFile;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'upload-'));
    objects = await startObjectServer({ dataDir: join(dir, 's3'), port: 0, bucket: 'recordings', ...keys });
    store = createObjectStore({
      S3_ENDPOINT: objects.endpoint,
      S3_REGION: 'us-east-1',
      S3_BUCKET: 'recordings',
      S3_ACCESS_KEY_ID: keys.accessKey,
      S3_SECRET_ACCESS_KEY: keys.secretKey,
      S3_FORCE_PATH_STYLE: true,
    });
  });
  beforeEach(async () => {
    const bytes = randomBytes(12 * 1_048_576);
    file = {
      path: join(dir, 'file.bin'),
      key: `recordings/${randomBytes(4).toString('hex')}/audio.webm`,
      contentType: 'audio/webm',
      ...(await sumsOfBytes(bytes)),
    };
    await writeFile(file.path, bytes);
  });
  afterEach(() => objects.faults.clear());
  after(async () => {
    store.close();
    await objects.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const upload = (signal = new AbortController().signal) =>
    uploadVerified(file, { store, signal, partBytes });
  const codeOf = async (attempt: Promise<void>) =>
    await attempt.then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
  const head = () => store.client.send(new HeadObjectCommand({ Bucket: store.bucket, Key: file.key }));
  const openUploads = async () => {
    const { Uploads = [] } = await store.client.send(
      new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: file.key }),
    );
    return Uploads.length;
  };
  /** Counts the requests of an operation without harming them. */
  const count = (operation: string) => {
    const id = objects.faults.add({ kind: 'slow', operation, latencyMs: 0 });
    return () => objects.faults.list().find((fault) => fault.id === id)!.matched;
  };

  it('sends large files in parts, with their type and checksum', async () => {
    const parts = count('UploadPart');
    await upload();
    expect(parts()).to.equal(3);
    const stored = await head();
    expect(stored.ContentLength).to.equal(file.bytes);
    expect(stored.ContentType).to.equal('audio/webm');
    expect(stored.Metadata).to.deep.equal({ sha256: file.sha256 });
    expect(await openUploads()).to.equal(0);
  });

  it('sends nothing again that is there already, but reads it back', async () => {
    await upload();
    const sent = count('UploadPart');
    const read = count('GetObject');
    await upload();
    expect([sent(), read()]).to.deep.equal([0, 1]);
  });

  it('clears away the parts that a killed worker left behind', async () => {
    const { UploadId } = await store.client.send(
      new CreateMultipartUploadCommand({ Bucket: store.bucket, Key: file.key }),
    );
    await store.client.send(
      new UploadPartCommand({
        Bucket: store.bucket,
        Key: file.key,
        UploadId,
        PartNumber: 1,
        Body: randomBytes(partBytes),
      }),
    );
    expect(await openUploads()).to.equal(1);
    await upload();
    expect(await openUploads()).to.equal(0);
    expect((await head()).ContentLength).to.equal(file.bytes);
  });

  it('gets through a cut connection and a store that asks to slow down', async () => {
    objects.faults.add({ kind: 'cut-request', operation: 'UploadPart', atByte: 1_000_000, count: 1 });
    objects.faults.add({ kind: 'slow-down', operation: 'UploadPart', skip: 2, count: 1 });
    await upload();
    expect((await head()).ContentLength).to.equal(file.bytes);
  });

  it('blames the store when it stays away, and leaves no parts behind', async () => {
    objects.faults.add({ kind: 'slow-down', operation: 'UploadPart' });
    expect(await codeOf(upload())).to.equal('store.storage');
    objects.faults.clear();
    expect(await openUploads()).to.equal(0);
    await objects.faults.startOutage();
    try {
      expect(await codeOf(upload())).to.equal('store.storage');
    } finally {
      await objects.faults.endOutage();
    }
  });

  it('deletes an object whose stored bytes are not the ones sent', async () => {
    // Same size, and the metadata of the true file: only reading it back can tell.
    const other = randomBytes(file.bytes);
    const path = join(dir, 'other.bin');
    await writeFile(path, other);
    expect(
      await codeOf(
        uploadVerified({ ...file, path }, { store, signal: new AbortController().signal, partBytes }),
      ),
    ).to.equal('archive.verify');
    expect(
      await head().then(
        () => 'there',
        (error: { name: string }) => error.name,
      ),
    ).to.equal('NotFound');
    await upload();
  });

  it('takes no answer for the truth that is one bit off', async () => {
    objects.faults.add({ kind: 'flip-byte', operation: 'GetObject', atByte: file.bytes - 1, count: 1 });
    expect(await codeOf(upload())).to.equal('archive.verify');
    await upload();
  });

  it('has the store keep the checksum of the whole, in parts or not', async () => {
    await upload();
    const small = { ...file, key: `${file.key}.small`, path: join(dir, 'small.bin') };
    const bytes = randomBytes(1_000);
    await writeFile(small.path, bytes);
    Object.assign(small, await sumsOfBytes(bytes));
    await uploadVerified(small, { store, signal: new AbortController().signal, partBytes });
    for (const { key, crc32 } of [file, small]) {
      const { ChecksumCRC32, ChecksumType } = await store.client.send(
        new HeadObjectCommand({ Bucket: store.bucket, Key: key, ChecksumMode: 'ENABLED' }),
      );
      expect(ChecksumType).to.equal('FULL_OBJECT');
      expect(Buffer.from(ChecksumCRC32!, 'base64').toString('hex')).to.equal(crc32);
    }
  });

  describe('that encrypts at rest', () => {
    const encrypting = (extra: Partial<ObjectStoreConfig>) =>
      createObjectStore({
        S3_ENDPOINT: objects.endpoint,
        S3_REGION: 'us-east-1',
        S3_BUCKET: 'recordings',
        S3_ACCESS_KEY_ID: keys.accessKey,
        S3_SECRET_ACCESS_KEY: keys.secretKey,
        S3_FORCE_PATH_STYLE: true,
        ...extra,
      });
    const signal = new AbortController().signal;

    it('asks for its own keys or those of a key service, for every object and every upload in parts', async () => {
      const kms = { S3_SSE: 'aws:kms', S3_SSE_KMS_KEY_ID: 'arn:aws:kms:eu-west-1:1:key/k-1' } as const;
      for (const extra of [{ S3_SSE: 'AES256' } as const, kms]) {
        const own = encrypting(extra);
        for (const size of [file.bytes, 1_000]) {
          const bytes = randomBytes(size);
          await writeFile(file.path, bytes);
          const one = { ...file, ...(await sumsOfBytes(bytes)), key: `${file.key}.${extra.S3_SSE}.${size}` };
          await uploadVerified(one, { store: own, signal, partBytes });
          const stored = await own.client.send(new HeadObjectCommand({ Bucket: own.bucket, Key: one.key }));
          expect(stored.ServerSideEncryption).to.equal(extra.S3_SSE);
          expect(stored.SSEKMSKeyId).to.equal(
            'S3_SSE_KMS_KEY_ID' in extra ? extra.S3_SSE_KMS_KEY_ID : undefined,
          );
        }
        own.close();
      }
      Object.assign(file, await sumsOfFile(file.path));
      await upload();
      expect((await head()).ServerSideEncryption, 'none was asked for').to.equal(undefined);
    });

    it('does not take a store’s word for it', async () => {
      const forgetful = encrypting({ S3_SSE: 'AES256' });
      forgetful.client.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { headers: Record<string, string> };
          delete headers['x-amz-server-side-encryption'];
          return next(args);
        },
        { step: 'build' },
      );
      expect(await codeOf(uploadVerified(file, { store: forgetful, signal, partBytes }))).to.equal(
        'archive.not-encrypted',
      );
      forgetful.close();
    });
  });

  it('stops at once when it is told to', async () => {
    objects.faults.add({ kind: 'slow', operation: 'UploadPart', bytesPerSecond: 100_000 });
    const stop = new AbortController();
    const outcome = codeOf(upload(stop.signal));
    setTimeout(() => stop.abort(), 200);
    const startedAt = performance.now();
    expect(await outcome).to.not.equal('done');
    expect(performance.now() - startedAt).to.be.below(5_000);
  });

  it('signs an address that plays in parts and for a while only', async () => {
    await upload();
    const url = await store.presignGet(file.key, { expiresInSeconds: 60, contentType: 'audio/webm' });
    const answer = await fetch(url, { headers: { range: 'bytes=100-199' } });
    expect(answer.status).to.equal(206);
    expect(answer.headers.get('content-type')).to.equal('audio/webm');
    expect((await answer.arrayBuffer()).byteLength).to.equal(100);
    expect((await fetch(url.replace(/X-Amz-Signature=[0-9a-f]{4}/, 'X-Amz-Signature=0000'))).status).to.equal(
      403,
    );
    await store.ping();
  });
});
