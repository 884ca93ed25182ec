import { expect } from 'chai';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { listenerCapabilities, WebrtcListener } from '#support/webrtc-listener.ts';
import { type LivePlane, startLivePlane, type TestListener } from './live-plane.ts';

const sha256 = (fill: string) => Array.from({ length: 32 }, () => fill).join(':');

/** What no honest client sends. Some of it the doors refuse before; the plane must stand it all the same. */
const dtlsForgeries: Record<string, unknown> = {
  'no fingerprints': { role: 'client', fingerprints: [] },
  'fingerprints that are no array': { role: 'client', fingerprints: 'AA:BB' },
  'nothing at all': {},
  'an unknown algorithm': { fingerprints: [{ algorithm: 'md5', value: 'AA:BB' }] },
  'a role that does not exist': {
    role: 'boss',
    fingerprints: [{ algorithm: 'sha-256', value: sha256('AB') }],
  },
};

const capabilityForgeries: Record<string, Record<string, unknown>> = {
  'no codecs': { codecs: [] },
  'only video': { codecs: [{ kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 }] },
  'another clock': { codecs: [{ kind: 'audio', mimeType: 'audio/PCMU', clockRate: 16_000 }] },
  'another number of channels': {
    codecs: [{ kind: 'audio', mimeType: 'audio/PCMU', clockRate: 8_000, channels: 8 }],
  },
  'a codec without a type': { codecs: [{ kind: 'audio', clockRate: 8_000 }] },
  'a clock that is a word': { codecs: [{ kind: 'audio', mimeType: 'audio/PCMU', clockRate: 'fast' }] },
  'codecs that are no array': { codecs: 'PCMU' },
};

async function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => 'accepted',
    (error: { code?: unknown }) => error.code ?? error,
  );
}

describe('forged media parameters', () => {
  let live: LivePlane;
  let witness: TestListener;
  let sending: Sending;
  let pid: number;

  before(async () => {
    live = await startLivePlane();
    pid = live.plane.workers()[0]!.pid;
    const to = await live.openCall('c', [{ legId: 'agent', role: 'agent' }]);
    witness = await live.hear('c');
    sending = sendTone({ to: to.agent!, hz: 440, seconds: 60 });
    await eventually(() => expect(witness.ears.frequencyOf('agent')).to.equal(440));
  });
  after(async () => {
    await sending?.stop();
    await live?.close();
  });

  async function expectNothingHappened(): Promise<void> {
    const before = witness.ears.packets;
    await eventually(() => expect(witness.ears.packets).to.be.greaterThan(before + 10));
    expect(witness.ears.leg('agent').lost).to.equal(0);
    expect(live.plane.workers().map((worker) => worker.pid)).to.deep.equal([pid]);
    expect(live.plane.stats().workerDeaths).to.equal(0);
  }

  for (const [name, dtlsParameters] of Object.entries(dtlsForgeries)) {
    it(`are refused and harm nobody: DTLS parameters with ${name}`, async () => {
      const listeningId = `forger ${name}`;
      await live.plane.listeners.join({ listeningId, callId: 'c', rtpCapabilities: listenerCapabilities });
      const attempt = live.plane.listeners.connect(listeningId, dtlsParameters as Record<string, unknown>);
      expect(await codeOf(attempt)).to.equal('media.parameters');
      live.plane.listeners.leave(listeningId);
      await expectNothingHappened();
    });
  }

  for (const [name, rtpCapabilities] of Object.entries(capabilityForgeries)) {
    it(`are refused and harm nobody: RTP capabilities with ${name}`, async () => {
      const attempt = live.plane.listeners.join({ listeningId: 'forger', callId: 'c', rtpCapabilities });
      expect(await codeOf(attempt)).to.equal('media.capabilities');
      expect(live.plane.listeners.listenersOf('c')).to.equal(1);
      await expectNothingHappened();
    });
  }

  it('do not let anyone hear with a fingerprint that is not theirs', async () => {
    const lost: string[] = [];
    live.plane.listeners.on('interrupted', ({ listeningId, reason }) =>
      lost.push(`${listeningId} ${reason}`),
    );
    const { plane } = live;
    const listeningId = 'impostor';
    const offer = await plane.listeners.join({
      listeningId,
      callId: 'c',
      rtpCapabilities: listenerCapabilities,
    });
    const ears = new WebrtcListener(offer.transport, {
      connect: () =>
        plane.listeners.connect(listeningId, {
          role: 'client',
          fingerprints: [{ algorithm: 'sha-256', value: sha256('AB') }],
        }),
      resume: (consumerIds) => plane.listeners.resume(listeningId, consumerIds),
    });
    await ears.add(...offer.consumers).catch(() => undefined);
    await eventually(() => expect(lost).to.include('impostor connection-lost'));
    expect(ears.packets).to.equal(0);
    ears.close();
    await expectNothingHappened();
  });

  it('cannot connect a transport a second time', async () => {
    const attempt = live.plane.listeners.connect(witness.listeningId, {
      role: 'client',
      fingerprints: [{ algorithm: 'sha-256', value: sha256('AB') }],
    });
    expect(await codeOf(attempt)).to.equal('media.parameters');
    await expectNothingHappened();
  });

  it('are told apart from listenings that do not exist', async () => {
    expect(await codeOf(live.plane.listeners.connect('nobody', {}))).to.equal('listening.unknown');
    expect(await codeOf(live.plane.listeners.resume('nobody'))).to.equal('listening.unknown');
    expect(await codeOf(live.plane.listeners.restartIce('nobody'))).to.equal('listening.unknown');
    expect(await live.plane.listeners.sent('nobody')).to.deep.equal({ bytes: 0, packets: 0 });
    live.plane.listeners.leave('nobody');
  });
});
