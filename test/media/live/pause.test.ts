import { expect } from 'chai';
import { eventually } from '#support/eventually.ts';
import { opusTonePackets } from '#support/opus-tone.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { listenerCapabilities } from '#support/webrtc-listener.ts';
import { WebrtcSoftphone } from '#support/webrtc-softphone.ts';
import { type LivePlane, startLivePlane, type TestListener } from './live-plane.ts';

/** How soon a listener hears nothing any more, ms: what is on its way may still arrive. */
const quietWithinMs = 200;

describe('a paused call', () => {
  let live: LivePlane;
  const sendings: Sending[] = [];
  const bothLegs = [
    { legId: 'agent', role: 'agent' },
    { legId: 'customer', role: 'customer' },
  ] as const;

  before(async () => {
    live = await startLivePlane();
  });
  afterEach(async () => {
    await Promise.all(sendings.splice(0).map((one) => one.stop()));
  });
  after(() => live?.close());

  async function talk(callId: string): Promise<void> {
    const to = await live.openCall(callId, bothLegs);
    sendings.push(sendTone({ to: to.agent!, hz: 440, seconds: 60 }));
    sendings.push(sendTone({ to: to.customer!, hz: 880, seconds: 60 }));
  }

  const hearsBoth = ({ ears }: TestListener) =>
    eventually(() => {
      expect(ears.frequencyOf('agent')).to.equal(440);
      expect(ears.frequencyOf('customer')).to.equal(880);
    });

  const stored = (callId: string) =>
    (live.tap.calls.get(callId)?.legs ?? []).map(({ packets }) => packets.length);

  /** Until the legs have sent so many packets more. */
  async function packetsCame(callId: string, count: number): Promise<void> {
    const received = () =>
      live.plane.calls.legStats(callId).reduce((sum, leg) => Math.min(sum, leg.received), Infinity);
    const before = received();
    await eventually(() => expect(received()).to.be.at.least(before + count));
  }

  it('goes to no recorder from that moment on, and to no listener', async () => {
    await talk('quiet');
    let lastAt = 0;
    const listener = await live.hear('quiet', {
      onPacket: (_, __, at) => {
        lastAt = at;
      },
    });
    await hearsBoth(listener);

    live.plane.calls.pauseCall('quiet', true);
    const pausedAt = performance.now();
    const atPause = stored('quiet');
    await packetsCame('quiet', 40);
    expect(stored('quiet')).to.deep.equal(atPause);
    expect(lastAt - pausedAt).to.be.lessThan(quietWithinMs);
    listener.ears.forget();

    live.plane.calls.pauseCall('quiet', false);
    await hearsBoth(listener);
    expect(listener.ears.leg('agent').lost).to.equal(0);
    expect(listener.ears.leg('customer').lost).to.equal(0);
    expect(live.tap.calls.get('quiet')!.pauses.map(({ on }) => on)).to.deep.equal([true, false]);
    for (const [place, count] of stored('quiet').entries()) expect(count).to.be.greaterThan(atPause[place]!);
    await live.plane.calls.closeCall('quiet');
  });

  it('is silent for who comes in the meantime, and for a leg that joins', async () => {
    const to = await live.openCall('late', [bothLegs[0]]);
    sendings.push(sendTone({ to: to.agent!, hz: 440, seconds: 60 }));
    live.plane.calls.pauseCall('late', true);
    const listener = await live.hear('late');
    const off = live.plane.listeners.on('consumer-added', ({ listeningId, consumer }) => {
      if (listeningId === listener.listeningId) void listener.ears.add(consumer);
    });
    const customer = await live.plane.calls.addRtpLeg('late', {
      legId: 'customer',
      role: 'customer',
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventPayloadType: 101,
    });
    sendings.push(sendTone({ to: customer, hz: 880, seconds: 60 }));
    await eventually(() => expect(listener.ears.streams).to.have.lengthOf(2));
    await packetsCame('late', 30);
    // Asking again does not open it.
    await live.plane.listeners.resume(listener.listeningId);
    await packetsCame('late', 20);
    expect(listener.ears.packets).to.equal(0);
    expect(stored('late')).to.deep.equal([0, 0]);

    live.plane.calls.pauseCall('late', false);
    await hearsBoth(listener);
    off();
    await live.plane.calls.closeCall('late');
  });

  it('leaves a hold alone: what was held before or in the pause is held after it', async () => {
    await talk('held');
    const listener = await live.hear('held');
    await hearsBoth(listener);
    live.plane.calls.pauseCall('held', true);
    live.plane.calls.holdLeg('held', 'customer', true);
    live.plane.calls.pauseCall('held', false);
    listener.ears.forget();
    await eventually(() => expect(listener.ears.frequencyOf('agent')).to.equal(440));
    // What was under way when it was held may still have come.
    const underWay = listener.ears.leg('customer').packets;
    await packetsCame('held', 20);
    expect(listener.ears.leg('customer').packets).to.equal(underWay);
    live.plane.calls.pauseCall('held', true);
    live.plane.calls.holdLeg('held', 'customer', false);
    const atPause = stored('held');
    await packetsCame('held', 20);
    expect(stored('held')).to.deep.equal(atPause);
    live.plane.calls.pauseCall('held', false);
    await hearsBoth(listener);
    await live.plane.calls.closeCall('held');
  });

  it('stays paused when its SFU worker is killed', async () => {
    await talk('killed');
    const listeners = new Map([['ear', await live.hear('killed', { listeningId: 'ear' })]]);
    await hearsBoth(listeners.get('ear')!);
    const off = live.plane.listeners.on('interrupted', async ({ listeningId, callId }) => {
      listeners.get(listeningId)?.ears.close();
      listeners.set(listeningId, await live.hear(callId, { listeningId }));
    });
    live.plane.calls.pauseCall('killed', true);
    const atPause = stored('killed');
    const before = listeners.get('ear');
    process.kill(live.plane.workers()[0]!.pid, 'SIGKILL');
    await eventually(() => expect(listeners.get('ear')).not.to.equal(before), { within: 10_000 });
    await packetsCame('killed', 30);
    expect(listeners.get('ear')!.ears.packets).to.equal(0);
    expect(stored('killed')).to.deep.equal(atPause);

    live.plane.calls.pauseCall('killed', false);
    await hearsBoth(listeners.get('ear')!);
    off();
    await live.plane.calls.closeCall('killed');
  });

  it('does not part the two who talk by browser', async () => {
    const media = live.plane.softphone;
    const callId = 'browsers';
    await live.plane.calls.openCall(callId);
    const take = async (legId: 'agent' | 'customer') => {
      const offer = await media.joinSide({
        callId,
        legId,
        role: legId,
        rtpCapabilities: listenerCapabilities,
      });
      const phone = new WebrtcSoftphone(offer, {
        connect: (transportId, dtls) => media.connectTransport(callId, legId, transportId, dtls),
        produce: (rtpParameters) => media.produce(callId, legId, rtpParameters),
        resume: (consumerIds) => media.resumeConsumers(callId, legId, consumerIds),
      });
      await phone.hear(...offer.consumers);
      await phone.openMicrophone();
      phone.talk(await opusTonePackets({ hz: 440, seconds: 10 }));
      return phone;
    };
    const agent = await take('agent');
    const off = media.on('side-consumer-added', ({ consumer }) => void agent.hear(consumer));
    const customer = await take('customer');
    const { ears } = await live.hear(callId);
    await eventually(() => {
      for (const leg of [agent.ears.leg('customer'), customer.ears.leg('agent'), ears.leg('agent')])
        expect(leg.packets).to.be.greaterThan(10);
    });

    live.plane.calls.pauseCall(callId, true);
    const atPause = stored(callId);
    await packetsCame(callId, 10);
    ears.forget();
    agent.ears.forget();
    customer.ears.forget();
    await eventually(() => {
      expect(agent.ears.leg('customer').packets).to.be.greaterThan(25);
      expect(customer.ears.leg('agent').packets).to.be.greaterThan(25);
    });
    expect(agent.ears.leg('customer').lost).to.equal(0);
    expect(ears.packets).to.equal(0);
    expect(stored(callId)).to.deep.equal(atPause);

    live.plane.calls.pauseCall(callId, false);
    await eventually(() => {
      expect(ears.leg('agent').packets).to.be.greaterThan(10);
      expect(ears.leg('customer').packets).to.be.greaterThan(10);
    });
    off();
    agent.close();
    customer.close();
    await live.plane.calls.closeCall(callId);
  });

  it('still ends by itself when its media stops, and not while it comes', async () => {
    const quick = await startLivePlane({ mediaTimeoutMs: 600 });
    try {
      const silent: string[] = [];
      quick.plane.calls.on('call-silent', ({ callId }) => void silent.push(callId));
      const to = await quick.openCall('gone', [bothLegs[0]]);
      const sending = sendTone({ to: to.agent!, hz: 440, seconds: 60 });
      sendings.push(sending);
      await eventually(() => expect(quick.plane.calls.legStats('gone')[0]!.received).to.be.greaterThan(0));
      quick.plane.calls.pauseCall('gone', true);
      await eventually(() => expect(quick.plane.calls.legStats('gone')[0]!.received).to.be.greaterThan(60));
      expect(silent).to.deep.equal([]);
      await sending.stop();
      await eventually(() => expect(silent).to.deep.equal(['gone']));
    } finally {
      await quick.close();
    }
  });
});
