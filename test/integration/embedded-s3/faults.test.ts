import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { expect } from 'chai';
import type { FaultRule, PlannedFault } from '#scripts/embedded/s3/faults.ts';
import {
  bucket,
  type EmbeddedStore,
  embeddedConfig,
  expectRefusal,
  openEmbeddedStore,
} from './object-store.ts';
import { runServer } from './server-process.ts';

describe('faults that tests can plan', () => {
  let store: EmbeddedStore;
  let once: S3Client;

  before(async () => {
    store = await openEmbeddedStore();
    once = store.connect({ maxAttempts: 1 });
  });
  after(() => {
    once.destroy();
    return store.close();
  });
  afterEach(() => store.server.faults.clear());

  const add = (rule: FaultRule) => store.server.faults.add(rule);
  const put = (client: S3Client, Key: string, Body: string | Buffer) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  async function get(client: S3Client, Key: string, checked = true): Promise<Buffer> {
    const ChecksumMode = checked ? 'ENABLED' : undefined;
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key, ChecksumMode }));
    return Buffer.from(await answer.Body!.transformToByteArray());
  }
  const exists = (Key: string) =>
    once.send(new HeadObjectCommand({ Bucket: bucket, Key })).then(
      () => true,
      () => false,
    );
  async function fails(action: Promise<unknown>): Promise<Error & { code?: string }> {
    return action.then(
      () => expect.fail('it went well'),
      (error) => error,
    );
  }

  it('503 SlowDown, as often as asked: the client tries again and succeeds', async () => {
    add({ kind: 'slow-down', operation: 'PutObject', count: 2 });
    const { $metadata } = await put(store.client, 'slowed', 'x');
    expect($metadata.attempts).to.equal(3);
    add({ kind: 'slow-down', keyPrefix: 'slowed' });
    await expectRefusal(get(once, 'slowed'), 'SlowDown', 503);
  });

  it('only the operation, the keys and the turn that were meant', async () => {
    await put(once, 'a/1', 'x');
    const id = add({ kind: 'slow-down', operation: 'GetObject', keyPrefix: 'a/', skip: 1, count: 1 });
    await put(once, 'a/2', 'x');
    await put(once, 'b/1', 'x');
    await get(once, 'b/1');
    await get(once, 'a/1');
    await expectRefusal(get(once, 'a/1'), 'SlowDown', 503);
    await get(once, 'a/1');
    const [planned] = store.server.faults.list();
    expect(planned).to.include({ id, matched: 3, harmed: 1 });
    store.server.faults.clear(id);
    expect(store.server.faults.list()).to.deep.equal([]);
  });

  it('an outage: refused until it is over, nothing lost', async () => {
    await put(once, 'before', 'x');
    await store.server.faults.startOutage();
    // the client may first try the connection it had
    expect((await fails(get(once, 'before'))).code).to.be.oneOf(['ECONNRESET', 'ECONNREFUSED']);
    expect((await fails(put(once, 'during', 'x'))).code).to.equal('ECONNREFUSED');
    await store.server.faults.endOutage();
    expect((await get(once, 'before')).toString()).to.equal('x');
    expect(await exists('during')).to.equal(false);
  });

  it('an outage cuts what is under way', async () => {
    add({ kind: 'slow', operation: 'PutObject', bytesPerSecond: 100_000 });
    const writing = fails(put(once, 'cut-by-outage', randomBytes(1_000_000)));
    await store.server.faults.startOutage();
    await writing;
    await store.server.faults.endOutage();
    store.server.faults.clear();
    expect(await exists('cut-by-outage')).to.equal(false);
  });

  it('a reset connection', async () => {
    add({ kind: 'reset', operation: 'PutObject', count: 1 });
    expect((await fails(put(once, 'reset', 'x'))).code).to.be.oneOf(['ECONNRESET', 'EPIPE']);
    expect(await exists('reset')).to.equal(false);
    add({ kind: 'reset', operation: 'PutObject', count: 1 });
    expect((await put(store.client, 'reset', 'x')).$metadata.attempts).to.equal(2);
  });

  it('a connection cut in the middle of an upload: nothing becomes visible', async () => {
    add({ kind: 'cut-request', operation: 'PutObject', atByte: 300_000, count: 1 });
    await fails(put(once, 'half', randomBytes(1_000_000)));
    expect(await exists('half')).to.equal(false);
  });

  it('a part cut in the middle: the upload as a whole goes on', async () => {
    add({ kind: 'cut-request', operation: 'UploadPart', atByte: 1_000_000, count: 1 });
    const body = randomBytes(6_000_000);
    await new Upload({ client: store.client, params: { Bucket: bucket, Key: 'parts', Body: body } }).done();
    expect((await get(once, 'parts')).equals(body)).to.equal(true);
    expect(store.server.faults.list()[0]?.harmed).to.equal(1);
  });

  it('a lost answer: the object is there although the client was told nothing', async () => {
    add({ kind: 'cut-response', operation: 'PutObject', count: 1 });
    await fails(put(once, 'unanswered', 'stored all the same'));
    expect((await get(once, 'unanswered')).toString()).to.equal('stored all the same');
  });

  it('a download cut after so many bytes', async () => {
    const body = randomBytes(500_000);
    await put(once, 'download', body);
    add({ kind: 'cut-response', operation: 'GetObject', atByte: 200_000, count: 1 });
    const answer = await once.send(new GetObjectCommand({ Bucket: bucket, Key: 'download' }));
    const received: Buffer[] = [];
    const error = await fails(
      (async () => {
        for await (const piece of answer.Body as AsyncIterable<Buffer>) received.push(piece);
      })(),
    );
    expect(error.message).to.match(/aborted|terminated|reset/i);
    expect(Buffer.concat(received).equals(body.subarray(0, 200_000))).to.equal(true);
    expect((await get(once, 'download')).equals(body)).to.equal(true);
  });

  it('a flipped byte: unseen without checksums, found by the client with them', async () => {
    await put(once, 'flipped', Buffer.alloc(1000));
    add({ kind: 'flip-byte', operation: 'GetObject', atByte: 500, count: 2 });
    const plain = store.connect({ maxAttempts: 1, responseChecksumValidation: 'WHEN_REQUIRED' });
    const harmed = await get(plain, 'flipped', false);
    plain.destroy();
    expect(harmed.indexOf(1)).to.equal(500);
    expect((await fails(get(once, 'flipped'))).message).to.match(/checksum/i);
    expect((await get(once, 'flipped')).equals(Buffer.alloc(1000))).to.equal(true);
  });

  it('a slow server: late to answer, and no faster than the ceiling in either direction', async () => {
    const body = randomBytes(60_000);
    const took = async (action: () => Promise<unknown>) => {
      const start = performance.now();
      await action();
      return performance.now() - start;
    };
    add({ kind: 'slow', latencyMs: 200, keyPrefix: 'late' });
    expect(await took(() => put(once, 'late', 'x'))).to.be.at.least(195);
    add({ kind: 'slow', bytesPerSecond: 200_000, keyPrefix: 'slow' });
    expect(await took(() => put(once, 'slow', body))).to.be.at.least(250);
    expect(await took(() => get(once, 'slow'))).to.be.at.least(250);
    await put(once, 'fast', body);
    expect(store.server.faults.list()[1]).to.include({ matched: 2, harmed: 2 });
  });

  it('nothing that is not a rule', () => {
    for (const wrong of [
      { kind: 'explode' },
      { kind: 'reset', oper: 'PutObject' },
      { kind: 'slow', bytesPerSecond: 0 },
      { kind: 'slow', latencyMs: '5' },
      { kind: 'cut-request', atByte: -1 },
    ]) {
      expect(() => add(wrong as FaultRule), JSON.stringify(wrong)).to.throw();
    }
  });

  it('are planned from outside over a port of their own', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
    const server = await runServer(dataDir, { more: ['--fault-port', '0'] });
    const client = new S3Client({ ...embeddedConfig(server.endpoint), maxAttempts: 1 });
    const control = async (method: string, path: string, rule?: unknown) => {
      const body = rule === undefined ? undefined : JSON.stringify(rule);
      const answer = await fetch(server.faultEndpoint! + path, { method, body });
      return { status: answer.status, answer: await answer.json() };
    };
    try {
      expect(await control('POST', '/faults', { kind: 'slow-down', count: 1 })).to.deep.equal({
        status: 201,
        answer: { id: 1 },
      });
      await expectRefusal(put(client, 'x', 'x'), 'SlowDown', 503);
      await put(client, 'x', 'x');
      const { answer } = await control('GET', '/faults');
      expect((answer as PlannedFault[])[0]).to.include({ id: 1, matched: 2, harmed: 1 });
      expect((await control('DELETE', '/faults/1')).answer).to.deep.equal([]);
      await control('POST', '/outage');
      expect((await fails(put(client, 'x', 'x'))).code).to.be.oneOf(['ECONNRESET', 'ECONNREFUSED']);
      await control('DELETE', '/outage');
      await put(client, 'x', 'x');
      expect((await control('POST', '/faults', { kind: 'explode' })).status).to.equal(400);
      expect((await control('POST', '/elsewhere')).status).to.equal(404);
    } finally {
      client.destroy();
      expect(await server.end('SIGTERM')).to.deep.equal({ code: 0, signal: null });
      await rm(dataDir, { recursive: true });
    }
  });
});
