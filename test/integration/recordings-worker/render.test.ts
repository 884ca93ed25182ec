import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { RenderJob } from '#contract/capture.ts';
import type { Codec } from '#contract/primitives.ts';
import { between, decodeStereo } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { RecorderWorld, type WorkerProcess } from '#support/recorder.ts';
import { dominantFrequency } from '#support/tone.ts';
import { readMp4 } from '#worker/render/aac.ts';
import { sealedPath } from '#worker/spool/spool-layout.ts';

describe('rendering a recording as AAC', function () {
  this.timeout(60_000);
  let world: RecorderWorld;
  let worker: WorkerProcess;
  let folder: string;

  before(async () => {
    world = await RecorderWorld.start({ tapBufferMs: 600_000 });
    worker = await world.startWorker();
    folder = await mkdtemp(join(tmpdir(), 'rendered-'));
  });
  after(async () => {
    await world.calmDown();
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function archivedCall(callId: string, codec: Codec): Promise<RenderJob> {
    const call = await world.openCall(callId);
    call.leg('agent', codec).frames(await toneFrames(codec, 440, 20));
    call.leg('customer', codec).frames(await toneFrames(codec, 880, 20));
    call.end();
    const { files } = await world.report('archived', callId, 30_000);
    const { facts } = await world.report('sealed', callId);
    const { key, sha256 } = files.find(({ kind }) => kind === 'audio')!;
    const { recordingId } = world.job(callId);
    return { recordingId, callId, durationMs: facts.durationMs, audio: { key, sha256 } };
  }

  const addressOf = (file: { key: string; contentType: string }) =>
    world.store.presignGet(file.key, { expiresInSeconds: 600, contentType: file.contentType });

  for (const codec of ['opus', 'PCMA'] as const) {
    it(`gives the same sound, at the same places, with its index first (${codec})`, async () => {
      const job = await archivedCall(`rendered_${codec}`, codec);
      await world.queues.enqueueRender(job);
      const { files } = await world.report('files-added', job.callId, 30_000);
      expect(files.map(({ kind }) => kind)).to.deep.equal(['audio-m4a', 'addendum']);
      const [m4a] = files;
      expect(m4a!.contentType).to.equal('audio/mp4');
      expect(m4a!.key).to.match(/\/rec_rendered_\w+\/audio-[0-9a-f]{8}\.m4a$/);

      const url = await addressOf(m4a!);
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      expect(bytes.length).to.equal(m4a!.bytes);
      const path = join(folder, `${codec}.m4a`);
      await writeFile(path, bytes);
      expect(await readMp4(path)).to.deep.include({ indexFirst: true });
      const audio = await decodeStereo(path);
      expect(audio.durationMs).to.be.within(20_000, 20_100);
      for (const fromMs of [200, 10_000, 19_000]) {
        const tone = (samples: Int16Array) =>
          dominantFrequency(between(samples, audio.rate, fromMs, fromMs + 500), audio.rate);
        expect([tone(audio.left), tone(audio.right)]).to.deep.equal([440, 880]);
      }
    });
  }

  it('adds nothing when it is done again', async () => {
    const job = await archivedCall('rendered_twice', 'PCMU');
    await world.queues.enqueueRender(job);
    const first = await world.report('files-added', job.callId, 30_000);
    await eventually(
      async () => {
        // A no-op while the first job is not put away yet.
        await world.queues.enqueueRender(job);
        expect(world.reportsOf('files-added', job.callId)).to.have.length.above(1);
      },
      { within: 30_000 },
    );
    expect(world.reportsOf('files-added', job.callId)[1]!.files).to.deep.equal(first.files);
  });

  it('takes nothing but the master that was archived', async () => {
    const job = await archivedCall('rendered_wrong', 'PCMU');
    const { client, bucket } = world.store;
    const key = job.audio.key;
    // As long as the spool has it, the worker takes it from there.
    await eventually(() => expect(existsSync(sealedPath(world.spoolDir, job.callId))).to.equal(false));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from('another file') }));
    await world.queues.enqueueRender(job);
    await eventually(
      () => {
        const said = worker.lines.filter(
          (line) => line.includes('not rendered') && line.includes(job.callId),
        );
        expect(said.length).to.be.above(1);
        expect(said[0]).to.include('archive.verify');
      },
      { within: 20_000 },
    );
    expect(world.reportsOf('files-added', job.callId)).to.be.empty;
  });
});
