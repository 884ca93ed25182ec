import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { EraseJob } from '#contract/capture.ts';
import { createLog } from '#kernel/log.ts';
import { parseSignedJson, type SigningKey } from '#kernel/signed-json.ts';
import { eventually } from '#support/eventually.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { RecorderWorld } from '#support/recorder.ts';
import { addToArchive } from '#worker/archive/add-to-archive.ts';
import { archiveCall } from '#worker/archive/archive.ts';
import { splitKey, tombstone } from '#worker/archive/archive-documents.ts';
import { eraseRecording } from '#worker/archive/erase.ts';
import { openSigningKey } from '#worker/archive/signing-key.ts';
import { bucketSource } from '#worker/archive/verify/archive-source.ts';
import { verifyArchive } from '#worker/archive/verify/verify-archive.ts';

const log = createLog('test', 'silent');

describe('erasing a recording', function () {
  this.timeout(60_000);
  let world: RecorderWorld;
  let key: SigningKey;
  let redis: Redis;
  let elsewhere: string;
  let calls = 0;
  const { signal } = new AbortController();

  before(async () => {
    world = await RecorderWorld.start();
    await world.startWorker();
    key = await openSigningKey({ configured: undefined, folder: world.spoolDir });
    redis = new Redis(world.redisUrl);
    elsewhere = await mkdtemp(join(tmpdir(), 'other-spool-'));
  });
  afterEach(async () => {
    world.objects.faults.clear();
    await world.objects.faults.endOutage();
  });
  after(async () => {
    redis.disconnect();
    await world.stop();
    await rm(elsewhere, { recursive: true, force: true });
  });

  async function archived() {
    const callId = `call_erased_${++calls}`;
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 2));
    call.end();
    const { files, recordingId } = await world.report('archived', callId);
    const { facts } = await world.report('sealed', callId);
    await eventually(async () => expect(await world.spoolOf(callId)).to.be.empty);
    const job: EraseJob = {
      ...{ recordingId, callId, startedAt: facts.startedAt, holders: [], requestedAt: 1_000 },
      ...{ by: 'policy:default', reason: 'older than 180 days' },
    };
    return { job, callId, recordingId, files, folder: splitKey(files[0]!.key).folder };
  }
  const inFolder = async (folder: string) => {
    const names: string[] = [];
    for await (const object of world.store.list(`${folder}/`)) names.push(splitKey(object.key).name);
    return names;
  };
  const read = async (Key: string) => {
    const answer = await world.store.client.send(new GetObjectCommand({ Bucket: 'recordings', Key }));
    return Buffer.from(await answer.Body!.transformToByteArray());
  };
  const findings = async () => (await verifyArchive({ source: bucketSource(world.store) })).findings;
  /** By this process instead of a worker's, with a spool of its own. */
  const erase = (job: EraseJob) =>
    eraseRecording(job, {
      ...{ store: world.store, key, signal, log, redis },
      ...{ spoolDir: elsewhere, spoolId: 'spool-elsewhere' },
    });

  it('takes every rendering, addendum and leftover, and leaves a signed tombstone with their checksums', async () => {
    const { job, callId, recordingId, files, folder } = await archived();
    const [added] = await addToArchive(
      {
        ...{ recordingId, callId, folder, made: 'analysis' },
        files: [
          {
            path: join(world.spoolDir, '.archive-signing-key.pem'),
            ...{ name: 'analysis.json', kind: 'analysis', contentType: 'application/json' },
          },
        ],
      },
      { store: world.store, key, signal },
    );
    const leftover = { Bucket: 'recordings', Key: `${folder}/leftover.bin` };
    await world.store.client.send(new PutObjectCommand({ ...leftover, Body: 'x' }));
    await world.store.client.send(new CreateMultipartUploadCommand(leftover));
    await world.queues.enqueueErase(job);
    const erased = await world.report('erased', callId);
    expect(await inFolder(folder)).to.deep.equal(['tombstone.json']);
    expect(await world.store.staleUploads(Date.now() + 1_000)).to.deep.equal([]);
    const stone = tombstone.parse(parseSignedJson(await read(erased.tombstone.key))!.document);
    const known = [...files, added!].filter(({ kind }) => kind !== 'manifest');
    expect(stone.files.map(({ sha256 }) => sha256)).to.have.members(known.map(({ sha256 }) => sha256));
    expect(stone.documents.map(({ name }) => name)).to.deep.equal(['manifest.json', 'manifest-1.json']);
    expect(stone.unsigned).to.deep.equal([{ name: 'leftover.bin', bytes: 1 }]);
    expect(stone.deletion).to.deep.equal({
      ...{ requestedAt: 1_000, by: 'policy:default', reason: 'older than 180 days' },
    });
    expect(stone).to.include({ sequence: 2, recordingId });
    expect(erased.files.map(({ sha256 }) => sha256)).to.include(files[0]!.sha256);
    expect(await findings()).to.deep.equal([]);
    const notes = await readdir(join(world.spoolDir, '.archived'));
    expect(notes).to.not.include(`${recordingId}.json`);
  });

  it('is gone on with wherever it was broken off, with the same tombstone', async () => {
    for (const fault of [
      { kind: 'cut-response', operation: 'DeleteObjects' },
      { kind: 'slow-down', operation: 'ListObjectsV2', skip: 2 },
      { kind: 'cut-request', operation: 'PutObject' },
    ] as const) {
      const { job, folder } = await archived();
      world.objects.faults.add({ ...fault });
      const code = await erase(job).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      expect(code, fault.kind).to.equal('store.storage');
      world.objects.faults.clear();
      const half = await inFolder(folder);
      const before = half.includes('tombstone.json') ? await read(`${folder}/tombstone.json`) : null;
      const { tombstone: stone } = await erase(job);
      expect(await inFolder(folder)).to.deep.equal(['tombstone.json']);
      if (before) expect(await read(stone.key)).to.deep.equal(before);
      expect((await erase(job)).tombstone).to.deep.equal(stone);
    }
    expect(await findings()).to.deep.equal([]);
  });

  it('says what still lies beside a tombstone, as long as it does', async () => {
    const { job, folder } = await archived();
    world.objects.faults.add({ kind: 'reset', operation: 'DeleteObjects' });
    await erase(job).catch(() => {});
    const kinds = (await findings()).map(({ kind }) => kind);
    expect([...new Set(kinds)]).to.deep.equal(['deletion-unfinished']);
    world.objects.faults.clear();
    await erase(job);
    expect(await inFolder(folder)).to.deep.equal(['tombstone.json']);
  });

  it('does not take a tombstone for one that somebody else wrote', async () => {
    const { job, folder } = await archived();
    const forged = { Bucket: 'recordings', Key: `${folder}/tombstone.json`, Body: '{"kind":"tombstone"}' };
    await world.store.client.send(new PutObjectCommand(forged));
    const { files } = await erase(job);
    expect(files.length).to.be.at.least(3);
    expect(await findings()).to.deep.equal([]);
  });

  it('waits for a bucket that is away', async () => {
    const { job, callId, folder } = await archived();
    await world.objects.faults.startOutage();
    await world.queues.enqueueErase(job);
    const failed = await world.report('failed', callId);
    expect(failed).to.include({ stage: 'erase', code: 'store.storage', final: false });
    await world.objects.faults.endOutage();
    await world.report('erased', callId, 30_000);
    expect(await inFolder(folder)).to.deep.equal(['tombstone.json']);
  });

  it('takes what spools hold, here and on other hosts, of a call that was never archived', async () => {
    world.lead.seal = false;
    const callId = 'call_never_archived';
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 2));
    call.end();
    await world.report('captured', callId);
    expect(await world.spoolOf(callId)).to.not.be.empty;
    const beat = await eventually(async () => {
      const [name] = await redis.keys('worker:*');
      return JSON.parse((await redis.get(name!))!) as { spoolId: string };
    });
    const job = {
      ...world.job(callId),
      startedAt: call.startMs,
      holders: [beat.spoolId],
      requestedAt: 1_000,
    };
    // Done by a worker of another host, which leaves word for the one that holds the spool.
    const { files, tombstone: stone } = await erase({ ...job, by: 'person:admin', reason: 'she asked' });
    expect(files).to.deep.equal([]);
    await eventually(async () => expect(await world.spoolOf(callId)).to.be.empty, { within: 10_000 });

    // A job of before that comes too late brings nothing back.
    world.lead.seal = true;
    const late = await archiveCall(world.job(callId), {
      ...{ store: world.store, key, signal, log, spoolDir: world.spoolDir },
    }).catch((error: { code: string }) => error.code);
    expect(late).to.equal('archive.nothing-sealed');
    expect(await inFolder(splitKey(stone.key).folder)).to.deep.equal(['tombstone.json']);
  });

  it('leaves nothing of what was being added at that moment', async () => {
    const { job, callId, recordingId, folder } = await archived();
    const path = join(world.spoolDir, '.archive-signing-key.pem');
    // The upload begins before the deletion, and ends after it.
    world.objects.faults.add({
      kind: 'slow',
      operation: 'PutObject',
      keyPrefix: `${folder}/late`,
      latencyMs: 800,
    });
    const adding = addToArchive(
      {
        ...{ recordingId, callId, folder, made: 'late' },
        files: [{ path, name: 'late.json', kind: 'analysis', contentType: 'application/json' }],
      },
      { store: world.store, key, signal },
    ).catch((error: { code: string }) => error.code);
    await eventually(() => expect(world.objects.faults.list()[0]!.matched).to.equal(1));
    await erase(job);
    expect(await adding).to.equal('archive.deleted');
    expect(await inFolder(folder)).to.deep.equal(['tombstone.json']);
  });

  it('is not undone by an archive job that was queued before', async () => {
    world.lead.archive = false;
    const callId = 'call_archived_late';
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 2));
    call.end();
    const { facts } = await world.report('sealed', callId);
    const job = { ...world.job(callId), startedAt: facts.startedAt, holders: [], requestedAt: 1_000 };
    // Its spool stays in this test: only the tombstone is in the way.
    const { tombstone: stone } = await erase({ ...job, by: 'person:admin', reason: 'she asked' });
    await world.queues.enqueueArchive(world.job(callId));
    expect(await world.report('failed', callId)).to.include({ code: 'archive.deleted', final: true });
    expect(await inFolder(splitKey(stone.key).folder)).to.deep.equal(['tombstone.json']);
    world.lead.archive = true;
  });
});
