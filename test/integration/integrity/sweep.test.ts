import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { SpoolListing } from '#contract/capture.ts';
import { createIntegrityService } from '#domains/integrity/integrity.service.ts';
import { createIntegrityStore, type IntegrityStore } from '#domains/integrity/integrity.store.ts';
import { createRecordingsStore, type RecordingsStore } from '#domains/recordings/recordings.store.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { createObjectStore, type ObjectStore } from '#kernel/s3.ts';
import { type ObjectServer, startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { freshStores } from '#support/stack.ts';
import { storedRecording } from '#support/stored-recording.ts';

const hour = 3_600_000;
const day = 24 * hour;
const keys = { accessKey: 'test-access', secretKey: 'test-secret-key' };
const log = createLog('test', 'silent');
const admin = {
  ...{ id: 'admin', name: { en: 'A', zh: 'A' }, title: { en: 'A', zh: 'A' } },
  ...{ role: 'admin' as const, businessIds: [], lineIds: [] },
};

describe('a sweep of the archive', function () {
  this.timeout(60_000);
  let dir: string;
  let objects: ObjectServer;
  let bucket: ObjectStore;
  let mongo: MongoConnection;
  let store: IntegrityStore;
  let recordings: RecordingsStore;
  let now: number;
  let spools: SpoolListing[];
  let calls: { id: string; lineId: string; endedAt: number }[];
  let queued: string[];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sweep-'));
    // Its own: to this database everything else in a shared bucket is unknown.
    objects = await startObjectServer({ dataDir: join(dir, 's3'), port: 0, bucket: 'recordings', ...keys });
    bucket = createObjectStore({
      S3_ENDPOINT: objects.endpoint,
      S3_REGION: 'us-east-1',
      S3_BUCKET: 'recordings',
      S3_ACCESS_KEY_ID: keys.accessKey,
      S3_SECRET_ACCESS_KEY: keys.secretKey,
      S3_FORCE_PATH_STYLE: true,
    });
  });
  beforeEach(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, log);
    store = await createIntegrityStore(mongo);
    recordings = createRecordingsStore(mongo);
    await recordings.ready();
    now = Date.now();
    spools = [];
    calls = [];
    queued = [];
  });
  afterEach(async () => {
    objects.faults.clear();
    for await (const { key } of bucket.list('')) await remove(key);
    await mongo.close();
  });
  after(async () => {
    bucket.close();
    await objects.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const remove = (Key: string) => bucket.client.send(new DeleteObjectCommand({ Bucket: 'recordings', Key }));
  const put = (Key: string, bytes: number) =>
    bucket.client.send(new PutObjectCommand({ Bucket: 'recordings', Key, Body: randomBytes(bytes) }));
  const server = (instanceId = 'server-1') =>
    createIntegrityService({
      store,
      recordings,
      calls: {
        endedBetween: async (from, to) =>
          calls.filter(({ endedAt }) => endedAt >= from && endedAt < to) as never,
      },
      queues: {
        enqueueSeal: async ({ recordingId }) => void queued.push(`seal ${recordingId}`),
        enqueueArchive: async ({ recordingId }) => void queued.push(`archive ${recordingId}`),
      },
      bucket,
      eraseAgain: async ({ id }) => void queued.push(`erase ${id}`),
      adopt: async (callId, spoolIds) => {
        queued.push(`adopt ${callId} from ${spoolIds}`);
        return callId === 'call_known';
      },
      spools: async () => spools,
      instanceId,
      clock: () => now,
      log,
    });
  /** Sweeps, a while after the last time. */
  async function sweep(laterMs = 11 * 60_000): Promise<void> {
    now += laterMs;
    expect(await server().sweep()).to.equal(true);
  }
  async function findings(state: 'open' | 'mended' = 'open'): Promise<string[]> {
    const page = await server().findings(admin, { state, limit: 200 });
    return page.findings
      .map(({ kind, key, recordingId, callId }) => `${kind} ${key ?? recordingId ?? callId}`)
      .sort();
  }
  /** An archived recording, its objects in the bucket. */
  async function archived(id: string, extra: Partial<StoredRecording> = {}): Promise<StoredRecording> {
    const recording = storedRecording(id, { startedAt: now - 5_000, ...extra });
    await recordings.insert(recording);
    for (const { key, bytes } of recording.files) await put(key, bytes);
    return recording;
  }
  const spooled = (callId: string, writtenAt = now): SpoolListing => ({
    spoolId: 'spool-1',
    at: now,
    calls: [{ callId, sealed: false, writtenAt }],
  });

  it('finds nothing where all agree', async () => {
    await archived('rec_1');
    await archived('rec_2', { startedAt: now - 2 * day });
    await sweep(0);
    const page = await server().findings(admin, { state: 'open', limit: 10 });
    expect(page.findings).to.deep.equal([]);
    expect(page.sweep).to.include({ recordings: 2, objects: 6, finishedAt: now, wholeAt: now });
  });

  it('tells objects that are missing, of another size, or known to nobody for a day', async () => {
    const one = await archived('rec_1');
    await remove(one.files[1]!.key);
    await put(one.files[2]!.key, 7);
    const gone = await archived('rec_2');
    for (const { key } of gone.files) await remove(key);
    const strange = one.files[0]!.key.replace('rec_1', 'rec_nobody');
    await put(strange, 3);
    await sweep(0);
    const missing = [one.files[1]!.key, ...gone.files.map(({ key }) => key)].map(
      (key) => `object-missing ${key}`,
    );
    expect(await findings()).to.deep.equal([...missing, `object-size ${one.files[2]!.key}`].sort());
    await sweep(day + hour);
    expect(await findings()).to.include(`object-unknown ${strange}`);
    expect(await bucket.sizeOf(strange), 'it is listed, not deleted').to.equal(3);
  });

  it('seals again what a spool still holds', async () => {
    const one = await archived('rec_1');
    spools = [spooled(one.callId)];
    await remove(one.files[0]!.key);
    await sweep(0);
    expect(queued).to.deep.equal(['seal rec_1']);
    expect((await recordings.byId('rec_1'))?.state).to.equal('captured');
    expect((await store.openOf('rec_1')).map(({ state }) => state)).to.deep.equal(['mending']);
  });

  it('gives a recording up when its sound stays away, and takes it back when it is there again', async () => {
    const one = await archived('rec_1');
    await remove(one.files[0]!.key);
    await sweep(0);
    expect((await recordings.byId('rec_1'))?.state, 'not at first sight').to.equal('archived');
    await sweep();
    expect(await recordings.byId('rec_1')).to.deep.include({
      state: 'failed',
      failure: { code: 'archive.object-missing', message: 'Its sound is no longer in the archive.' },
    });
    await sweep();
    expect(await findings()).to.deep.equal(['recording-failed rec_1']);
    await put(one.files[0]!.key, one.files[0]!.bytes);
    await sweep();
    expect(await recordings.byId('rec_1')).to.deep.include({ state: 'archived', failure: null });
    await sweep();
    expect(await findings()).to.deep.equal([]);
    expect(await findings('mended')).to.have.length(2);
  });

  it('does not give up what only a listing left out, or what lacks its waveform alone', async () => {
    const one = await archived('rec_1');
    await remove(one.files[1]!.key);
    await sweep(0);
    await sweep();
    expect((await recordings.byId('rec_1'))?.state).to.equal('archived');
    expect(await findings()).to.deep.equal([`object-missing ${one.files[1]!.key}`]);
  });

  it('tells what rows and calls say: failed, stuck, incomplete, never recorded', async () => {
    await archived('rec_incomplete', { coverage: 0.97, packetsDropped: 30 });
    await recordings.insert(
      storedRecording('rec_failed', {
        ...{ state: 'failed', files: [], startedAt: now - 1_000 },
        failure: { code: 'seal.encoder', message: 'x' },
      }),
    );
    for (const state of ['captured', 'deleting', 'capturing'] as const) {
      const since = now - 2 * hour;
      await recordings.insert(
        storedRecording(`rec_${state}`, {
          state,
          stateAt: since,
          callEndedAt: since,
          files: [],
          startedAt: now,
        }),
      );
    }
    calls = [
      { id: 'call_unheard_of', lineId: 'supermarket', endedAt: now - hour },
      { id: 'call_of_rec_failed', lineId: 'supermarket', endedAt: now - hour },
      { id: 'call_just_now', lineId: 'supermarket', endedAt: now - 1_000 },
    ];
    await sweep(0);
    expect(await findings()).to.deep.equal([
      'call-unrecorded call_unheard_of',
      'recording-failed rec_failed',
      'recording-incomplete rec_incomplete',
      'recording-stuck rec_captured',
      'recording-stuck rec_capturing',
      'recording-stuck rec_deleting',
    ]);
    const [failed] = await store.openOf('rec_failed');
    expect(failed).to.deep.include({ canRetry: true, detail: { code: 'seal.encoder', spool: 'not seen' } });
  });

  it('tells spools that no recording knows, and those that were left behind', async () => {
    const left = await archived('rec_1', { stateAt: now - 2 * hour });
    const fresh = await archived('rec_2', { stateAt: now });
    spools = [
      spooled(left.callId),
      spooled(fresh.callId),
      spooled('call_unknown', now - hour),
      spooled('call_new'),
    ];
    await sweep(0);
    expect(await findings()).to.deep.equal(['spool-left rec_1', 'spool-unknown call_unknown']);
    expect(queued, 'it was tried to find out whose it is').to.deep.equal(['adopt call_unknown from spool-1']);
    spools = [spooled('call_known', now - hour)];
    await sweep();
    const { findings: found } = await server().findings(admin, { state: 'open', limit: 9 });
    expect(found.map(({ kind, state }) => `${kind} ${state}`)).to.deep.equal(['spool-unknown mending']);
    spools = [];
    await sweep();
    expect(await findings()).to.deep.equal([]);
  });

  it('has what comes back beside a tombstone erased again, from bucket and spool', async () => {
    const gone = storedRecording('rec_1', {
      state: 'deleted',
      stateAt: now - 2 * hour,
      startedAt: now - hour,
    });
    await recordings.insert({ ...gone, files: [] });
    const folder = gone.files[0]!.key.replace('/audio.webm', '');
    await put(`${folder}/tombstone.json`, 10);
    await sweep(0);
    expect(queued).to.deep.equal([]);
    await put(`${folder}/analysis-0a1b2c3d.json`, 10);
    spools = [spooled(gone.callId)];
    await sweep();
    expect(queued).to.deep.equal(['erase rec_1', 'erase rec_1']);
    expect((await store.openOf('rec_1')).map(({ kind, state }) => `${kind} ${state}`).sort()).to.deep.equal([
      'object-unknown mending',
      'spool-left mending',
    ]);
  });

  it('clears parts of uploads away that nobody ended for a day', async () => {
    await bucket.client.send(new CreateMultipartUploadCommand({ Bucket: 'recordings', Key: 'recordings/x' }));
    const open = async () =>
      (await bucket.client.send(new ListMultipartUploadsCommand({ Bucket: 'recordings' }))).Uploads?.length ??
      0;
    await sweep(hour);
    expect(await open()).to.equal(1);
    await sweep(day);
    expect(await open()).to.equal(0);
    expect(await findings()).to.deep.equal(['upload-stale recordings/x']);
    await sweep();
    expect(await findings('mended')).to.deep.equal(['upload-stale recordings/x']);
  });

  it('is done by one of many servers, and by another when that one dies over it', async () => {
    await archived('rec_1');
    const began = await Promise.all(['a', 'b', 'c', 'd'].map((id) => server(id).sweep()));
    expect(began.filter(Boolean)).to.have.length(1);
    now += 60_000;
    expect(await server('a').sweep(), 'it is not time yet').to.equal(false);
    expect(await server('c').sweep('start'), 'unless a server has just come up').to.equal(true);
    expect(await server('b').sweepNow(admin), 'or it is asked for').to.deep.equal({ started: true });
    now += 20 * 60_000;
    await store.claim({ holder: 'dead', now, until: now + 60_000, notSince: now });
    expect(await server('a').sweep()).to.equal(false);
    now += 20 * 60_000;
    expect(await server('a').sweep()).to.equal(true);
  });

  it('walks through the whole archive, some days at a time', async () => {
    const old: StoredRecording[] = [];
    for (let back = 10; back < 40; back++)
      old.push(await archived(`rec_${back}`, { startedAt: now - back * day }));
    await remove(old.at(-1)!.files[0]!.key);
    await remove(old[0]!.files[0]!.key);
    await sweep(0);
    expect(await findings(), 'the oldest first').to.deep.equal([
      `object-missing ${old.at(-1)!.files[0]!.key}`,
    ]);
    expect((await store.sweepState()).wholeAt).to.equal(null);
    await sweep();
    expect(await findings()).to.have.length(2);
    expect((await store.sweepState()).wholeAt).to.equal(now);
  });

  it('changes nothing while the bucket is away, and goes on afterwards', async () => {
    const one = await archived('rec_1');
    await remove(one.files[0]!.key);
    await sweep(0);
    await objects.faults.startOutage();
    now += 20 * 60_000;
    const failure = await server()
      .sweep()
      .catch((error: { code: string }) => error.code);
    await objects.faults.endOutage();
    expect(failure).to.equal('store.storage');
    expect((await recordings.byId('rec_1'))?.state).to.equal('archived');
    expect(await findings()).to.have.length(1);
    await sweep();
    expect((await recordings.byId('rec_1'))?.state).to.equal('failed');
  });

  it('lets a retry be asked for where it can help, and says where it cannot', async () => {
    const retry = (id: string) =>
      server()
        .retry(admin, id)
        .then(
          ({ state }) => state,
          (error: { code: string }) => error.code,
        );
    for (const state of ['failed', 'captured', 'sealed', 'capturing', 'deleted'] as const) {
      await recordings.insert(storedRecording(`rec_${state}`, { state, files: [] }));
    }
    await archived('rec_whole');
    expect(await retry('rec_failed')).to.equal('captured');
    expect(await retry('rec_captured')).to.equal('captured');
    expect(await retry('rec_sealed')).to.equal('sealed');
    expect(queued).to.deep.equal(['seal rec_failed', 'seal rec_captured', 'archive rec_sealed']);
    expect(await retry('rec_capturing')).to.equal('recording.no-retry');
    expect(await retry('rec_whole')).to.equal('recording.no-retry');
    expect(await retry('rec_deleted')).to.equal('recording.deleted');
    expect(await retry('rec_nowhere')).to.equal('not-found');
  });
});
