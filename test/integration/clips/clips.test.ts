import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { type ClipJob, clipEvents } from '#contract/clips.ts';
import { createLog } from '#kernel/log.ts';
import { Queues } from '#kernel/queues.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { marks } from '#support/clients/moments-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { freshStores } from '#support/stack.ts';

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'done',
    ({ code }: ApiError) => code,
  );

/** The server with a worker's part played by the test. */
describe('Clips', function () {
  this.timeout(120_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let queues: Queues;
  let mongo: MongoClient;
  let people: Record<'manager' | 'cx' | 'stranger' | 'agent', PersonClient>;
  let recordingId: string;
  let callId: string;
  /** What the worker was given, and what it does with it. */
  const jobs: ClipJob[] = [];
  let work: (job: ClipJob) => Promise<void> = async () => {};

  const head = ({ clipId, recordingId: of, callId: call }: ClipJob) => ({
    ...{ clipId, recordingId: of, callId: call, workerId: 'worker_test', at: Date.now() },
  });
  const cut = async (job: ClipJob) => {
    const { fromMs, toMs, audio } = job;
    const key = `${audio.key.slice(0, audio.key.lastIndexOf('/'))}/${job.clipId}-0a1b2c3d.webm`;
    const file = { kind: 'clip' as const, key, contentType: 'audio/webm', bytes: 9, sha256: 'a'.repeat(64) };
    await queues.reportClip({ kind: 'cut', ...head(job), file, fromMs, toMs });
  };
  const fail = (final: boolean) => (job: ClipJob) =>
    queues.reportClip({
      ...{
        kind: 'failed',
        ...head(job),
        code: 'archive.verify',
        message: 'Something else came back.',
        final,
      },
    });

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    [callId] = (await archiveSpoken(stores, [spokenCall(1, { seconds: 40 })])) as [string];
    mongo = await MongoClient.connect(stores.MONGODB_URL);
    queues = new Queues({ redisUrl: stores.REDIS_URL, log: createLog('test', 'silent') });
    queues.handle(
      'clip',
      async (job) => {
        jobs.push(job);
        await work(job);
      },
      { concurrency: 1 },
    );
    server = await startServer(stores, { ANALYSIS: 'off' });
    const signIn = (id: string) => PersonClient.signIn(server.url, id);
    people = {
      ...{ manager: await signIn('supermarket-manager'), cx: await signIn('cx') },
      ...{ stranger: await signIn('delivery-director'), agent: await signIn('agent-1') },
    };
    recordingId = (await people.cx.recordings.list()).recordings[0]!.id;
  });
  beforeEach(() => {
    jobs.length = 0;
    work = cut;
  });
  after(async () => {
    await mongo?.close();
    await server?.stop();
    await queues?.close();
  });

  const wish = (fromMs = 5_013, toMs = 15_000) => ({ recordingId, fromMs, toMs, title: 'Outgrown' });
  const state = async (id: string) => (await marks(people.cx).clip(id)).state;
  const rows = () => mongo.db().collection<{ _id: string }>('clips');

  it('are cut at once where the call is archived, on packet bounds, and those in scope are told', async () => {
    const [socket, beyond] = await Promise.all([people.manager.socket(), people.stranger.socket()]);
    const clip = await marks(people.cx).cut(wish());
    await eventually(async () => expect(await state(clip.id)).to.equal('ready'));
    expect(jobs).to.have.length(1);
    expect(jobs[0]).to.deep.include({ clipId: clip.id, recordingId, callId, fromMs: 5_000, toMs: 15_000 });
    const ready = await marks(people.manager).clip(clip.id);
    expect(ready).to.deep.include({ fromMs: 5_000, toMs: 15_000, title: 'Outgrown', failure: null });
    expect(ready.readyAt).to.be.closeTo(Date.now(), 20_000);
    await eventually(() =>
      expect(socket.seen(clipEvents.changed).at(-1)).to.deep.equal({
        ...{ clipId: clip.id, callId, recordingId, state: 'ready' },
      }),
    );
    expect(beyond.seen(clipEvents.changed)).to.deep.equal([]);
    socket.close();
    beyond.close();
  });

  it('that fail say why, and are cut when somebody asks again', async () => {
    work = fail(true);
    const { id } = await marks(people.cx).cut(wish(1_000, 3_000));
    await eventually(async () => expect(await state(id)).to.equal('failed'));
    expect((await marks(people.cx).clip(id)).failure).to.deep.equal({
      ...{ code: 'archive.verify', message: 'Something else came back.' },
    });
    expect(await codeOf(marks(people.cx).play(id))).to.equal('clip.not-ready');
    work = cut;
    expect((await marks(people.manager).retry(id)).state).to.equal('cutting');
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    expect((await marks(people.cx).clip(id)).failure).to.equal(null);
  });

  it('mind no report that comes twice, late, or for now', async () => {
    work = fail(false);
    const { id } = await marks(people.cx).cut(wish(2_000, 4_000));
    await eventually(() => expect(jobs).to.have.length(1));
    await eventually(async () =>
      expect((await marks(people.cx).clip(id)).failure?.code).to.equal('archive.verify'),
    );
    expect(await state(id), 'it will be tried again by itself').to.equal('cutting');
    await cut(jobs[0]!);
    await cut(jobs[0]!);
    await fail(true)(jobs[0]!);
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    // A word about something else, so that all before it are through.
    const other = await marks(people.cx).cut(wish(6_000, 8_000));
    work = cut;
    await cut({ ...jobs[0]!, clipId: other.id });
    await eventually(async () => expect(await state(other.id)).to.equal('ready'));
    expect(await state(id)).to.equal('ready');
  });

  it('are for those in whose scope the call is; agents cut none', async () => {
    const { id } = await marks(people.manager).cut(wish(10_000, 12_000));
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    const { stranger, agent, manager, cx } = people;
    expect(await codeOf(marks(stranger).cut(wish()))).to.equal('scope.denied');
    expect(await codeOf(marks(stranger).clip(id))).to.equal('scope.denied');
    expect(await codeOf(marks(stranger).play(id))).to.equal('scope.denied');
    expect(await codeOf(marks(stranger).clips({ recordingId }))).to.equal('scope.denied');
    expect(await codeOf(marks(agent).cut(wish()))).to.equal('ability.denied');
    expect(await codeOf(marks(agent).play(id))).to.equal('ability.denied');
    expect(await codeOf(marks(cx).cut({ ...wish(), bookmarkId: 'mark_unknown' }))).to.equal('not-found');
    const secret = await marks(manager).mark({ recordingId, offsetMs: 9_000, visibility: 'private' });
    expect(await codeOf(marks(cx).cut({ ...wish(), bookmarkId: secret.id }))).to.equal('not-found');
    expect(await codeOf(marks(manager).cut({ ...wish(), bookmarkId: secret.id }))).to.equal('done');
    expect(await marks(stranger).counts(recordingId)).to.deep.equal([]);
    expect((await marks(manager).clips({})).every(({ by }) => by.id === manager.person.id)).to.equal(true);
  });

  it('that a crash left standing are gone on with at the next start', async () => {
    const { id } = await marks(people.cx).cut(wish(20_000, 22_000));
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    jobs.length = 0;
    await server.stop();
    // As if the server had died between writing it down and asking a worker.
    const before = { state: 'asked', stateAt: Date.now() - 10_000, attempts: 0, file: null, span: null };
    await rows().updateOne({ _id: id }, { $set: before });
    server = await startServer(stores, { ANALYSIS: 'off', PORT: String(server.port) });
    await eventually(async () => expect(await state(id)).to.equal('ready'), { within: 10_000 });
    expect(jobs.map(({ clipId }) => clipId)).to.deep.equal([id]);
  });

  it('are cut again where their recording was sealed anew meanwhile', async () => {
    const { id } = await marks(people.cx).cut(wish(25_000, 27_000));
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    expect(await codeOf(marks(people.cx).play(id))).to.equal('done');
    const recordings = mongo.db().collection<{ _id: string }>('recordings');
    await recordings.updateOne(
      { _id: recordingId, 'files.kind': 'manifest' },
      { $set: { 'files.$.sha256': 'b'.repeat(64) } },
    );
    jobs.length = 0;
    expect(await codeOf(marks(people.cx).play(id))).to.equal('clip.not-ready');
    await eventually(async () => expect(await codeOf(marks(people.cx).play(id))).to.equal('done'));
    expect(jobs.map(({ clipId }) => clipId)).to.deep.equal([id]);
  });
});
