import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { retentionEndpoints } from '#contract/retention.ts';
import { type TagDecisionState, tagsEndpoints } from '#contract/tags.ts';
import type { TranscriptFile } from '#contract/transcripts.ts';
import { createLog } from '#kernel/log.ts';
import { Queues } from '#kernel/queues.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { freshStores } from '#support/stack.ts';
import { writeTranscript } from '#support/written-transcript.ts';

const transcript: TranscriptFile = {
  version: 1,
  transcriber: 'test',
  utterances: [
    {
      by: 'customer',
      words: [
        { text: '纸尿裤', fromMs: 1_000, toMs: 1_600 },
        { text: '穿不下了', fromMs: 1_600, toMs: 2_200 },
      ],
    },
    { by: 'customer', words: [{ text: 'Please send an invoice', fromMs: 4_000, toMs: 5_500 }] },
  ],
};

/** The server with a worker's part played by the test. */
describe('tags of recordings', function () {
  this.timeout(120_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let queues: Queues;
  let mongo: MongoClient;
  let cx: PersonClient;
  let host: PersonClient;
  let id: string;
  let other: string;
  const callIds = new Map<string, string>();

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    const archived = await archiveSpoken(
      stores,
      [1, 2].map((number) => spokenCall(number, { seconds: 40 })),
    );
    queues = new Queues({ redisUrl: stores.REDIS_URL, log: createLog('test', 'silent') });
    const erase = ({ recordingId, callId }: { recordingId: string; callId: string }) =>
      queues.report({
        ...{ kind: 'erased', recordingId, callId, workerId: 'worker_test', at: Date.now(), files: [] },
        tombstone: { key: 'recordings/tombstone.json', sha256: '0'.repeat(64) },
      });
    queues.handle('erase', erase, { concurrency: 1 });
    server = await startServer(stores, { TRANSCRIBER: 'openai', ANALYSIS: 'off' });
    mongo = await MongoClient.connect(stores.MONGODB_URL);
    [cx, host] = (await Promise.all(['cx', 'host'].map((name) => PersonClient.signIn(server.url, name)))) as [
      PersonClient,
      PersonClient,
    ];
    const { recordings } = await host.recordings.list();
    for (const recording of recordings) callIds.set(recording.id, recording.callId);
    [id, other] = archived.map((callId) => recordings.find((one) => one.callId === callId)!.id) as [
      string,
      string,
    ];
    await eventually(async () => expect(await rows().countDocuments()).to.equal(2), {
      within: 45_000,
      every: 200,
    });
  });
  after(async () => {
    await mongo?.close();
    await server?.stop();
    await queues?.close();
  });

  const rows = () => mongo.db().collection<{ _id: string }>('transcripts');
  const list = (of = id, who = cx) => who.api.call(tagsEndpoints.list, { params: { id: of } });
  const why = (tag: string, who = cx) => who.api.call(tagsEndpoints.why, { params: { id, tag } });
  const decide = (
    tag: string,
    state: TagDecisionState,
    { revision = 0, who = cx, of = id }: { revision?: number; who?: PersonClient; of?: string } = {},
  ) => who.api.call(tagsEndpoints.decide, { params: { id: of, tag }, body: { state, revision } });
  const codeOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'done',
      ({ code }: ApiError) => code,
    );
  const withTag = async (tag: string, who = host) =>
    (await who.recordings.list({ tag })).recordings.map((one) => one.id);

  const writeDown = (of: string, file = transcript) =>
    writeTranscript(stores, { recordingId: of, callId: callIds.get(of)! }, file);
  const suggested = async (of = id) => (await list(of)).tags.map(({ tag }) => tag);

  it('are suggested when a call was written down, once also when it is told twice', async () => {
    expect(await list()).to.deep.include({ looked: false, tags: [] });
    await writeDown(id);
    await writeDown(id);
    await eventually(async () => expect(await suggested()).to.have.length(2));
    const { looked, tags, choices } = await list(id, host);
    expect(looked).to.equal(true);
    expect(tags.map(({ tag }) => tag)).to.have.members(['nappy-size-swap', 'invoice-request']);
    expect(tags[0]).to.deep.include({ decision: null, revision: 0, evidence: 1 });
    expect(choices.map(({ tag }) => tag)).to.include.members(['late-delivery', 'complaint']);
    expect(tags[0]).to.not.have.property('words');
  });

  it('tell why, on the record', async () => {
    const { heardBy: before } = await host.recordings.show(id);
    const { evidence } = await why('nappy-size-swap');
    expect(evidence).to.deep.equal([{ by: 'customer', fromMs: 1_000, toMs: 2_200, words: '纸尿裤穿不下了' }]);
    const { heardBy } = await host.recordings.show(id);
    expect(heardBy.length).to.be.above(before.length);
    expect(await codeOf(why('late-delivery'))).to.equal('not-found');
  });

  it('are decided by the specialist alone, seen by whoever may replay, and hidden from others', async () => {
    const [stranger, agent, admin] = (await Promise.all(
      ['delivery-director', 'agent-1', 'admin'].map((name) => PersonClient.signIn(server.url, name)),
    )) as [PersonClient, PersonClient, PersonClient];
    for (const who of [host, agent, admin]) {
      expect(await codeOf(decide('complaint', 'confirmed', { who }))).to.equal('ability.denied');
    }
    expect(await codeOf(list(id, stranger))).to.equal('scope.denied');
    expect(await codeOf(why('nappy-size-swap', stranger))).to.equal('scope.denied');
    expect(await codeOf(list(id, agent))).to.equal('ability.denied');
    expect(await codeOf(decide('no-such-tag', 'confirmed'))).to.equal('not-found');
    expect(await codeOf(decide('complaint', 'confirmed', { of: 'rec_unknown' }))).to.equal('not-found');
  });

  it('keep who decided and when; the library finds what is confirmed, nothing else', async () => {
    expect(await withTag('invoice-request')).to.deep.equal([]);
    const { tag } = await decide('invoice-request', 'confirmed');
    expect(tag.decision).to.deep.include({ state: 'confirmed', by: { id: 'cx', name: cx.person.name } });
    expect(tag.decision!.at).to.be.closeTo(Date.now(), 60_000);
    await decide('nappy-size-swap', 'rejected');
    await decide('complaint', 'confirmed', { of: other });
    expect(await withTag('invoice-request')).to.deep.equal([id]);
    expect(await withTag('nappy-size-swap')).to.deep.equal([]);
    expect(await withTag('complaint')).to.deep.equal([other]);
    expect((await list()).tags.map(({ tag: one }) => one)).to.deep.equal([
      'invoice-request',
      'nappy-size-swap',
    ]);
    await decide('invoice-request', 'rejected', { revision: 1 });
    expect(await withTag('invoice-request')).to.deep.equal([]);
    await decide('invoice-request', 'confirmed', { revision: 2 });
    expect(await withTag('invoice-request')).to.deep.equal([id]);
  });

  it('are decided by one of many who do so at once; the others are told', async () => {
    const codes = await Promise.all(
      (['confirmed', 'rejected', 'confirmed', 'rejected'] as const).map((state) =>
        codeOf(decide('compensation', state)),
      ),
    );
    expect(codes.filter((code) => code === 'done')).to.have.length(1);
    expect(codes.filter((code) => code === 'tag.decided')).to.have.length(3);
    const [state] = (await list()).tags
      .filter(({ tag }) => tag === 'compensation')
      .map(({ decision }) => decision?.state);
    expect(await withTag('compensation')).to.deep.equal(state === 'confirmed' ? [id] : []);
  });

  it('stay decided when the call is written down anew', async () => {
    const utterances = transcript.utterances.slice(1);
    await writeDown(id, { ...transcript, utterances });
    await eventually(async () => {
      const { tags } = await list();
      expect(tags.find(({ tag }) => tag === 'nappy-size-swap')?.score).to.equal(null);
      expect(tags.find(({ tag }) => tag === 'invoice-request')?.score).to.be.a('number');
    });
    expect(await withTag('invoice-request')).to.deep.equal([id]);
  });

  it('are suggested for calls that were written down before there were tags', async () => {
    await writeDown(other);
    await eventually(async () => expect((await list(other)).looked).to.equal(true));
    await rows().updateOne({ _id: other }, { $unset: { 'found.tags': '' } });
    expect((await list(other)).looked).to.equal(false);
    await eventually(async () => expect(await suggested(other)).to.include('invoice-request'), {
      within: 40_000,
      every: 500,
    });
  });

  it('go with the recording', async () => {
    const admin = await PersonClient.signIn(server.url, 'admin');
    await admin.api.call(retentionEndpoints.deleteRecording, {
      params: { id },
      body: { reason: 'the customer asked for it' },
    });
    expect(await codeOf(decide('complaint', 'confirmed'))).to.equal('recording.deleted');
    await eventually(async () => expect((await host.recordings.show(id)).state).to.equal('deleted'), {
      within: 20_000,
    });
    expect(await list()).to.deep.include({ looked: false, tags: [] });
    expect(await withTag('invoice-request')).to.deep.equal([]);
    expect(await rows().findOne({ _id: id })).to.equal(null);
    const row = await mongo.db().collection<{ _id: string }>('recordings').findOne({ _id: id });
    expect(row).to.deep.include({ tags: [], tagDecisions: {} });
    // A report that comes late brings nothing back.
    await writeDown(id);
    await writeDown(other, { ...transcript, utterances: transcript.utterances.slice(1) });
    await eventually(async () => expect(await suggested(other)).to.not.include('nappy-size-swap'));
    expect(await rows().findOne({ _id: id })).to.equal(null);
  });
});
