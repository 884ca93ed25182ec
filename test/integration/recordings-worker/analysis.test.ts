import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  type AnalyseJob,
  type AnalysisReport,
  type AnalysisSummary,
  analysisTrack,
} from '#contract/analysis.ts';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { conversationOf } from '#scripts/speech/conversations.ts';
import { type RenderedConversation, renderConversation } from '#scripts/speech/render.ts';
import { eventually } from '#support/eventually.ts';
import { RecorderWorld } from '#support/recorder.ts';
import { intersection, totalOf, union } from '#worker/analyse/spans.ts';

const frames = (samples: Int16Array): Buffer[] => {
  const bytes = encodeG711('PCMU', samples);
  return Array.from({ length: Math.floor(bytes.length / 160) }, (_, at) =>
    bytes.subarray(at * 160, (at + 1) * 160),
  );
};

describe('the analysis of a recording', function () {
  this.timeout(90_000);
  let world: RecorderWorld;
  let conversation: RenderedConversation;
  const reports: AnalysisReport[] = [];
  let calls = 0;
  /** Every call here is the same conversation. */
  let summary: AnalysisSummary;

  before(async () => {
    world = await RecorderWorld.start({ tapBufferMs: 600_000 });
    world.queues.handle('analysis-reports', async (report) => void reports.push(report), { concurrency: 1 });
    conversation = await renderConversation({
      conversation: conversationOf('nappy-size-swap'),
      language: 'zh',
      seconds: 60,
    });
  });
  afterEach(() => world.calmDown());
  after(() => world.stop());

  /** Two people on the telephone, archived by a worker that analyses nothing by itself. */
  async function archivedCall(env: NodeJS.ProcessEnv = {}): Promise<AnalyseJob> {
    const callId = `spoken_${++calls}`;
    await world.startWorker(env);
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(frames(conversation.agent));
    call.leg('customer', 'PCMU').frames(frames(conversation.customer));
    call.end();
    const { files } = await world.report('archived', callId, 30_000);
    const { facts } = await world.report('sealed', callId);
    const { key, bytes, sha256 } = files.find(({ kind }) => kind === 'audio')!;
    return {
      recordingId: `rec_${callId}`,
      callId,
      durationMs: facts.durationMs,
      audio: { key, bytes, sha256 },
      holds: conversation.holds.map(({ startMs, endMs }): [number, number] => [startMs, endMs]),
    };
  }

  const outcome = (job: AnalyseJob, within = 30_000) =>
    eventually(
      () => {
        const report = reports.find(({ callId }) => callId === job.callId);
        if (!report) throw new Error('no report yet');
        return report;
      },
      { within },
    );

  async function stored(key: string): Promise<string> {
    const { client, bucket } = world.store;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }

  it('tells who spoke when, from the archived file', async () => {
    const job = await archivedCall();
    await world.queues.enqueueAnalysis(job);
    const report = await outcome(job);
    if (report.kind !== 'analysed') throw new Error(`not analysed: ${JSON.stringify(report)}`);
    expect(report.file.key).to.match(
      /^recordings\/\d{4}\/\d\d\/\d\d\/rec_spoken_1\/analysis-[0-9a-f]{8}\.json$/,
    );
    const track = analysisTrack.parse(JSON.parse(await stored(report.file.key)));
    expect(track.durationMs).to.equal(job.durationMs);
    expect(track.summary).to.deep.equal(report.summary);
    summary = report.summary;
    for (const by of ['agent', 'customer'] as const) {
      const said = union(
        conversation.turns
          .filter((turn) => turn.by === by)
          .map(({ startMs, endMs }) => ({ fromMs: startMs, toMs: endMs })),
      );
      const heard = track.speech[by].map(([fromMs, toMs]) => ({ fromMs, toMs }));
      const both = totalOf(intersection(said, heard));
      expect(both / totalOf(said), `${by}: share of speech that was heard`).to.be.above(0.9);
      expect(both / totalOf(heard), `${by}: share of what was heard that is speech`).to.be.above(0.9);
      expect(track.summary.pace[by]).to.be.closeTo(3.1, 0.5);
    }
    const { talk } = track.summary;
    expect(talk.agentMs + talk.customerMs - talk.bothMs + talk.silenceMs + talk.holdMs).to.equal(
      job.durationMs,
    );
    const added = await world.report('files-added', job.callId);
    expect(added.files.map(({ kind }) => kind)).to.deep.equal(['analysis', 'addendum']);
  });

  it('comes out the same when it is done again, and adds nothing twice', async () => {
    const job = await archivedCall();
    await world.queues.enqueueAnalysis(job);
    const first = await outcome(job);
    reports.length = 0;
    await world.queues.enqueueAnalysis(job);
    const second = await outcome(job);
    if (first.kind !== 'analysed' || second.kind !== 'analysed') throw new Error('not analysed');
    expect(second.file).to.deep.equal(first.file);
    expect(second.summary).to.deep.equal(first.summary);
    const [one, two] = world.reportsOf('files-added', job.callId);
    expect(two?.files).to.deep.equal(one?.files);
  });

  it('is done by another worker when one is killed in the middle of it, with the same result', async () => {
    const job = await archivedCall({ ANALYSIS_AT_A_TIME: '0' });
    await world.calmDown();
    const first = await world.startWorker();
    await world.queues.enqueueAnalysis(job);
    await eventually(async () => expect(await analystsOf(first.pid)).to.have.length(1), { every: 5 });
    const [analyst] = await analystsOf(first.pid);
    first.kill();
    await world.startWorker();
    const report = await outcome(job, 60_000);
    if (report.kind !== 'analysed') throw new Error(`not analysed: ${JSON.stringify(report)}`);
    expect(report.summary).to.deep.equal(summary);
    await eventually(() => expect(() => process.kill(analyst!, 0)).to.throw());
    expect(world.reportsOf('files-added', job.callId)).to.have.length(1);
  });

  it('steps behind everybody else who wants the processor', async () => {
    const job = await archivedCall({ ANALYSIS_AT_A_TIME: '0' });
    const worker = await world.startWorker();
    await world.queues.enqueueAnalysis(job);
    const nice = await eventually(
      async () => {
        const [pid] = await analystsOf(worker.pid);
        // Field 19 of /proc/<pid>/stat, proc(5); the second field is in parentheses.
        const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
        expect(Number(fields[16])).to.equal(19);
        return Number(fields[16]);
      },
      { every: 5 },
    );
    expect(nice).to.equal(19);
    await outcome(job);
  });

  it('refuses audio that is not what was archived, and says so each time it tries', async () => {
    const job = await archivedCall();
    const { client, bucket } = world.store;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: job.audio.key, Body: 'something else' }));
    await eventually(async () => expect(await world.spoolOf(job.callId)).to.deep.equal([]));
    await world.queues.enqueueAnalysis(job);
    expect(await outcome(job)).to.deep.include({ kind: 'failed', code: 'archive.verify', final: false });
  });

  it('gives a file up at once that nobody can decode', async () => {
    const job = await archivedCall();
    const { client, bucket } = world.store;
    const body = Buffer.from('no sound at all');
    const key = `${job.audio.key}.txt`;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    const hash = createHash('sha256').update(body).digest('hex');
    await world.queues.enqueueAnalysis({ ...job, audio: { key, bytes: body.length, sha256: hash } });
    expect(await outcome(job)).to.deep.include({ kind: 'failed', code: 'analyse.audio', final: true });
  });
});

/** Process ids of a worker's analysts. */
async function analystsOf(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean);
  const found: number[] = [];
  for (const child of children) {
    const line = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('analyst.ts')) found.push(Number(child));
  }
  return found;
}
