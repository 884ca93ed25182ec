import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { ClipReport, WithdrawJob } from '#contract/clips.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { parseSignedJson } from '#kernel/signed-json.ts';
import { eventually } from '#support/eventually.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { RecorderWorld } from '#support/recorder.ts';
import { addToArchive } from '#worker/archive/add-to-archive.ts';
import { addendum, splitKey } from '#worker/archive/archive-documents.ts';
import { openSigningKey } from '#worker/archive/signing-key.ts';
import { bucketSource } from '#worker/archive/verify/archive-source.ts';
import { verifyArchive } from '#worker/archive/verify/verify-archive.ts';
import { withdrawFromArchive } from '#worker/archive/withdraw.ts';

describe('Taking a clip out of the archive', function () {
  this.timeout(60_000);
  let world: RecorderWorld;
  let key: SigningKey;
  let recording: { callId: string; recordingId: string; folder: string; audio: string };
  const told: ClipReport[] = [];
  const { signal } = new AbortController();
  const options = () => ({ store: world.store, key, signal });

  before(async () => {
    world = await RecorderWorld.start();
    await world.startWorker();
    key = await openSigningKey({ configured: undefined, folder: world.spoolDir });
    world.queues.handle('clip-reports', async (report) => void told.push(report), { concurrency: 1 });
    const callId = 'call_withdrawn';
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 2));
    call.end();
    const { files, recordingId } = await world.report('archived', callId);
    const audio = files.find(({ kind }) => kind === 'audio')!.key;
    recording = { callId, recordingId, folder: splitKey(audio).folder, audio };
  });
  afterEach(() => world.objects.faults.clear());
  after(() => world?.stop());

  const read = async (name: string) => {
    const at = { Bucket: world.store.bucket, Key: name };
    const answer = await world.store.client.send(new GetObjectCommand(at)).catch(() => null);
    return answer && Buffer.from(await answer.Body!.transformToByteArray());
  };
  /** Puts a clip beside the recording; answers its key. */
  async function clip(clipId: string, sound = `sound of ${clipId}`): Promise<string> {
    const path = join(world.spoolDir, `${clipId}.webm`);
    await writeFile(path, sound);
    const { callId, recordingId, folder } = recording;
    const files = [{ path, name: `${clipId}.webm`, kind: 'clip' as const, contentType: 'audio/webm' }];
    const added = await addToArchive(
      { callId, recordingId, folder, made: 'clip', facts: { clipId }, files },
      options(),
    );
    return added[0]!.key;
  }
  const job = (clipId: string, ...keys: string[]): WithdrawJob => ({
    ...{ clipId, recordingId: recording.recordingId, callId: recording.callId, keys },
    ...{ requestedAt: Date.now(), by: 'person:cx', reason: 'The customer asked for it.' },
  });
  const findings = async () =>
    (await verifyArchive({ source: bucketSource(world.store), prefix: `${recording.folder}/` })).findings.map(
      ({ kind, key: at }) => `${kind} ${splitKey(at).name}`,
    );
  const codeOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );

  it('deletes its sound and leaves a signed word of it, with which the archive is whole', async () => {
    const taken = await clip('clip_taken');
    const kept = await clip('clip_kept');
    await world.queues.enqueueWithdrawal(job('clip_taken', taken));
    const report = await world.report('files-withdrawn', recording.callId);
    expect(report.keys).to.deep.equal([taken]);
    await eventually(() =>
      expect(told.at(-1)).to.deep.include({ kind: 'withdrawn', clipId: 'clip_taken', keys: [taken] }),
    );
    expect(await read(taken)).to.equal(null);
    expect((await read(kept))?.toString()).to.equal('sound of clip_kept');
    const signed = parseSignedJson((await read(report.addendum.key))!)!;
    const document = addendum.parse(signed.document);
    expect(document).to.deep.include({ made: 'withdrawal', files: [] });
    expect(document.facts).to.deep.include({ clipId: 'clip_taken', by: 'person:cx' });
    expect(document.withdrawn?.map(({ name }) => name)).to.deep.equal([splitKey(taken).name]);
    expect(await findings()).to.deep.equal([]);
  });

  it('done again it signs nothing more, and goes on with what died half way', async () => {
    const half = await clip('clip_half');
    world.objects.faults.add({ kind: 'reset', operation: 'DeleteObjects' });
    expect(await codeOf(withdrawFromArchive(job('clip_half', half), options()))).to.equal('store.storage');
    world.objects.faults.clear();
    expect(await findings(), 'an unfinished one is told').to.deep.equal([
      `deletion-unfinished ${splitKey(half).name}`,
    ]);
    const first = await withdrawFromArchive(job('clip_half', half), options());
    const again = await withdrawFromArchive(job('clip_half', half), options());
    expect(again).to.deep.equal(first);
    expect(await findings()).to.deep.equal([]);
  });

  it('lets the very same be added again, under a new signature', async () => {
    const back = await clip('clip_back');
    await withdrawFromArchive(job('clip_back', back), options());
    expect(await clip('clip_back')).to.equal(back);
    expect(await findings()).to.deep.equal([]);
    expect((await read(back))?.toString()).to.equal('sound of clip_back');
  });

  it('takes nothing but clips, of one recording, and is silent about what it never knew', async () => {
    const one = await clip('clip_one');
    expect(await codeOf(withdrawFromArchive(job('clip_one', recording.audio), options()))).to.equal(
      'withdraw.kind',
    );
    const elsewhere = one.replace(recording.recordingId, 'rec_other');
    expect(await codeOf(withdrawFromArchive(job('clip_one', one, elsewhere), options()))).to.equal(
      'withdraw.kind',
    );
    expect(
      await withdrawFromArchive(job('clip_one', `${recording.folder}/clip_never-00000000.webm`), options()),
    ).to.equal(null);
    expect((await read(recording.audio))?.length).to.be.above(1_000);
    expect((await read(one))?.toString()).to.equal('sound of clip_one');
    expect(await findings()).to.deep.equal([]);
  });
});
