import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { RecordingDetail } from '#contract/recordings.ts';
import { storesConfig } from '#kernel/config.ts';
import { parseRtp } from '#kernel/rtp/packet.ts';
import { RtpdumpScanner } from '#kernel/rtp/rtpdump.ts';
import { createObjectStore } from '#kernel/s3.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { decodeAudio } from '#support/decode-audio.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { createRtpSender, type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import { dominantFrequency } from '#support/tone.ts';

const sampleRate = 8_000;
/** The longest pause in this house, ms. */
const pauseMaxMs = 2_500;

describe('A call that is paused for a card number', function () {
  this.timeout(90_000);
  let stores: StackEnv;
  let spoolDir: string;
  let server: ServerProcess;
  let recorder: RecorderProcess;
  let telephony: TelephonyClient;
  let host: PersonClient;
  let slotId: string;
  const rooms: RoomClient[] = [];
  const sendings: Sending[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    spoolDir = await mkdtemp(join(tmpdir(), 'cloud-listening-spool-'));
    [server, recorder] = await Promise.all([
      startServer(stores, { PAUSE_MAX_MS: String(pauseMaxMs) }),
      startRecorder(stores, spoolDir),
    ]);
    telephony = new TelephonyClient(server.url, testTelephonyKey);
    host = await PersonClient.signIn(server.url, 'host');
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    const plan = { lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 5 };
    slotId = (await host.seats.plan(plan)).id;
  });
  after(async () => {
    for (const room of rooms) room.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await Promise.all([server?.stop(), recorder?.stop()]);
    if (spoolDir) await rm(spoolDir, { recursive: true, force: true });
  });

  /** A live call whose agent speaks at 440 Hz and whose customer at 880. */
  async function talk(seconds: number) {
    const call = await telephony.open({ lineId: 'supermarket', agentId: 'agent-1' });
    const startAt = Date.now() + 100;
    const sent = call.legs.map((leg) => {
      const sending = sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds, startAt });
      sendings.push(sending);
      return sending;
    });
    await eventually(async () => expect((await telephony.show(call.callId)).state).to.equal('live'));
    const until = (ms: number) => eventually(() => Date.now() >= startAt + ms, { within: ms + 2_000 });
    return {
      ...call,
      startAt,
      sent,
      until,
      legOf: (role: string) => call.legs.find((leg) => leg.role === role)!,
    };
  }

  const archived = (callId: string): Promise<RecordingDetail> =>
    eventually(
      async () => {
        const { recordings } = await host.recordings.list();
        const recording = recordings.find((one) => one.callId === callId);
        expect(recording?.state).to.equal('archived');
        return host.recordings.show(recording!.id);
      },
      { within: 20_000, every: 100 },
    );

  const refusal = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );

  it('is silent for the listener and in the archive, keeps its length, and says so everywhere', async () => {
    const call = await talk(6);
    const room = await RoomClient.open(host, slotId);
    rooms.push(room);
    let lastHeardAt = 0;
    const { ears } = await room.listen(call.callId, {
      onPacket: (_, __, at) => {
        lastHeardAt = at;
      },
    });
    await call.until(1_900);
    expect(ears.frequencyOf(call.legOf('customer').legId)).to.equal(880);

    const paused = await telephony.pause(call.callId);
    const answeredAt = performance.now();
    const pausedAt = Date.now();
    expect(paused.pause).to.include({ by: 'telephony' });
    expect(paused.pause!.until - paused.pause!.since).to.equal(pauseMaxMs);
    const [shown] = (await host.calls.live()).calls;
    expect(shown!.pause).to.deep.equal(paused.pause);
    await call.until(3_900);
    expect(lastHeardAt - answeredAt).to.be.lessThan(200);
    ears.forget();
    const resumed = await telephony.resume(call.callId);
    const resumedAt = Date.now();
    expect(resumed.pause).to.equal(null);
    await eventually(() => {
      expect(ears.frequencyOf(call.legOf('agent').legId)).to.equal(440);
      expect(ears.frequencyOf(call.legOf('customer').legId)).to.equal(880);
    });
    await Promise.all(call.sent.map(({ done }) => done));
    await telephony.end(call.callId);

    const recording = await archived(call.callId);
    expect(recording.coverage).to.equal(1);
    expect(recording.durationMs).to.be.within(5_950, 6_050);
    expect(recording.gaps.map(({ role, cause }) => `${role} ${cause}`)).to.have.members([
      'agent pause',
      'customer pause',
    ]);
    for (const { fromMs, toMs } of recording.gaps) {
      expect(fromMs).to.be.closeTo(pausedAt - recording.startedAt, 150);
      expect(toMs).to.be.closeTo(resumedAt - recording.startedAt, 150);
    }
    const channels = await decodeAudio((await host.recordings.audio(recording.id)).url, sampleRate);
    const { fromMs, toMs } = recording.gaps[0]!;
    const part = (samples: Int16Array, from: number, to: number) =>
      samples.subarray((from / 1_000) * sampleRate, (to / 1_000) * sampleRate);
    for (const [place, samples] of channels.entries()) {
      const hz = [440, 880][place];
      expect(samples.length / sampleRate).to.be.within(5.95, 6.05);
      expect(dominantFrequency(part(samples, fromMs - 1_000, fromMs - 50), sampleRate)).to.equal(hz);
      expect(dominantFrequency(part(samples, toMs + 50, toMs + 1_000), sampleRate)).to.equal(hz);
      // The codec rings for a moment at the edges; of the pause itself there is nothing.
      const loudest = part(samples, fromMs + 50, toMs - 50).reduce(
        (most, one) => Math.max(most, Math.abs(one)),
        0,
      );
      expect(loudest).to.be.lessThan(50);
    }
  });

  it('answers what does not fit by its code', async () => {
    const call = await talk(4);
    expect(await refusal(telephony.resume(call.callId))).to.equal('call.not-paused');
    await telephony.pause(call.callId);
    expect(await refusal(telephony.pause(call.callId))).to.equal('call.paused');
    await telephony.resume(call.callId);
    expect(await refusal(telephony.resume(call.callId))).to.equal('call.not-paused');
    await telephony.end(call.callId);
    expect(await refusal(telephony.pause(call.callId))).to.equal('call.ended');
    expect(await refusal(telephony.resume(call.callId))).to.equal('call.ended');
    expect(await refusal(telephony.pause('call_nowhere'))).to.equal('not-found');
    const stranger = new TelephonyClient(server.url, 'not-the-key-of-this-house');
    expect(await refusal(stranger.pause(call.callId))).to.equal('telephony.key');
  });

  it('can be paused by its agent and by an admin, and by nobody else', async () => {
    const [agent, other, listener, admin] = await Promise.all(
      ['agent-1', 'agent-2', 'supermarket-manager', 'admin'].map((id) => PersonClient.signIn(server.url, id)),
    );
    const call = await talk(4);
    for (const stranger of [other!, listener!, host]) {
      expect(await refusal(stranger.calls.pause(call.callId))).to.equal('ability.denied');
    }
    expect((await agent!.calls.pause(call.callId)).pause).to.include({ by: 'agent' });
    expect(await refusal(other!.calls.resume(call.callId))).to.equal('ability.denied');
    expect((await admin!.calls.resume(call.callId)).pause).to.equal(null);
    expect((await admin!.calls.pause(call.callId)).pause).to.include({ by: 'admin' });
    await telephony.end(call.callId);
    expect((await telephony.show(call.callId)).pause).to.equal(null);
  });

  it('goes on by itself when nobody resumes it', async () => {
    const call = await talk(5);
    const { pause } = await telephony.pause(call.callId);
    await eventually(async () => expect((await telephony.show(call.callId)).pause).to.equal(null), {
      within: pauseMaxMs + 2_000,
    });
    expect(Date.now()).to.be.at.least(pause!.until);
    await Promise.all(call.sent.map(({ done }) => done));
    await telephony.end(call.callId);
    const { gaps } = await archived(call.callId);
    expect(gaps).to.have.lengthOf(2);
    for (const { cause, fromMs, toMs } of gaps) {
      expect(cause).to.equal('pause');
      expect(toMs - fromMs).to.be.closeTo(pauseMaxMs, 300);
    }
  });

  it('keeps the digits that the customer types out of spool and archive', async () => {
    const call = await talk(3);
    // RFC 4733: event, end bit and volume, duration; and the same under a payload type that nobody announced.
    const digits = Buffer.from([0x07, 0x8a, 0x5e, 0xd1]);
    const [voice] = call.sent;
    const sender = createRtpSender({ to: call.legOf('agent'), ssrc: voice!.ssrc });
    for (const payloadType of [101, 96]) {
      for (let at = 0; at < 10; at++) {
        await sender.send({ sequenceNumber: at, timestamp: 160 * at, payload: digits, payloadType });
      }
    }
    await sender.close();
    const folder = join(spoolDir, call.callId);
    await call.until(2_000);
    const types = new Set<number>();
    for (const name of await readdir(folder)) {
      const bytes = await readFile(join(folder, name));
      expect(bytes.includes(digits), name).to.equal(false);
      if (!name.endsWith('.rtpdump')) continue;
      new RtpdumpScanner(({ rtp }) => types.add(parseRtp(rtp)!.payloadType)).push(bytes);
    }
    expect([...types]).to.deep.equal([0]);

    await Promise.all(call.sent.map(({ done }) => done));
    await telephony.end(call.callId);
    await archived(call.callId);
    const store = createObjectStore(storesConfig({ ...stores }));
    try {
      const { Contents = [] } = await store.client.send(new ListObjectsV2Command({ Bucket: store.bucket }));
      expect(Contents).not.to.be.empty;
      for (const { Key } of Contents) {
        const { Body } = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key }));
        const bytes = Buffer.from(await Body!.transformToByteArray());
        expect(bytes.includes(digits), Key).to.equal(false);
      }
    } finally {
      store.close();
    }
  });
});
