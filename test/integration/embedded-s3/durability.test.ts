import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { eventually } from '#support/eventually.ts';
import { accessKey, bucket, embeddedConfig, expectRefusal, secretKey } from './object-store.ts';
import { runServer, type ServerProcess } from './server-process.ts';

describe('what the embedded object server has answered for', () => {
  let dataDir: string;
  let running: ServerProcess[];
  let clients: S3Client[];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
    running = [];
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    for (const { child, end } of running) {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    }
    await rm(dataDir, { recursive: true });
  });

  async function start(): Promise<ServerProcess & { client: S3Client }> {
    const server = await runServer(dataDir);
    running.push(server);
    const client = new S3Client({ ...embeddedConfig(server.endpoint), maxAttempts: 1 });
    clients.push(client);
    return { ...server, client };
  }

  const put = (client: S3Client, Key: string, Body: Buffer | string | Readable, ContentLength?: number) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength }));
  async function read(client: S3Client, Key: string): Promise<Buffer> {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }));
    return Buffer.from(await answer.Body!.transformToByteArray());
  }
  const blobs = () => readdir(join(dataDir, 'blobs'));

  it('is there after an orderly stop and after a SIGKILL: objects, metadata, uploads and parts', async () => {
    const first = await start();
    await first.client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'a',
        Body: 'A',
        ContentType: 'audio/ogg',
        Metadata: { m: '1' },
      }),
    );
    const upload = { Bucket: bucket, Key: 'b' };
    const { UploadId } = await first.client.send(
      new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'CRC32' }),
    );
    await first.client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'part' }));
    expect(await first.end('SIGTERM')).to.deep.equal({ code: 0, signal: null });

    const second = await start();
    await put(second.client, 'c', 'C');
    await put(second.client, 'a2', 'replaced');
    await put(second.client, 'a2', 'A2');
    expect((await second.end('SIGKILL')).signal).to.equal('SIGKILL');

    const third = await start();
    const known = await third.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' }));
    expect(known.ContentType).to.equal('audio/ogg');
    expect(known.Metadata).to.deep.equal({ m: '1' });
    const parts = await third.client.send(new ListPartsCommand({ ...upload, UploadId }));
    expect(parts.Parts?.map(({ Size }) => Size)).to.deep.equal([4]);
    for (const [key, text] of [
      ['a', 'A'],
      ['c', 'C'],
      ['a2', 'A2'],
    ] as const) {
      expect((await read(third.client, key)).toString()).to.equal(text);
    }
    expect(await blobs()).to.have.length(4);
  });

  it('has no half object after a SIGKILL in the middle of a PUT, and the old one still stands', async () => {
    const first = await start();
    await put(first.client, 'kept', 'the version before');
    const body = new Readable({ read() {} });
    const writing = put(first.client, 'kept', body, 10_000_000).then(
      () => 'written',
      () => 'cut',
    );
    body.push(randomBytes(3_000_000));
    await eventually(async () => (await blobs()).length === 2);
    await first.end('SIGKILL');
    body.destroy();
    expect(await writing).to.equal('cut');

    const second = await start();
    expect((await read(second.client, 'kept')).toString()).to.equal('the version before');
    expect(await blobs()).to.have.length(1);
  });

  it('is all there when it dies under a load of writes', async () => {
    const first = await start();
    const answered: string[] = [];
    let alive = true;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let round = 0; alive; round++) {
        const key = `load/${writer}/${round}`;
        const body = `${key};`.repeat(2000);
        const written = await put(first.client, key, body).then(
          () => true,
          () => false,
        );
        if (written) answered.push(key);
      }
    });
    await eventually(() => answered.length >= 40);
    await first.end('SIGKILL');
    alive = false;
    await Promise.all(writers);

    const second = await start();
    const listed = await second.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'load/' }));
    const keys = listed.Contents?.map(({ Key }) => Key!) ?? [];
    expect(keys).to.include.members(answered);
    for (const key of keys) {
      expect((await read(second.client, key)).toString()).to.equal(`${key};`.repeat(2000));
    }
    expect(await blobs()).to.have.length(keys.length);
  });

  it('survives a journal whose last line was torn, and says where a journal is damaged', async () => {
    const first = await start();
    await put(first.client, 'a', 'A');
    await put(first.client, 'b', 'B');
    await first.end('SIGTERM');
    const journal = join(dataDir, 'journal.ndjson');
    await appendFile(journal, '{"change":"put-object","bucket":"rec');
    const second = await start();
    expect((await read(second.client, 'b')).toString()).to.equal('B');
    await put(second.client, 'c', 'C');
    await second.end('SIGKILL');
    const third = await start();
    expect((await read(third.client, 'c')).toString()).to.equal('C');
    await third.end('SIGTERM');

    const lines = (await readFile(journal, 'utf8')).split('\n');
    lines[2] = lines[2]!.slice(0, 20);
    await writeFile(journal, lines.join('\n'));
    const refusal = await start().then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal).to.contain('damaged at line 3');
  });

  it('is not silently given up when its bytes were taken away', async () => {
    const first = await start();
    await put(first.client, 'a', 'A');
    await first.end('SIGTERM');
    await rm(join(dataDir, 'blobs', (await blobs())[0]!));
    const refusal = await start().then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal).to.contain('lacks 1 of the blobs');
  });

  it('is served by one process only', async () => {
    const first = await start();
    const refusal = await start().then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal).to.contain('in use by another object server');
    await put(first.client, 'a', 'A');
    await first.end('SIGKILL');
    expect((await read((await start()).client, 'a')).toString()).to.equal('A');
  });

  it('includes the upload that was running when it was told to stop', async () => {
    const first = await start();
    const body = new Readable({ read() {} });
    const writing = put(first.client, 'late', body, 200_000);
    body.push(randomBytes(100_000));
    await eventually(async () => (await blobs()).length === 1);
    const ended = first.end('SIGTERM');
    body.push(randomBytes(100_000));
    body.push(null);
    await writing;
    expect(await ended).to.deep.equal({ code: 0, signal: null });
    expect((await read((await start()).client, 'late')).length).to.equal(200_000);
  });

  it('ends with the parent when asked to', async () => {
    const server = await runServer(dataDir, { env: { EXIT_WITH_PARENT: '1' } });
    running.push(server);
    const exited = once(server.child, 'exit');
    server.child.disconnect();
    expect((await exited)[0]).to.equal(0);
  });

  it('is only reachable from this machine and only with usable settings', async () => {
    const server = await start();
    expect(new URL(server.endpoint).hostname).to.equal('127.0.0.1');
    const settings = { dataDir: join(dataDir, 'other'), port: 0, bucket, accessKey, secretKey };
    for (const wrong of [
      { bucket: '../up' },
      { bucket: 'A_B' },
      { accessKey: 'a/b' },
      { secretKey: 'short' },
    ]) {
      const refused = await startObjectServer({ ...settings, ...wrong }).then(
        () => false,
        () => true,
      );
      expect(refused, JSON.stringify(wrong)).to.equal(true);
    }
    await expectRefusal(read(server.client, 'absent'), 'NoSuchKey', 404);
  });
});
