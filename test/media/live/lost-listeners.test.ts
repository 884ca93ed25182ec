import { expect } from 'chai';
import type { TransportOffer } from '#contract/media.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { relayUdp, type UdpRelay } from '#support/udp-relay.ts';
import { listenerCapabilities, WebrtcListener } from '#support/webrtc-listener.ts';
import { type LivePlane, startLivePlane, type TestListener } from './live-plane.ts';

/** The offer as it looks through a relay: the one UDP candidate has the relay's port. */
function through(transport: TransportOffer, relay: UdpRelay): TransportOffer {
  return {
    ...transport,
    iceCandidates: transport.iceCandidates
      .filter(({ protocol }) => protocol === 'udp')
      .map((candidate) => ({ ...candidate, port: relay.port })),
  };
}

describe('a listener whose network fails', () => {
  let live: LivePlane;
  let steady: TestListener;
  let ears: WebrtcListener;
  let relay: UdpRelay;
  let sending: Sending;
  const listeningId = 'traveller';
  const told: string[] = [];

  before(async () => {
    live = await startLivePlane({ graceMs: 500 });
    const { listeners } = live.plane;
    listeners.on('connected', (event) => told.push(`${event.listeningId} connected`));
    listeners.on('interrupted', (event) => told.push(`${event.listeningId} ${event.callId} ${event.reason}`));
    const to = await live.openCall('c', [{ legId: 'agent', role: 'agent' }]);
    sending = sendTone({ to: to.agent!, hz: 440, seconds: 60 });
    steady = await live.hear('c', { listeningId: 'steady' });
    const offer = await listeners.join({ listeningId, callId: 'c', rtpCapabilities: listenerCapabilities });
    const candidate = offer.transport.iceCandidates.find(({ protocol }) => protocol === 'udp')!;
    relay = await relayUdp(candidate.port as number);
    ears = await WebrtcListener.hear(
      { transport: through(offer.transport, relay), consumers: offer.consumers },
      {
        connect: (dtlsParameters) => listeners.connect(listeningId, dtlsParameters),
        resume: (consumerIds) => listeners.resume(listeningId, consumerIds),
      },
    );
  });
  after(async () => {
    ears?.close();
    relay?.close();
    await sending?.stop();
    await live?.close();
  });

  it('is told that it is connected, and goes on hearing after new ICE credentials were made', async () => {
    await eventually(() => expect(ears.frequencyOf('agent')).to.equal(440));
    expect(told).to.include.members(['steady connected', 'traveller connected']);
    const fresh = await live.plane.listeners.restartIce(listeningId);
    expect(fresh).to.have.keys('usernameFragment', 'password', 'iceLite');
    const before = ears.packets;
    await eventually(() => expect(ears.packets).to.be.greaterThan(before + 10));
  });

  it('hears on after a short break, and nobody speaks of it', async () => {
    relay.cut();
    const steadyBefore = steady.ears.packets;
    // Two seconds of the call pass.
    await eventually(() => expect(steady.ears.packets).to.be.greaterThan(steadyBefore + 100));
    const before = ears.packets;
    relay.mend();
    await eventually(() => expect(ears.packets).to.be.greaterThan(before + 10));
    expect(told.filter((one) => one.includes('connection-lost'))).to.be.empty;
  });

  it('is given up only when consent is gone and nothing came back, while others hear on', async function () {
    this.timeout(30_000);
    const sentBefore = await live.plane.listeners.sent(listeningId);
    const cutAt = performance.now();
    relay.cut();
    await eventually(() => expect(told).to.include('traveller c connection-lost'), { within: 20_000 });
    // Ten seconds from the latest consent check, of which there is one every few seconds; and half a second of grace.
    expect(performance.now() - cutAt).to.be.greaterThan(4_000);
    expect(live.plane.listeners.listenersOf('c')).to.equal(1);
    const sent = await live.plane.listeners.sent(listeningId);
    expect(sent.packets).to.be.greaterThan(sentBefore.packets);
    expect(steady.ears.leg('agent').lost).to.equal(0);
    expect(steady.ears.frequencyOf('agent')).to.equal(440);
    expect(told.filter((one) => one.startsWith('steady'))).to.deep.equal(['steady connected']);
  });
});
