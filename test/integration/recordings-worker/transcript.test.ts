import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { AnalysisReport } from '#contract/analysis.ts';
import type { ClipReport } from '#contract/clips.ts';
import { type TranscribeJob, transcriptFile } from '#contract/transcripts.ts';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { conversationOf } from '#scripts/speech/conversations.ts';
import { type RenderedConversation, renderConversation } from '#scripts/speech/render.ts';
import { between, type DecodedAudio, decodeStereo, rms } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import { RecorderWorld } from '#support/recorder.ts';
import { TranscriptionService } from '#support/transcription-service.ts';
import { type AudioSpan, maskedAudioSpans } from '#worker/transcribe/masked-words.ts';

const frames = (samples: Int16Array): Buffer[] => {
  const bytes = encodeG711('PCMU', samples);
  return Array.from({ length: Math.floor(bytes.length / 160) }, (_, at) =>
    bytes.subarray(at * 160, (at + 1) * 160),
  );
};

describe('the transcript of a recording', function () {
  this.timeout(90_000);
  let world: RecorderWorld;
  let service: TranscriptionService;
  let conversation: RenderedConversation;
  const reports: AnalysisReport[] = [];
  let calls = 0;

  before(async () => {
    [world, service] = await Promise.all([
      RecorderWorld.start({ tapBufferMs: 600_000 }),
      TranscriptionService.start(),
    ]);
    world.queues.handle('analysis-reports', async (report) => void reports.push(report), { concurrency: 1 });
    conversation = await renderConversation({
      conversation: conversationOf('missing-item'),
      language: 'en',
      seconds: 45,
    });
  });
  afterEach(async () => {
    await world.calmDown();
    service.asked.length = 0;
    reports.length = 0;
  });
  after(async () => {
    await world?.stop();
    await service?.stop();
  });

  async function archivedCall(env: NodeJS.ProcessEnv = {}): Promise<TranscribeJob> {
    const callId = `written_${++calls}`;
    await world.startWorker({
      TRANSCRIBER: 'openai',
      TRANSCRIBER_URL: service.url,
      TRANSCRIBER_MODEL: 'paraformer',
      ANALYSIS_AT_A_TIME: '0',
      ...env,
    });
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
      keep: ['SO-20480915'],
    };
  }

  async function fetched(key: string): Promise<Buffer> {
    const { client, bucket } = world.store;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from(await Body!.transformToByteArray());
  }
  async function heard(key: string): Promise<DecodedAudio> {
    const path = join(world.spoolDir, key.replaceAll('/', '-'));
    await writeFile(path, await fetched(key));
    return decodeStereo(path);
  }

  const outcome = (job: TranscribeJob) =>
    eventually(
      () => {
        const report = reports.find(({ callId }) => callId === job.callId);
        if (!report) throw new Error('no report yet');
        return report;
      },
      { within: 45_000 },
    );

  it('has each voice’s words in their place, masked before they are written anywhere', async () => {
    const job = await archivedCall();
    service.answer = () => ({
      body: {
        text: '',
        words: [
          { word: 'order', start: 0.4, end: 0.6 },
          { word: '20480915', start: 0.6, end: 0.9 },
          { word: 'call', start: 0.9, end: 1 },
          { word: '13800138000', start: 1, end: 1.4 },
        ],
      },
    });
    await world.queues.enqueueTranscript(job);
    const report = await outcome(job);
    if (report.kind !== 'transcribed') throw new Error(`not transcribed: ${JSON.stringify(report)}`);
    expect(report.transcriber).to.equal('paraformer');
    expect(report.words).to.equal(4 * service.asked.length);
    expect(report.text).to.match(/^(order 20480915 call \*\*\*\n?)+$/);

    const { client, bucket } = world.store;
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: report.file.key }));
    const text = (await object.Body?.transformToString()) ?? '';
    expect(text, 'nothing unmasked is stored').to.not.include('1380013');
    const { utterances } = transcriptFile.parse(JSON.parse(text));
    expect(new Set(utterances.map(({ by }) => by))).to.deep.equal(new Set(['agent', 'customer']));
    for (const { by, words } of utterances) {
      expect(words.map((word) => word.masked)).to.deep.equal([undefined, undefined, undefined, 'phone']);
      // Each piece begins a little before its speech: the first word is said where that voice speaks.
      const at = words[0]!.fromMs;
      const speaking = conversation.turns.some(
        (turn) => turn.by === by && at >= turn.startMs - 300 && at <= turn.endMs,
      );
      const announced =
        by === 'agent' && conversation.holds.some(({ startMs, endMs }) => at >= startMs && at <= endMs);
      expect(speaking || announced, `${by} at ${at}`).to.equal(true);
    }
    const added = await world.report('files-added', job.callId);
    expect(added.files.map(({ kind }) => kind)).to.deep.equal([
      'transcript',
      'masked',
      'masked-m4a',
      'addendum',
    ]);
    const manifest = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: added.files.find(({ kind }) => kind === 'addendum')!.key }),
    );
    expect(await manifest.Body?.transformToString(), 'nor are words signed').to.not.include('order');
  });

  it('silences what it masks, in the recording and in its clips, and nothing else', async () => {
    const job = await archivedCall();
    // A number in the piece that is asked for first.
    let first = true;
    service.answer = () => {
      const words = first ? [{ word: '13800138000', start: 0.5, end: 1.1 }] : [];
      first = false;
      return { body: { text: '', words } };
    };
    await world.queues.enqueueTranscript(job);
    const report = await outcome(job);
    if (report.kind !== 'transcribed') throw new Error(`not transcribed: ${JSON.stringify(report)}`);
    const { files } = await world.report('files-added', job.callId);
    const { utterances } = transcriptFile.parse(JSON.parse((await fetched(report.file.key)).toString()));
    const spans = maskedAudioSpans(utterances);
    expect(spans).to.have.length(1);
    const [span] = spans as [AudioSpan];
    const { by, fromMs: said } = span;
    const voice = by === 'agent' ? 'left' : 'right';
    const other = by === 'agent' ? 'right' : 'left';

    const whole = await heard(job.audio.key);
    const { rate } = whole;
    const loud = (audio: DecodedAudio, side: 'left' | 'right', from: number, to: number) =>
      rms(between(audio[side], rate, from, to));
    const inside = [span.fromMs + 20, span.toMs] as const;
    expect(loud(whole, voice, ...inside), 'something is said there').to.be.above(200);
    for (const kind of ['masked', 'masked-m4a'] as const) {
      const masked = await heard(files.find((file) => file.kind === kind)!.key);
      // AAC smears a little into what is next to it.
      const edge = kind === 'masked' ? 0 : 50;
      expect(loud(masked, voice, inside[0] + edge, inside[1] - edge), kind).to.be.below(15);
      expect(loud(masked, other, 0, whole.durationMs)).to.be.closeTo(
        loud(whole, other, 0, whole.durationMs),
        loud(whole, other, 0, whole.durationMs) * 0.1,
      );
    }

    const fromMs = Math.max(0, Math.floor((said - 1_000) / 20) * 20);
    const { recordingId, callId, durationMs, audio } = job;
    const clipJob = { recordingId, callId, durationMs, fromMs, toMs: fromMs + 4_000 };
    const told: ClipReport[] = [];
    world.queues.handle('clip-reports', async (one) => void told.push(one), { concurrency: 1 });
    const transcript = { key: report.file.key, sha256: report.file.sha256 };
    const { key, sha256 } = audio;
    await world.queues.enqueueClip({
      ...{ ...clipJob, clipId: 'clip_full', audio: { key, sha256 }, transcript: null },
    });
    await world.queues.enqueueClip({
      ...clipJob,
      clipId: 'clip_silenced',
      audio: { key, sha256 },
      transcript,
    });
    const cutOf = (clipId: string) =>
      eventually(
        () => {
          const one = told.find((candidate) => candidate.clipId === clipId && candidate.kind === 'cut');
          if (one?.kind !== 'cut') throw new Error('not cut yet');
          return one;
        },
        { within: 20_000 },
      );
    const [full, silenced] = await Promise.all([cutOf('clip_full'), cutOf('clip_silenced')]);
    expect(full).to.deep.include({ silencedBy: null, silences: 0 });
    expect(silenced).to.deep.include({ silencedBy: transcript.sha256, silences: 1 });
    const [before, after] = await Promise.all([heard(full.file.key), heard(silenced.file.key)]);
    const at = inside.map((ms) => ms - fromMs) as [number, number];
    expect(loud(before, voice, ...at)).to.be.above(200);
    expect(loud(after, voice, ...at)).to.be.below(15);
    expect([...after[other]], 'the other voice, sample for sample').to.deep.equal([...before[other]]);

    // A transcript that cannot be read is no reason to let hear what it would have silenced.
    const damaged = { ...transcript, sha256: 'f'.repeat(64) };
    await world.queues.enqueueClip({
      ...clipJob,
      clipId: 'clip_unread',
      audio: { key, sha256 },
      transcript: damaged,
    });
    await eventually(
      () =>
        expect(told.find(({ clipId }) => clipId === 'clip_unread')).to.deep.include({
          ...{ kind: 'failed', code: 'archive.verify', final: false },
        }),
      { within: 20_000 },
    );
    expect(told.some(({ clipId, kind }) => clipId === 'clip_unread' && kind === 'cut')).to.equal(false);
  });

  it('sends each voice by itself, the silences left out', async () => {
    const job = await archivedCall();
    service.answer = () => ({ body: { text: '' } });
    await world.queues.enqueueTranscript(job);
    expect(await outcome(job)).to.deep.include({ kind: 'transcribed', words: 0 });
    const sent = service.asked.reduce((sum, { samples }) => sum + samples.length / 16, 0);
    const spoken = conversation.turns.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    expect(sent).to.be.within(spoken * 0.9, job.durationMs * 1.3);
    for (const { samples } of service.asked) expect(samples.length / 16_000).to.be.at.most(25);
  });

  it('is tried again when the service is away, and given up when it refuses', async () => {
    const job = await archivedCall({ TRANSCRIBER_TIMEOUT_MS: '1000' });
    service.answer = () => ({ status: 400, body: '' });
    await world.queues.enqueueTranscript(job);
    expect(await outcome(job)).to.deep.include({
      kind: 'failed',
      what: 'transcript',
      code: 'transcribe.refused',
      final: true,
    });
    reports.length = 0;
    service.answer = () => ({ status: 503, headers: { 'retry-after': '0' }, body: '' });
    // What is reported as given up is on the queue for a moment longer, and would swallow the same job.
    await eventually(async () => {
      const queue = (await world.queues.counts()).find(({ name }) => name === 'transcribe');
      expect(queue).to.include({ active: 0 });
    });
    await world.queues.enqueueTranscript(job);
    expect(await outcome(job)).to.deep.include({ code: 'transcribe.unreachable', final: false });
    service.answer = () => ({ body: { text: 'here again' } });
    await eventually(() => expect(reports.some(({ kind }) => kind === 'transcribed')).to.equal(true), {
      within: 30_000,
    });
  });

  it('says so when the transcriber is not set up', async () => {
    const job = await archivedCall({ TRANSCRIBER: 'sherpa', TRANSCRIBER_MODEL_DIR: world.spoolDir });
    await world.queues.enqueueTranscript(job);
    expect(await outcome(job)).to.deep.include({ code: 'transcribe.config', final: true });
  });
});
