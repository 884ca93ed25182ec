import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { createLog } from '#kernel/log.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { parseSignedJson } from '#kernel/signed-json.ts';
import { eventually } from '#support/eventually.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { RecorderWorld } from '#support/recorder.ts';
import { newSigningKey } from '#support/signed-archive.ts';
import { type Addition, addToArchive } from '#worker/archive/add-to-archive.ts';
import { archiveCall } from '#worker/archive/archive.ts';
import { addendum, recordingManifest, splitKey } from '#worker/archive/archive-documents.ts';
import { openSigningKey } from '#worker/archive/signing-key.ts';
import { bucketSource } from '#worker/archive/verify/archive-source.ts';
import { verifyArchive } from '#worker/archive/verify/verify-archive.ts';

describe('a signed archive', function () {
  this.timeout(60_000);
  let world: RecorderWorld;
  let key: SigningKey;
  let calls = 0;
  const { signal } = new AbortController();

  before(async () => {
    world = await RecorderWorld.start();
    await world.startWorker();
    key = await openSigningKey({ configured: undefined, folder: world.spoolDir });
  });
  afterEach(() => world.objects.faults.clear());
  after(() => world.stop());

  async function archived() {
    const callId = `call_signed_${++calls}`;
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 2));
    call.end();
    const { files, recordingId } = await world.report('archived', callId);
    await eventually(async () => expect(await world.spoolOf(callId)).to.be.empty);
    return { callId, recordingId, files, folder: splitKey(files[0]!.key).folder };
  }
  const read = async (name: string) => {
    const answer = await world.store.client.send(new GetObjectCommand({ Bucket: 'recordings', Key: name }));
    return Buffer.from(await answer.Body!.transformToByteArray());
  };
  const findings = async () =>
    (await verifyArchive({ source: bucketSource(world.store) })).findings.map(
      ({ kind, key }) => `${kind} ${key}`,
    );
  const options = () => ({ store: world.store, key, signal });
  async function addition(
    to: { callId: string; recordingId: string; folder: string },
    made: string,
    text: string,
  ): Promise<Addition> {
    const path = join(world.spoolDir, `${made}-${calls}.json`);
    await writeFile(path, text);
    const files = [
      { path, name: `${made}.json`, kind: 'analysis' as const, contentType: 'application/json' },
    ];
    const { callId, recordingId, folder } = to;
    return { callId, recordingId, folder, made, facts: { model: 'm-1' }, files };
  }

  it('says in a signed manifest what was recorded, from what, and what it lacks', async () => {
    const { files, folder, recordingId, callId } = await archived();
    const signed = parseSignedJson(await read(`${folder}/manifest.json`))!;
    const manifest = recordingManifest.parse(signed.document);
    expect(manifest).to.include({ recordingId, callId, keyId: key.keyId, sequence: 0, previous: null });
    expect(manifest.software).to.match(/^\d+\.\d+\.\d+ sealer \d+$/);
    expect(manifest.legs).to.have.length(1);
    expect(manifest.legs[0]).to.include({ codec: 'PCMU', packets: 100, lost: 0 });
    expect(manifest.gaps).to.be.an('array');
    expect(manifest.segments).to.have.length(1);
    const named = manifest.files.map(({ name, sha256, crc32 }) => ({
      key: `${folder}/${name}`,
      sha256,
      crc32,
    }));
    const reported = files.filter(({ kind }) => kind !== 'manifest');
    expect(named).to.deep.equal(reported.map(({ key: at, sha256, crc32 }) => ({ key: at, sha256, crc32 })));
    expect((await read(`keys/${key.keyId}.pem`)).toString()).to.equal(key.publicPem);
    expect(await findings()).to.deep.equal([]);
  });

  it('takes later additions under addenda, once each, however often they are made', async () => {
    const to = await archived();
    const first = await addToArchive(await addition(to, 'analysis', '{"speech":1}'), options());
    const [again, other] = await Promise.all([
      addToArchive(await addition(to, 'analysis', '{"speech":1}'), options()),
      addToArchive(await addition(to, 'words', '{"words":2}'), options()),
    ]);
    expect(again).to.deep.equal(first);
    expect(first.map(({ kind }) => kind)).to.deep.equal(['analysis', 'addendum']);
    expect(other.at(-1)!.key).to.equal(`${to.folder}/manifest-2.json`);
    const { document } = parseSignedJson(await read(`${to.folder}/manifest-1.json`))!;
    expect(addendum.parse(document)).to.deep.include({
      made: 'analysis',
      facts: { model: 'm-1' },
      sequence: 1,
    });
    // What is made anew lies beside what was made before: nothing that was signed is ever written over.
    await addToArchive(await addition(to, 'analysis', '{"speech":3}'), options());
    expect(await findings()).to.deep.equal([]);
    expect((await read(first[0]!.key)).toString()).to.equal('{"speech":1}');
  });

  it('gives each of many that add at once a number of its own', async () => {
    const to = await archived();
    const made = Array.from({ length: 6 }, (_, at) => `step-${at}`);
    const additions = await Promise.all(made.map((step) => addition(to, step, `{"step":"${step}"}`)));
    const results = await Promise.all(additions.map((one) => addToArchive(one, options())));
    const numbers = results.map((files) => splitKey(files.at(-1)!.key).name).sort();
    expect(numbers).to.deep.equal(made.map((_, at) => `manifest-${at + 1}.json`));
    expect(await findings()).to.deep.equal([]);
  });

  it('gets through answers that never came, and adds nothing twice', async () => {
    const to = await archived();
    // The addendum is written, and its writer never hears of it.
    world.objects.faults.add({
      kind: 'cut-response',
      operation: 'PutObject',
      keyPrefix: `${to.folder}/manifest-1`,
      count: 1,
    });
    await addToArchive(await addition(to, 'analysis', '{"speech":1}'), options());
    expect(await findings()).to.deep.equal([]);
    const two = await addToArchive(await addition(to, 'words', '{"words":2}'), options());
    expect(two.at(-1)!.key).to.equal(`${to.folder}/manifest-2.json`);
  });

  it('goes on with a new key where an older one began, and both can be checked', async () => {
    const to = await archived();
    const next = newSigningKey();
    await addToArchive(await addition(to, 'analysis', '{"speech":1}'), { ...options(), key: next });
    const result = await verifyArchive({ source: bucketSource(world.store) });
    expect(result.findings).to.deep.equal([]);
    expect(result.keys).to.include.members([key.keyId, next.keyId]);
  });

  it('signs nothing behind a document that was altered, and nothing that a disk altered', async () => {
    const to = await archived();
    const bytes = await read(`${to.folder}/manifest.json`);
    bytes[30] = bytes[30]! ^ 1;
    await world.store.client.send(
      new PutObjectCommand({ Bucket: 'recordings', Key: `${to.folder}/manifest.json`, Body: bytes }),
    );
    const refused = await addToArchive(await addition(to, 'analysis', '{"speech":1}'), options()).catch(
      (error: { code: string }) => error.code,
    );
    expect(refused).to.equal('archive.chain');

    world.lead.archive = false;
    const callId = 'call_on_a_bad_disk';
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 2));
    call.end();
    await world.report('sealed', callId);
    const sound = join(world.spoolDir, callId, 'sealed', 'audio.webm');
    const harmed = await readFile(sound);
    harmed[500] = harmed[500]! ^ 1;
    await writeFile(sound, harmed);
    const log = createLog('test', 'silent');
    const outcome = await archiveCall(world.job(callId), {
      ...options(),
      spoolDir: world.spoolDir,
      log,
    }).catch((error: { code: string }) => error.code);
    expect(outcome).to.equal('archive.sealed-damaged');
    // The worker makes it again from the packets.
    world.lead.archive = true;
    await world.queues.enqueueArchive(world.job(callId));
    await world.report('archived', callId);
  });
});
