import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Codec } from '#contract/primitives.ts';
import { peaksFile, type RecordingDetail, recordingEvents } from '#contract/recordings.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import type { SocketClient } from '#support/clients/socket-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { decodeAudio } from '#support/decode-audio.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { type Sending, sendOpusTone, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import { dominantFrequency } from '#support/tone.ts';

const sampleRate = 8_000;

describe('First light: one call travels the whole house', function () {
  this.timeout(90_000);
  let stores: StackEnv;
  let spoolDir: string;
  let server: ServerProcess;
  let recorders: RecorderProcess[] = [];
  let telephony: TelephonyClient;
  let host: PersonClient;
  let slotId: string;
  let socket: SocketClient;
  const rooms: RoomClient[] = [];
  const sendings: Sending[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    spoolDir = await mkdtemp(join(tmpdir(), 'cloud-listening-spool-'));
    [server, recorders[0]] = await Promise.all([startServer(stores), startRecorder(stores, spoolDir)]);
    telephony = new TelephonyClient(server.url, testTelephonyKey);
    host = await PersonClient.signIn(server.url, 'host');
    socket = await host.socket();
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    const plan = { lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 5 };
    slotId = (await host.seats.plan(plan)).id;
  });
  after(async () => {
    for (const room of rooms) room.close();
    socket?.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await Promise.all([server?.stop(), ...recorders.map((recorder) => recorder.stop())]);
    if (spoolDir) await rm(spoolDir, { recursive: true, force: true });
  });

  const open = (codec: Codec, lineId = 'supermarket') =>
    telephony.open({
      lineId,
      agentId: 'agent-1',
      legs: [
        { role: 'agent', codec },
        { role: 'customer', codec },
      ],
    });

  const speak = (
    codec: Codec,
    to: { address: string; port: number },
    hz: number,
    seconds: number,
    startAt: number,
  ) => {
    const sending =
      codec === 'opus'
        ? sendOpusTone({ to, hz, seconds, startAt })
        : sendTone({ to, codec, hz, seconds, startAt });
    sendings.push(sending);
    return sending;
  };

  const archived = (callId: string, within = 20_000): Promise<RecordingDetail> =>
    eventually(
      async () => {
        const { recordings } = await host.recordings.list();
        const recording = recordings.find((one) => one.callId === callId);
        expect(recording?.state).to.equal('archived');
        return host.recordings.show(recording!.id);
      },
      { within, every: 100 },
    );

  /** The states that a browser with the library on its screen was told of. */
  const told = (recordingId: string) =>
    socket
      .seen(recordingEvents.moved)
      .filter((one) => one.recordingId === recordingId)
      .map(({ state }) => state);

  /** Frequencies of one second in the middle of each channel, left first. */
  const tonesOf = (channels: Int16Array[]) =>
    channels.map((samples) => {
      const middle = Math.floor(samples.length / 2);
      return dominantFrequency(
        samples.subarray(middle - sampleRate / 2, middle + sampleRate / 2),
        sampleRate,
      );
    });

  for (const codec of ['PCMU', 'PCMA', 'opus'] as const) {
    it(`carries ${codec}: heard apart, archived agent left and customer right, at its exact length`, async () => {
      const call = await open(codec);
      const legOf = (role: string) => call.legs.find((leg) => leg.role === role)!;
      const seconds = 6;
      const startAt = Date.now() + 100;
      const agent = speak(codec, legOf('agent'), 440, seconds, startAt);
      const customer = speak(codec, legOf('customer'), 880, seconds, startAt);
      await eventually(async () => expect((await telephony.show(call.callId)).state).to.equal('live'));

      const room = await RoomClient.open(host, slotId);
      rooms.push(room);
      const { ears } = await room.listen(call.callId);
      await eventually(() => {
        for (const { legId } of call.legs) {
          expect(ears.leg(legId).packets).to.be.greaterThan(20);
          expect(ears.leg(legId).lost).to.equal(0);
        }
        if (codec === 'opus') return;
        expect(ears.frequencyOf(legOf('agent').legId)).to.equal(440);
        expect(ears.frequencyOf(legOf('customer').legId)).to.equal(880);
      });

      await Promise.all([agent.done, customer.done]);
      await telephony.end(call.callId);
      const recording = await archived(call.callId);
      await eventually(() => expect(told(recording.id)).to.deep.equal(['captured', 'sealed', 'archived']));
      expect(recording.coverage).to.equal(1);
      expect(recording.durationMs).to.be.within(seconds * 1000 - 50, seconds * 1000 + 50);
      expect(recording.gaps).to.deep.equal([]);

      const audio = await host.recordings.audio(recording.id);
      const channels = await decodeAudio(audio.url, sampleRate);
      expect(channels).to.have.length(2);
      expect(tonesOf(channels)).to.deep.equal([440, 880]);
      expect((channels[0]!.length / sampleRate) * 1000).to.be.within(
        seconds * 1000 - 50,
        seconds * 1000 + 50,
      );

      const peaks = peaksFile.parse(await (await fetch(audio.peaksUrl)).json());
      expect(peaks.durationMs).to.equal(recording.durationMs);
      const part = await fetch(audio.url, { headers: { range: 'bytes=1000-1999' } });
      expect(part.status).to.equal(206);
      expect((await part.arrayBuffer()).byteLength).to.equal(1_000);

      // A sine of half the full scale, brought down to what every call is replayed at.
      expect(recording.loudness!.agent).to.be.closeTo(-9.7, 1);
      expect(audio.gainDb).to.equal(recording.loudness!.gainDb);
      expect(audio.gainDb).to.be.closeTo(-18 - recording.loudness!.integrated!, 0.11);
      // A moment later there is a second form of it, for browsers that cannot play the first.
      const { renderings } = await eventually(
        async () => {
          const answer = await host.recordings.audio(recording.id);
          expect(answer.renderings.map((one) => one.contentType)).to.deep.equal(['audio/webm', 'audio/mp4']);
          return answer;
        },
        { within: 30_000, every: 500 },
      );
      expect(tonesOf(await decodeAudio(renderings[1]!.url, sampleRate))).to.deep.equal([440, 880]);
    });
  }

  it('keeps the bucket shut: an address that was not signed answers nothing', async () => {
    const { recordings } = await host.recordings.list();
    const { url } = await host.recordings.audio(recordings[0]!.id);
    const bare = new URL(url);
    bare.search = '';
    expect((await fetch(bare)).status).to.equal(403);
  });

  it('puts silence where a leg was on hold, and keeps the length', async () => {
    const call = await open('PCMU');
    const [agent, customer] = ['agent', 'customer'].map(
      (role) => call.legs.find((leg) => leg.role === role)!,
    );
    const startAt = Date.now() + 100;
    const sent = [speak('PCMU', agent!, 440, 6, startAt), speak('PCMU', customer!, 880, 6, startAt)];
    await eventually(() => Date.now() > startAt + 2_000, { within: 4_000 });
    await telephony.hold(call.callId, customer!.legId, true);
    await eventually(() => Date.now() > startAt + 4_000, { within: 4_000 });
    await telephony.hold(call.callId, customer!.legId, false);
    await Promise.all(sent.map((sending) => sending.done));
    await telephony.end(call.callId);

    const recording = await archived(call.callId);
    const [left, right] = await decodeAudio((await host.recordings.audio(recording.id)).url, sampleRate);
    expect(left!.length / sampleRate).to.be.within(5.95, 6.05);
    const second = (samples: Int16Array, at: number) =>
      dominantFrequency(samples.subarray(at * sampleRate, (at + 1) * sampleRate), sampleRate);
    expect([0.5, 2.5, 4.8].map((at) => second(left!, at))).to.deep.equal([440, 440, 440]);
    expect([0.5, 2.5, 4.8].map((at) => second(right!, at))).to.deep.equal([880, undefined, 880]);
    const hold = recording.gaps.find((gap) => gap.cause === 'hold');
    expect(hold).to.include({ role: 'customer' });
    expect(hold!.toMs - hold!.fromMs).to.be.within(1_800, 2_200);
  });

  it('loses nothing when the recorder is killed in mid-call and another takes over', async () => {
    const call = await open('PCMU');
    const startAt = Date.now() + 100;
    const sent = call.legs.map((leg) => speak('PCMU', leg, leg.role === 'agent' ? 440 : 880, 8, startAt));
    await eventually(() => Date.now() > startAt + 2_000, { within: 4_000 });
    recorders[0]!.kill();
    recorders = [await startRecorder(stores, spoolDir)];
    await Promise.all(sent.map((sending) => sending.done));
    await telephony.end(call.callId);

    const recording = await archived(call.callId, 30_000);
    expect(recording.coverage).to.equal(1);
    expect(recording.gaps).to.deep.equal([]);
    const channels = await decodeAudio((await host.recordings.audio(recording.id)).url, sampleRate);
    expect(tonesOf(channels)).to.deep.equal([440, 880]);
    expect(channels[0]!.length / sampleRate).to.be.within(7.95, 8.05);
  });

  it('leaves no audio in the spool', async () => {
    await eventually(
      async () => {
        const left = await readdir(spoolDir, { recursive: true });
        expect(
          left.filter((name) => /\.(rtpdump|webm|ogg|json)$/.test(name) && !name.startsWith('.')),
        ).to.deep.equal([]);
      },
      { within: 10_000 },
    );
  });

  it('leaves no recording of a call that nobody spoke on, and ends it by itself', async () => {
    const quick = await startServer(stores, { CALL_MEDIA_TIMEOUT_MS: '700' });
    try {
      const phone = new TelephonyClient(quick.url, testTelephonyKey);
      const call = await phone.open({ lineId: 'supermarket' });
      await eventually(async () => {
        const { state, endReason } = await phone.show(call.callId);
        expect({ state, endReason }).to.deep.equal({ state: 'ended', endReason: 'media-timeout' });
      });
      const { recordings } = await host.recordings.list();
      expect(recordings.map((one) => one.callId)).not.to.include(call.callId);
    } finally {
      await quick.stop();
    }
  });
});
