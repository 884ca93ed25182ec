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
import { createObjectStore, type ObjectStore } from '#kernel/s3.ts';
import { type ObjectServer, startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { sumsOfBytes } from '#worker/archive/checksums.ts';
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
