import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { operationsEndpoints } from '#contract/operations.ts';
import type { RecordingDetail } from '#contract/recordings.ts';
import { retentionEndpoints } from '#contract/retention.ts';
import { createObjectStore } from '#kernel/s3.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import { splitKey } from '#worker/archive/archive-documents.ts';
import { bucketSource } from '#worker/archive/verify/archive-source.ts';
import { verifyArchive } from '#worker/archive/verify/verify-archive.ts';

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'done',
    (error: ApiError) => `${error.status} ${error.code}`,
  );

describe('A recording’s end', function () {
  this.timeout(60_000);
  let stores: StackEnv;
  let spoolDir: string;
  let server: ServerProcess;
  let recorder: RecorderProcess;
  let admin: PersonClient;
  let cx: PersonClient;
  let listener: PersonClient;
  let recording: RecordingDetail;
  let mongo: MongoClient;

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    spoolDir = await mkdtemp(join(tmpdir(), 'retention-spool-'));
    [server, recorder] = await Promise.all([startServer(stores), startRecorder(stores, spoolDir)]);
    [admin, cx, listener] = (await Promise.all(
      ['admin', 'cx', 'supermarket-manager'].map((id) => PersonClient.signIn(server.url, id)),
    )) as [PersonClient, PersonClient, PersonClient];
    mongo = await MongoClient.connect(stores.MONGODB_URL);
    const telephony = new TelephonyClient(server.url, testTelephonyKey);
    const call = await telephony.open({
      ...{ lineId: 'supermarket', agentId: 'agent-1', customerNumber: '13800001234' },
      facts: { orderId: 'SO-20260301' },
      legs: [{ role: 'agent', codec: 'PCMU' }],
    });
    const sending = sendTone({
      to: call.legs[0]!,
      codec: 'PCMU',
      hz: 440,
      seconds: 1.5,
      startAt: Date.now() + 50,
    });
    await sending.done;
    await telephony.end(call.callId);
    recording = await eventually(
      async () => {
        const { recordings } = await listener.recordings.list();
        expect(recordings[0]?.state).to.equal('archived');
        return listener.recordings.show(recordings[0]!.id);
      },
      { within: 20_000 },
    );
  });
  after(async () => {
    await mongo?.close();
    await Promise.all([server?.stop(), recorder?.stop()]);
    await rm(spoolDir, { recursive: true, force: true });
  });

  const order = (who: PersonClient) =>
    who.api.call(retentionEndpoints.deleteRecording, {
      params: { id: recording.id },
      body: { reason: 'the customer asked for it' },
    });

  it('comes only when no hold keeps it, by somebody who may', async () => {
    expect(await codeOf(order(listener))).to.equal('403 ability.denied');
    expect(await codeOf(order(cx))).to.equal('403 ability.denied');
    const { hold, covered } = await cx.api.call(retentionEndpoints.placeHold, {
      body: { scope: { lineId: 'supermarket', words: 'SO-2026' }, reason: 'a complaint is open' },
    });
    expect(covered).to.equal(1);
    expect(await codeOf(order(admin))).to.equal('409 recording.held');
    expect((await listener.recordings.show(recording.id)).state).to.equal('archived');
    await listener.recordings.audio(recording.id);
    await cx.api.call(retentionEndpoints.releaseHold, {
      params: { id: hold.id },
      body: { reason: 'settled' },
    });
  });

  it('takes the sound from everybody at once, and leaves a proof that can be checked offline', async () => {
    const { url } = await listener.recordings.audio(recording.id);
    expect((await fetch(url)).status).to.equal(200);
    const answered = await order(admin);
    expect(answered.state).to.equal('deleting');
    expect(await codeOf(listener.recordings.audio(recording.id))).to.equal('410 recording.deleted');
    const kept = await eventually(
      async () => {
        const found = await admin.api.call(retentionEndpoints.recording, { params: { id: recording.id } });
        expect(found.deletion?.doneAt).to.be.a('number');
        return found;
      },
      { within: 20_000 },
    );
    expect((await fetch(url)).status, 'an address that was given out before').to.equal(404);
    expect(kept.deletion!.files.map(({ sha256 }) => sha256)).to.include(recording.sha256);

    const shown = await listener.recordings.show(recording.id);
    expect(shown).to.deep.include({ state: 'deleted', facts: {}, customerMasked: '', bytes: null });
    expect(shown.deletion).to.include({ by: 'person:admin', reason: 'the customer asked for it' });
    expect((await listener.recordings.list()).recordings).to.deep.equal([]);
    const call = await mongo
      .db()
      .collection('calls')
      .findOne({ _id: recording.callId as never });
    expect(call).to.deep.include({ facts: {}, customerMasked: '' });

    const rows = mongo.db().collection('recordings').find();
    const dumped = async function* () {
      for await (const row of rows) {
        yield { id: String(row._id), state: row.state, files: row.files, tombstone: row.deletion.tombstone };
      }
    };
    const { key } = kept.deletion!.tombstone!;
    const store = createObjectStore({ ...stores, S3_FORCE_PATH_STYLE: true });
    const prefix = `${splitKey(key).folder}/`;
    const result = await verifyArchive({ source: bucketSource(store), database: dumped(), prefix });
    store.close();
    expect(result).to.deep.include({ recordings: 1, deleted: 1, objects: 1, rows: 1, findings: [] });
  });

  it('is in the trail, with everything that led to it', async () => {
    const { events } = await admin.api.call(retentionEndpoints.events);
    expect(events.map(({ action, by }) => `${action} ${by?.id ?? 'schedule'}`)).to.deep.equal([
      'deletion-done schedule',
      'deletion-requested admin',
      'hold-released cx',
      'hold-placed cx',
    ]);
  });

  it('is looked after: a sweep on demand, its findings, a retry, the metrics', async () => {
    await mongo
      .db()
      .collection('recordings')
      .insertOne({
        ...{ _id: 'rec_failed' as never, callId: 'call_failed', lineId: 'supermarket', facts: {}, files: [] },
        ...{ state: 'failed', stateAt: Date.now(), startedAt: Date.now(), attempts: 1 },
        failure: { code: 'seal.encoder', message: 'The encoder died.' },
      });
    const findings = () => admin.api.call(operationsEndpoints.archiveFindings);
    expect(await codeOf(listener.api.call(operationsEndpoints.archiveFindings))).to.equal(
      '403 ability.denied',
    );
    await eventually(async () => {
      await admin.api.call(operationsEndpoints.sweepArchive);
      const { open, sweep } = await findings();
      expect(open).to.deep.equal([{ kind: 'recording-failed', count: 1 }]);
      expect(sweep.finishedAt).to.be.a('number');
    });
    const metrics = async () => await (await fetch(`${server.url}/metrics`)).text();
    expect(await metrics()).to.match(/cloud_listening_archive_findings\{kind="recording-failed"\} 1/);
    expect(await metrics()).to.match(/cloud_listening_archive_sweep_age_seconds \d/);
    const { state } = await admin.api.call(operationsEndpoints.retryRecording, {
      params: { id: 'rec_failed' },
    });
    expect(state).to.equal('captured');
    expect((await findings()).findings[0]).to.deep.include({ recordingId: 'rec_failed', state: 'mending' });
    const gone = admin.api.call(operationsEndpoints.retryRecording, { params: { id: recording.id } });
    expect(await codeOf(gone)).to.equal('410 recording.deleted');
  });
});
