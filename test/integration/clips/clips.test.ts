import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { type ClipJob, clipEvents, type WithdrawJob } from '#contract/clips.ts';
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

interface StoredFiles {
  _id: string;
  files: { kind: string; key: string; contentType: string; bytes: number; sha256: string }[];
}

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
    const { fromMs, toMs } = job;
    const silencedBy = job.transcript?.sha256 ?? null;
    const silences = job.transcript ? 2 : 0;
    const file = fileOf(job, 'clip');
    await queues.reportClip({ kind: 'cut', ...head(job), file, fromMs, toMs, silencedBy, silences });
  };
  /** Another sound has another name. */
  const fileOf = ({ audio, clipId, transcript }: ClipJob, kind: 'clip' | 'clip-m4a') => {
    const folder = audio.key.slice(0, audio.key.lastIndexOf('/'));
    const name = `${clipId}-${transcript ? 'deadbeef' : '0a1b2c3d'}.${kind === 'clip' ? 'webm' : 'm4a'}`;
    const contentType = kind === 'clip' ? 'audio/webm' : 'audio/mp4';
    return { kind, key: `${folder}/${name}`, contentType, bytes: 9, sha256: 'a'.repeat(64) };
  };
  const withdrawals: WithdrawJob[] = [];
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
    queues.handle('withdraw', async (job) => void withdrawals.push(job), { concurrency: 1 });
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
  const rowsOfRecording = async () =>
    (await mongo.db().collection<StoredFiles>('recordings').findOne({ _id: recordingId }))!;
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

  it('are taken back by their maker or the CX team; their objects go, and late ones, too', async () => {
    const { manager, cx, stranger } = people;
    const { id } = await marks(manager).cut(wish(12_000, 14_000));
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    const [job] = jobs as [ClipJob];
    const ofCx = await marks(cx).cut(wish(13_000, 15_000));
    expect(await codeOf(marks(manager).withdraw(ofCx.id))).to.equal('ability.denied');
    expect(await codeOf(marks(stranger).withdraw(id))).to.equal('scope.denied');

    const taken = await marks(manager).withdraw(id, 'She asked for it.');
    expect(taken).to.deep.include({ state: 'withdrawn', masking: null });
    expect(taken.withdrawn).to.deep.include({
      ...{ by: { id: manager.person.id, name: manager.person.name }, reason: 'She asked for it.' },
    });
    expect(await marks(cx).withdraw(id, 'Once more'), 'as it was').to.deep.equal(taken);
    expect(await codeOf(marks(cx).play(id))).to.equal('clip.withdrawn');
    expect(await codeOf(marks(cx).retry(id))).to.equal('clip.no-retry');
    const { key } = fileOf(job, 'clip');
    await eventually(() => expect(withdrawals.map(({ keys }) => keys)).to.deep.equal([[key]]));
    expect(withdrawals[0]).to.deep.include({ clipId: id, by: `person:${manager.person.id}` });
    expect(withdrawals[0]?.reason).to.equal('She asked for it.');

    // A worker was still at its second form.
    const late = fileOf(job, 'clip-m4a');
    await queues.reportClip({ kind: 'rendered', ...head(job), file: late });
    await eventually(() => expect(withdrawals.at(-1)?.keys).to.include(late.key));
    await queues.reportClip({ kind: 'withdrawn', ...head(job), keys: [key, late.key] });
    await eventually(async () =>
      expect(await rows().findOne({ _id: id })).to.deep.include({ state: 'withdrawn', leftover: [] }),
    );
    expect((await marks(cx).withdraw(ofCx.id)).state).to.equal('withdrawn');
    expect((await marks(cx).clips({ recordingId })).find((one) => one.id === id)?.withdrawn).to.be.an(
      'object',
    );
  });

  it('that were cut before there was a transcript are cut anew, silenced, and what they were goes', async () => {
    const { id } = await marks(people.cx).cut(wish(15_000, 17_000));
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    expect((await marks(people.cx).clip(id)).masking).to.equal('unchecked');
    const [first] = jobs as [ClipJob];
    expect(first.transcript).to.equal(null);
    const rendered = fileOf(first, 'clip-m4a');
    await queues.reportClip({ kind: 'rendered', ...head(first), file: rendered });
    await eventually(async () => expect((await marks(people.cx).play(id)).renderings).to.have.length(2));

    withdrawals.length = 0;
    // A worker that takes its time: nobody hears the clip meanwhile.
    let goOn: () => void = () => {};
    work = (job) =>
      job.clipId === id
        ? new Promise<void>((resolve) => {
            goOn = () => void cut(job).then(resolve);
          })
        : cut(job);
    const folder = first.audio.key.slice(0, first.audio.key.lastIndexOf('/'));
    const transcript = {
      ...{ kind: 'transcript' as const, key: `${folder}/transcript-0a1b2c3d.json`, bytes: 9 },
      ...{ contentType: 'application/json', sha256: 'c'.repeat(64) },
    };
    await queues.report({
      ...{ kind: 'files-added', recordingId, callId, workerId: 'worker_test', at: Date.now() },
      files: [transcript],
    });
    await eventually(() =>
      expect(jobs.find(({ clipId, transcript: by }) => clipId === id && by)?.transcript).to.deep.equal({
        ...{ key: transcript.key, sha256: transcript.sha256 },
      }),
    );
    expect(await codeOf(marks(people.cx).play(id))).to.equal('clip.not-ready');
    expect((await marks(people.cx).clip(id)).masking).to.equal(null);
    // The first cut's second form comes late: what it lets hear is not taken for silenced.
    await queues.reportClip({
      kind: 'cut',
      ...head(first),
      file: fileOf(first, 'clip'),
      fromMs: 0,
      toMs: 1_000,
    });
    work = cut;
    goOn();
    await eventually(async () => expect((await marks(people.cx).clip(id)).masking).to.equal('silenced'));
    const silenced = await marks(people.cx).play(id);
    expect(silenced.renderings.map(({ url }) => url.includes('deadbeef'))).to.deep.equal([true]);
    const gone = [fileOf(first, 'clip').key, rendered.key].sort();
    await eventually(() => {
      const job = withdrawals.find(({ clipId }) => clipId === id);
      expect([...(job?.keys ?? [])].sort()).to.deep.equal(gone);
      expect(job).to.deep.include({ by: 'masking' });
    });
    // Every other clip of the recording, too; new ones are silenced from the start.
    await eventually(async () => {
      const all = await marks(people.cx).clips({ recordingId });
      const ready = all.filter(({ state: now }) => now === 'ready');
      expect(ready.length).to.be.above(3);
      expect(new Set(ready.map(({ masking }) => masking))).to.deep.equal(new Set(['silenced']));
    });
    const { id: next } = await marks(people.cx).cut(wish(18_000, 20_000));
    await eventually(async () => expect((await marks(people.cx).clip(next)).masking).to.equal('silenced'));
  });

  it('of transcripts that came while no server was there are silenced at the next start', async () => {
    const { id } = await marks(people.cx).cut(wish(21_000, 23_000));
    await eventually(async () => expect(await state(id)).to.equal('ready'));
    await server.stop();
    await rows().updateOne({ _id: id }, { $set: { transcript: null, silences: 0 } });
    jobs.length = 0;
    server = await startServer(stores, { ANALYSIS: 'off', PORT: String(server.port) });
    await eventually(() => expect(jobs.map(({ clipId }) => clipId)).to.deep.equal([id]), { within: 10_000 });
    await eventually(async () => expect((await marks(people.cx).clip(id)).masking).to.equal('silenced'));
  });

  it('let recordings be heard in full by the CX team alone, where personal data was found', async () => {
    const { manager, cx } = people;
    const [full] = (await rowsOfRecording()).files.filter(({ kind }) => kind === 'audio');
    expect((await cx.recordings.audio(recordingId)).masking, 'no words are masked in it').to.equal(
      'nothing-found',
    );
    const masked = { ...full!, kind: 'masked' as const, key: full!.key.replace('audio', 'masked') };
    await queues.report({
      ...{ kind: 'files-added', recordingId, callId, workerId: 'worker_test', at: Date.now() },
      files: [masked as never],
    });
    await eventually(async () =>
      expect((await manager.recordings.audio(recordingId)).masking).to.equal('silenced'),
    );
    const [heard, inFull] = [
      await manager.recordings.audio(recordingId),
      await cx.recordings.audio(recordingId),
    ];
    expect(heard.renderings.map(({ url }) => new URL(url).pathname.endsWith(masked.key))).to.deep.equal([
      true,
    ]);
    expect(inFull.masking).to.equal('in-full');
    expect(new URL(inFull.url).pathname.endsWith(full!.key)).to.equal(true);
  });
});
