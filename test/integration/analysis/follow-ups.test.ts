import { expect } from 'chai';
import { type AnalysisSummary, analysisEndpoints } from '#contract/analysis.ts';
import { recordingsEndpoints } from '#contract/recordings.ts';
import { transcriptsEndpoints } from '#contract/transcripts.ts';
import { createLog } from '#kernel/log.ts';
import { Queues } from '#kernel/queues.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { freshStores } from '#support/stack.ts';

const summary: AnalysisSummary = {
  durationMs: 40_000,
  talk: { agentMs: 20_000, customerMs: 10_000, bothMs: 500, holdMs: 0, silenceMs: 10_500 },
  interruptions: { agent: 0, customer: 1 },
  response: { count: 2, medianMs: 700, p90Ms: 1_200 },
  deadAir: { count: 0, totalMs: 0, longest: null },
  pace: { agent: 3.2, customer: 3.1 },
  level: { agent: -23, customer: -24 },
  raised: { agent: 0, customer: null },
};

/** The server with a worker's part played by the test. */
describe('what is made of recordings by themselves', function () {
  this.timeout(120_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let queues: Queues;
  let host: PersonClient;
  let ids: string[];
  const asked: { queue: string; recordingId: string; callId: string; keep?: readonly string[] }[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    const calls = [1, 2].map((number) => spokenCall(number, { seconds: 40 }));
    const callIds = await archiveSpoken(stores, calls);
    queues = new Queues({ redisUrl: stores.REDIS_URL, log: createLog('test', 'silent') });
    queues.handle('analyse', async (job) => void asked.push({ queue: 'analyse', ...job }), {
      concurrency: 1,
    });
    queues.handle('transcribe', async (job) => void asked.push({ queue: 'transcribe', ...job }), {
      concurrency: 1,
    });
    server = await startServer(stores, { TRANSCRIBER: 'openai' });
    host = await PersonClient.signIn(server.url, 'host');
    const { recordings } = await host.recordings.list();
    ids = callIds.map((callId) => recordings.find((one) => one.callId === callId)!.id);
  });
  after(async () => {
    await server?.stop();
    await queues?.close();
  });

  const show = (id: string, who = host) => who.api.call(analysisEndpoints.show, { params: { id } });
  const written = (id: string, who = host) => who.api.call(transcriptsEndpoints.show, { params: { id } });
  const about = (id: string) => {
    const job = asked.find(({ recordingId }) => recordingId === id)!;
    return { recordingId: id, callId: job.callId, workerId: 'worker_test', at: Date.now() };
  };
  const file = (id: string, kind: 'analysis' | 'transcript') => ({
    kind,
    key: `recordings/2026/03/10/${id}/${kind}-00000000.json`,
    contentType: 'application/json',
    bytes: 2,
    sha256: '0'.repeat(64),
  });

  it('is asked for once for each recording that has none, with what the worker needs', async () => {
    await eventually(() => expect(asked).to.have.length(4), { within: 45_000, every: 200 });
    for (const id of ids) {
      expect((await show(id)).state).to.equal('waiting');
      expect(asked.filter(({ recordingId }) => recordingId === id).map(({ queue }) => queue)).to.have.members(
        ['analyse', 'transcribe'],
      );
    }
    const [keep] = asked.filter(({ queue }) => queue === 'transcribe').map((job) => job.keep);
    expect(keep?.[0]).to.match(/^SO-2048/);
  });

  it('is shown when a worker reports it, also when it reports twice', async () => {
    const [id] = ids as [string];
    for (let times = 0; times < 2; times++) {
      await queues.reportAnalysis({ kind: 'analysed', ...about(id), file: file(id, 'analysis'), summary });
    }
    await eventually(async () => expect((await show(id)).state).to.equal('done'));
    const shown = await show(id);
    expect(shown.summary).to.deep.equal(summary);
    expect(shown.track?.url).to.include('analysis-00000000.json');
  });

  it('is found by what was said, and read on the record', async () => {
    const [id] = ids as [string];
    const text = 'The nappies are Too Small ***';
    await queues.reportAnalysis({
      kind: 'transcribed',
      ...about(id),
      file: file(id, 'transcript'),
      words: 6,
      text,
      transcriber: 'test',
    });
    await eventually(async () => expect(await written(id)).to.deep.equal({ state: 'done', words: 6 }));
    expect((await host.recordings.list({ q: 'too SMALL' })).recordings.map((one) => one.id)).to.deep.equal([
      id,
    ]);
    expect((await host.recordings.list({ q: 'too large' })).total).to.equal(0);
    const cx = await PersonClient.signIn(server.url, 'cx');
    const { url } = await cx.api.call(transcriptsEndpoints.read, { params: { id } });
    expect(url).to.include('transcript-00000000.json');
    const { heardBy } = await host.api.call(recordingsEndpoints.show, { params: { id } });
    expect(heardBy).to.have.length(1);
  });

  it('tells a failure that is final from one that is not', async () => {
    const id = ids[1]!;
    const failed = { kind: 'failed' as const, ...about(id), code: 'transcribe.unreachable', message: 'No.' };
    await queues.reportAnalysis({ ...failed, what: 'transcript', final: false });
    await queues.reportAnalysis({ ...failed, what: 'analysis', final: true });
    await eventually(async () => expect((await show(id)).state).to.equal('failed'));
    expect((await written(id)).state).to.equal('waiting');
    const error = await host.api
      .call(transcriptsEndpoints.read, { params: { id } })
      .catch((thrown: unknown) => thrown);
    expect(error).to.deep.include({ code: 'recording.not-ready' });
  });

  it('is for those who may replay the recording', async () => {
    const stranger = await PersonClient.signIn(server.url, 'delivery-director');
    for (const asking of [show(ids[0]!, stranger), written(ids[0]!, stranger)]) {
      expect(await asking.catch((thrown: unknown) => thrown)).to.deep.include({ code: 'scope.denied' });
    }
    const agent = await PersonClient.signIn(server.url, 'agent-1');
    expect(await show(ids[0]!, agent).catch((thrown: unknown) => thrown)).to.deep.include({
      code: 'ability.denied',
    });
    expect(await show('rec_unknown').catch((thrown: unknown) => thrown)).to.deep.include({
      code: 'not-found',
    });
  });
});
