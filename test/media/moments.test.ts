import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { retentionEndpoints } from '#contract/retention.ts';
import { decodeG711 } from '#kernel/rtp/g711.ts';
import { createObjectStore } from '#kernel/s3.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { marks } from '#support/clients/moments-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { decodeStereo, loudSpans, rms } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import { splitKey } from '#worker/archive/archive-documents.ts';
import { bucketSource } from '#worker/archive/verify/archive-source.ts';
import { verifyArchive } from '#worker/archive/verify/verify-archive.ts';

/** The agent beeps every two seconds, the customer every three: where they meet tells which minute it is. */
const beeps = { agent: { everyMs: 2_000, lengthMs: 200 }, customer: { everyMs: 3_000, lengthMs: 200 } };
const seconds = 14;

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'done',
    ({ code }: ApiError) => code,
  );

describe('A moment that was heard', function () {
  this.timeout(90_000);
  let stores: StackEnv;
  let spoolDir: string;
  let server: ServerProcess;
  let recorder: RecorderProcess;
  let telephony: TelephonyClient;
  let manager: PersonClient;
  let host: PersonClient;
  let admin: PersonClient;
  let mongo: MongoClient;
  let room: RoomClient;
  let callId: string;
  let recordingId: string;
  /** Offsets at which the customer's beeps were heard, ms, and the mark of the second of them. */
  const heardAt: number[] = [];
  let markId: string;
  let clipId: string;
  const sendings: Sending[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    spoolDir = await mkdtemp(join(tmpdir(), 'moments-spool-'));
    [server, recorder] = await Promise.all([startServer(stores), startRecorder(stores, spoolDir)]);
    telephony = new TelephonyClient(server.url, testTelephonyKey);
    [manager, host, admin] = (await Promise.all(
      ['supermarket-manager', 'host', 'admin'].map((id) => PersonClient.signIn(server.url, id)),
    )) as [PersonClient, PersonClient, PersonClient];
    mongo = await MongoClient.connect(stores.MONGODB_URL);
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    const plan = { lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 5 };
    const slot = await host.seats.plan(plan);
    await manager.seats.checkIn(await manager.seats.reserve(slot));
    room = await RoomClient.open(manager, slot.id);

    const call = await telephony.open({ lineId: 'supermarket', agentId: 'agent-1' });
    callId = call.callId;
    const startAt = Date.now() + 100;
    for (const leg of call.legs) {
      const voice = leg.role === 'agent' ? 'agent' : 'customer';
      sendings.push(
        sendTone({ to: leg, hz: voice === 'agent' ? 440 : 880, seconds, startAt, beeps: beeps[voice] }),
      );
    }
    await eventually(async () => expect((await telephony.show(callId)).state).to.equal('live'));
  });
  after(async () => {
    room?.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await mongo?.close();
    await Promise.all([server?.stop(), recorder?.stop()]);
    if (spoolDir) await rm(spoolDir, { recursive: true, force: true });
  });

  it('is marked by a listener when the beep reaches the ear', async () => {
    // One that was on its way when we came began earlier.
    let quiet = false;
    let startedAt = 0;
    let customerLeg: string | undefined;
    const { joined } = await room.listen(callId, {
      onPacket: (legId, payload) => {
        if (legId !== customerLeg) return;
        const loud = rms(decodeG711('PCMU', payload)) > 3_000;
        if (loud && quiet) heardAt.push(Date.now() - startedAt);
        quiet = !loud;
      },
    });
    startedAt = joined.call.startedAt!;
    customerLeg = joined.consumers.find(({ role }) => role === 'customer')!.legId;
    await eventually(() => expect(heardAt.length).to.be.at.least(2), { within: 9_000, every: 5 });
    const offsetMs = heardAt[1]!;
    const mark = await marks(manager).mark({
      ...{ callId, slotId: room.slotId, offsetMs, note: 'the beep', visibility: 'programme' },
    });
    markId = mark.id;
    // Asked for now, cut when the call is over.
    const clip = await marks(manager).cut({
      ...{ callId, bookmarkId: markId, fromMs: offsetMs - 1_500, toMs: offsetMs + 2_500, title: 'The beep' },
    });
    clipId = clip.id;
    expect(clip).to.deep.include({
      state: 'asked',
      bookmarkId: markId,
      title: 'The beep',
    });
    expect(await codeOf(marks(manager).play(clipId))).to.equal('clip.not-ready');
  });

  it('is at its place in the recording, 200 ms more or less', async () => {
    await Promise.all(sendings.map(({ done }) => done));
    await telephony.end(callId);
    const recording = await eventually(
      async () => {
        const [found] = (await host.recordings.list()).recordings;
        expect(found?.state).to.equal('archived');
        return found!;
      },
      { within: 20_000 },
    );
    recordingId = recording.id;
    const [mark] = await marks(manager).list({ recordingId });
    expect(mark).to.include({ id: markId, recordingId });
    const { url } = await host.recordings.audio(recordingId);
    const audio = await decodeStereo(url, 8_000);
    const begun = loudSpans(audio.right, 8_000).map(({ fromMs }) => fromMs);
    // Every one of the beeps that were heard, and the marked one above all.
    for (const at of [mark!.offsetMs, ...heardAt]) {
      const nearest = Math.min(...begun.map((fromMs) => Math.abs(fromMs - at)));
      expect(nearest, `a beep was heard at ${at} ms, there are some at ${begun.join(', ')}`).to.be.below(200);
    }
  });

  it('becomes a clip by itself, which begins and ends where it was asked to', async () => {
    const clip = await eventually(
      async () => {
        const now = await marks(manager).clip(clipId);
        expect(now.state).to.equal('ready');
        return now;
      },
      { within: 20_000 },
    );
    expect(clip.recordingId).to.equal(recordingId);
    expect(clip.fromMs % 20).to.equal(0);
    const before = (await host.recordings.show(recordingId)).heardBy.length;
    const { renderings, durationMs } = await marks(manager).play(clipId);
    expect((await host.recordings.show(recordingId)).heardBy.length, 'it is on record').to.be.above(before);
    expect(durationMs).to.equal(clip.toMs - clip.fromMs);

    const { url } = await host.recordings.audio(recordingId);
    const [whole, cut] = [await decodeStereo(url, 8_000), await decodeStereo(renderings[0]!.url, 8_000)];
    expect(cut.durationMs).to.be.closeTo(durationMs, 1);
    for (const side of ['left', 'right'] as const) {
      const found = loudSpans(cut[side], 8_000).map(({ fromMs }) => fromMs + clip.fromMs);
      const there = loudSpans(whole[side], 8_000)
        .map(({ fromMs }) => fromMs)
        .filter((fromMs) => fromMs >= clip.fromMs && fromMs < clip.toMs - 20);
      expect(found).to.have.length(there.length).and.not.be.empty;
      found.forEach((fromMs, i) => void expect(fromMs).to.be.closeTo(there[i]!, 20));
    }
    // A moment later there is a form for Safari.
    const all = await eventually(
      async () => {
        const answer = await marks(manager).play(clipId);
        expect(answer.renderings.map((one) => one.contentType)).to.deep.equal(['audio/webm', 'audio/mp4']);
        return answer.renderings;
      },
      { within: 20_000, every: 300 },
    );
    expect((await decodeStereo(all[1]!.url, 8_000)).durationMs).to.be.closeTo(durationMs, 100);
  });

  it('is counted in the library, and marked in a replay at the place that is heard there', async () => {
    const mark = await marks(manager).mark({ recordingId, offsetMs: 4_321, visibility: 'private' });
    expect(mark).to.deep.include({ recordingId, callId, offsetMs: 4_321, slotId: null });
    expect(await marks(manager).counts(recordingId)).to.deep.equal([{ recordingId, clips: 1, bookmarks: 2 }]);
    expect(await marks(host).counts(recordingId, 'rec_unknown')).to.deep.equal([
      { recordingId, clips: 1, bookmarks: 1 },
    ]);
    const clip = await marks(host).cut({ recordingId, fromMs: 0, toMs: 3_000, title: 'The start' });
    await eventually(async () => expect((await marks(host).clip(clip.id)).state).to.equal('ready'), {
      within: 20_000,
    });
    expect((await marks(manager).clips({ recordingId })).map(({ title }) => title)).to.deep.equal([
      'The start',
      'The beep',
    ]);
    expect(await codeOf(marks(host).cut({ recordingId, fromMs: 60_000, toMs: 62_000 }))).to.equal(
      'request.invalid',
    );
    expect(await codeOf(marks(host).retry(clip.id))).to.equal('clip.no-retry');
  });

  it('of two who ask with one key there is one clip', async () => {
    const wish = { recordingId, fromMs: 1_000, toMs: 3_000, title: 'Once', idempotencyKey: 'one-key-for-it' };
    const made = await Promise.all([1, 2, 3].map(() => marks(host).cut(wish)));
    expect(new Set(made.map(({ id }) => id)).size).to.equal(1);
    expect(await codeOf(marks(host).cut({ ...wish, title: 'Another' }))).to.equal('idempotency.reused');
  });

  it('is as safe as the recording: signed, held, and gone with it', async () => {
    const objects = createObjectStore({ ...stores, S3_FORCE_PATH_STYLE: true } as never);
    try {
      await eventually(
        async () => {
          const states = (await marks(host).clips({ recordingId })).map(({ state }) => state);
          expect(states).to.deep.equal(['ready', 'ready', 'ready']);
        },
        { within: 20_000 },
      );
      // The forms that are made in the background included.
      const files = await eventually(
        async () => {
          const row = await mongo
            .db()
            .collection<{ _id: string }>('recordings')
            .findOne({ _id: recordingId });
          const found = (row as unknown as { files: { kind: string; key: string }[] }).files;
          for (const kind of ['clip', 'clip-m4a']) {
            expect(
              found.filter((file) => file.kind === kind),
              kind,
            ).to.have.length(3);
          }
          return found;
        },
        { within: 20_000, every: 200 },
      );
      const { folder } = splitKey(files[0]!.key);
      // The bucket is shared by all tests, and some of them break things in it.
      const { findings } = await verifyArchive({ source: bucketSource(objects), prefix: `${folder}/` });
      expect(findings).to.deep.equal([]);

      const held = await admin.api.call(retentionEndpoints.placeHold, {
        body: { scope: { recordingId }, reason: 'a complaint is open' },
      });
      const erase = () =>
        admin.api.call(retentionEndpoints.deleteRecording, {
          params: { id: recordingId },
          body: { reason: 'the customer asked for it' },
        });
      expect(await codeOf(erase())).to.equal('recording.held');
      expect((await marks(manager).play(clipId)).renderings).to.not.be.empty;
      await admin.api.call(retentionEndpoints.releaseHold, {
        params: { id: held.hold.id },
        body: { reason: 'it is settled' },
      });
      await erase();
      await eventually(
        async () => expect((await host.recordings.show(recordingId)).state).to.equal('deleted'),
        {
          within: 20_000,
        },
      );
      const left: string[] = [];
      for await (const object of objects.list(`${folder}/`)) left.push(splitKey(object.key).name);
      expect(left).to.deep.equal(['tombstone.json']);
      for (const name of ['clips', 'bookmarks']) {
        expect(await mongo.db().collection(name).countDocuments({ callId }), name).to.equal(0);
      }
      expect(await codeOf(marks(manager).play(clipId))).to.equal('not-found');
      expect(await codeOf(marks(manager).mark({ recordingId, offsetMs: 1 }))).to.equal('recording.deleted');
      expect(await codeOf(marks(manager).cut({ recordingId, fromMs: 0, toMs: 2_000 }))).to.equal(
        'recording.deleted',
      );
    } finally {
      objects.close();
    }
  });
});
