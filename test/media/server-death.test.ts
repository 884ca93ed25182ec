import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PersonClient } from '#support/clients/person-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { decodeAudio } from '#support/decode-audio.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import { dominantFrequency } from '#support/tone.ts';

const sampleRate = 8_000;

describe('A server that is killed in mid-call', function () {
  this.timeout(90_000);
  let server: ServerProcess;
  let recorder: RecorderProcess;
  let spoolDir: string;
  const sendings: Sending[] = [];

  after(async () => {
    await Promise.all(sendings.map((sending) => sending.stop()));
    await Promise.all([server?.stop(), recorder?.stop()]);
    if (spoolDir) await rm(spoolDir, { recursive: true, force: true });
  });

  it('leaves a recording of all but the last second, and calls that are over', async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    spoolDir = await mkdtemp(join(tmpdir(), 'cloud-listening-spool-'));
    [server, recorder] = await Promise.all([startServer(stores), startRecorder(stores, spoolDir)]);
    const call = await new TelephonyClient(server.url, testTelephonyKey).open({ lineId: 'supermarket' });
    const startAt = Date.now() + 100;
    for (const leg of call.legs) {
      sendings.push(sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 10, startAt }));
    }
    await eventually(() => Date.now() > startAt + 4_000, { within: 6_000 });
    server.kill();

    server = await startServer(stores);
    const telephony = new TelephonyClient(server.url, testTelephonyKey);
    await eventually(
      async () => {
        const { state, endReason } = await telephony.show(call.callId);
        expect({ state, endReason }).to.deep.equal({ state: 'ended', endReason: 'server-stop' });
      },
      { within: 25_000, every: 250 },
    );
    const host = await PersonClient.signIn(server.url, 'host');
    const recording = await eventually(
      async () => {
        const { recordings } = await host.recordings.list();
        const one = recordings.find((candidate) => candidate.callId === call.callId);
        expect(one?.state).to.equal('archived');
        return one!;
      },
      { within: 40_000, every: 250 },
    );
    expect(recording.durationMs).to.be.within(3_000, 4_500);
    const channels = await decodeAudio((await host.recordings.audio(recording.id)).url, sampleRate);
    const tones = channels.map((samples) =>
      dominantFrequency(samples.subarray(sampleRate, 2 * sampleRate), sampleRate),
    );
    expect(tones).to.deep.equal([440, 880]);
  });
});
