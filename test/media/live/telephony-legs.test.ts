import { expect } from 'chai';
import { parseRtp } from '#kernel/rtp/packet.ts';
import { eventually } from '#support/eventually.ts';
import { opusTonePackets } from '#support/opus-tone.ts';
import { type Sending, sendOpusTone, sendTone } from '#support/rtp-sender.ts';
import { type LivePlane, startLivePlane } from './live-plane.ts';

describe('a call of RTP legs', () => {
  let live: LivePlane;
  const sendings: Sending[] = [];
  const sending = (one: Sending) => {
    sendings.push(one);
    return one;
  };
  const bothLegs = [
    { legId: 'agent', role: 'agent' },
    { legId: 'customer', role: 'customer' },
  ] as const;

  before(async () => {
    live = await startLivePlane();
  });
  after(async () => {
    await Promise.all(sendings.map((one) => one.stop()));
    await live?.close();
  });

  it('is heard by two listeners, each leg as its own tone', async () => {
    const to = await live.openCall('tones', [
      { legId: 'agent', role: 'agent' },
      { legId: 'customer', role: 'customer', codec: 'PCMA' },
    ]);
    sending(sendTone({ to: to.agent!, hz: 440, seconds: 20 }));
    sending(sendTone({ to: to.customer!, hz: 880, seconds: 20, codec: 'PCMA' }));
    const [first, second] = await Promise.all([live.hear('tones'), live.hear('tones')]);
    for (const { ears } of [first, second]) {
      await eventually(() => {
        expect(ears.frequencyOf('agent')).to.equal(440);
        expect(ears.frequencyOf('customer')).to.equal(880);
      });
      expect(ears.leg('agent').role).to.equal('agent');
      expect(ears.leg('customer').role).to.equal('customer');
    }
    expect(live.plane.listeners.listenersOf('tones')).to.equal(2);
    await live.plane.calls.closeCall('tones');
  });

  it('reaches tap and listener whole, from the first packet to the last', async () => {
    const to = await live.openCall('whole', bothLegs);
    const { ears, listeningId } = await live.hear('whole');
    const [agent, customer] = await Promise.all([
      sending(sendTone({ to: to.agent!, hz: 440, seconds: 2 })).done,
      sending(sendTone({ to: to.customer!, hz: 880, seconds: 2 })).done,
    ]);
    expect([agent.packets, customer.packets]).to.deep.equal([100, 100]);
    await eventually(() => {
      expect(ears.leg('agent')).to.include({ packets: 100, lost: 0 });
      expect(ears.leg('customer')).to.include({ packets: 100, lost: 0 });
    });
    // Recorders have them some ms after the listeners, counters a tenth of a second.
    await eventually(() => {
      expect(live.tap.leg('whole', 'agent').packets).to.have.lengthOf(100);
      expect(live.tap.leg('whole', 'customer').packets).to.have.lengthOf(100);
      const stats = live.plane.calls.legStats('whole');
      expect(stats.map(({ received, lost, refused }) => ({ received, lost, refused }))).to.deep.equal([
        { received: 100, lost: 0, refused: 0 },
        { received: 100, lost: 0, refused: 0 },
      ]);
    });
    const sent = await live.plane.listeners.sent(listeningId);
    expect(sent.packets).to.equal(200);
    // 12 bytes of RTP header and 160 of audio at least; SRTP adds its tag.
    expect(sent.bytes / 200).to.be.within(172, 200);
    await live.plane.calls.closeCall('whole');
    expect(await live.plane.listeners.sent(listeningId)).to.deep.equal(sent);
  });

  it('relays Opus byte for byte', async () => {
    const frames = await opusTonePackets({ hz: 440, seconds: 1 });
    const to = await live.openCall('opus', [{ legId: 'agent', role: 'agent', codec: 'opus' }]);
    const { ears } = await live.hear('opus', { keepPayloads: 100 });
    await sending(sendOpusTone({ to: to.agent!, hz: 440, seconds: 1 })).done;
    await eventually(() => expect(ears.leg('agent').packets).to.equal(frames.length));
    expect(Buffer.concat(ears.leg('agent').payloads).equals(Buffer.concat(frames))).to.equal(true);
    await eventually(() => {
      const tapped = live.tap.leg('opus', 'agent').packets.map(({ bytes }) => parseRtp(bytes)!.payload);
      expect(Buffer.concat(tapped).equals(Buffer.concat(frames))).to.equal(true);
    });
    expect(live.tap.leg('opus', 'agent').leg).to.include({ codec: 'opus', clockRate: 48_000 });
    await live.plane.calls.closeCall('opus');
  });

  it('offers a leg that comes later to those who listen already', async () => {
    const to = await live.openCall('late', [{ legId: 'agent', role: 'agent' }]);
    sending(sendTone({ to: to.agent!, hz: 440, seconds: 20 }));
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
    sending(sendTone({ to: customer, hz: 880, seconds: 20 }));
    await eventually(() => {
      expect(listener.ears.frequencyOf('agent')).to.equal(440);
      expect(listener.ears.frequencyOf('customer')).to.equal(880);
    });
    off();
    await live.plane.calls.closeCall('late');
  });

  it('keeps a leg on hold from listeners and from the tap, and the other leg goes on', async () => {
    const to = await live.openCall('hold', bothLegs);
    sending(sendTone({ to: to.agent!, hz: 440, seconds: 20 }));
    sending(sendTone({ to: to.customer!, hz: 880, seconds: 20 }));
    const { ears } = await live.hear('hold');
    await eventually(() => expect(ears.frequencyOf('customer')).to.equal(880));

    live.plane.calls.holdLeg('hold', 'customer', true);
    const tapped = live.tap.leg('hold', 'customer');
    const storedAtHold = tapped.packets.length;
    await eventually(() => {
      const customer = live.plane.calls.legStats('hold').find(({ legId }) => legId === 'customer')!;
      expect(customer.received).to.be.greaterThan(storedAtHold + 10);
    });
    ears.forget();
    await eventually(() => expect(ears.leg('agent').packets).to.be.greaterThan(20));
    expect(ears.leg('customer').packets).to.equal(0);
    expect(tapped.packets).to.have.lengthOf(storedAtHold);

    live.plane.calls.holdLeg('hold', 'customer', false);
    await eventually(() => expect(ears.frequencyOf('customer')).to.equal(880));
    expect(tapped.holds.map(({ on }) => on)).to.deep.equal([true, false]);
    expect(tapped.packets.length).to.be.greaterThan(storedAtHold);
    expect(ears.leg('agent').lost).to.equal(0);
    await live.plane.calls.closeCall('hold');
  });

  it('is not touched by others who join, leave and vanish', async () => {
    const to = await live.openCall('calm', bothLegs);
    const steady = await live.hear('calm');
    const agent = sending(sendTone({ to: to.agent!, hz: 440, seconds: 4 }));
    const customer = sending(sendTone({ to: to.customer!, hz: 880, seconds: 4 }));
    for (let round = 0; round < 4; round++) {
      const others = await Promise.all(Array.from({ length: 5 }, () => live.hear('calm')));
      for (const [place, other] of others.entries()) {
        if (place % 2 === 0) other.leave();
        else other.ears.close();
      }
    }
    const sent = await Promise.all([agent.done, customer.done]);
    await eventually(() => {
      expect(steady.ears.leg('agent')).to.include({ packets: sent[0].packets, lost: 0 });
      expect(steady.ears.leg('customer')).to.include({ packets: sent[1].packets, lost: 0 });
    });
    await live.plane.calls.closeCall('calm');
  });

  it('leaves nothing behind when it is closed', async () => {
    const to = await live.openCall('over', bothLegs);
    sending(sendTone({ to: to.agent!, hz: 440, seconds: 20 }));
    const { ears } = await live.hear('over');
    await eventually(() => expect(ears.frequencyOf('agent')).to.equal(440));
    await live.plane.calls.closeCall('over');
    await live.plane.calls.closeCall('over');
    expect(live.ingress.portsInUse).to.equal(0);
    expect(live.plane.listeners.listenersOf('over')).to.equal(0);
    expect(live.tap.calls.get('over')!.endedAt).to.be.a('number');
    expect(live.plane.workers()[0]).to.include({ calls: 0, listeners: 0, streams: 0 });
    const failure = await live.plane.listeners
      .join({ listeningId: 'too-late', callId: 'over', rtpCapabilities: { codecs: [] } })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(failure).to.have.property('code', 'call.ended');
  });

  it('counts for metrics without ever going back', async () => {
    const before = live.plane.stats();
    const to = await live.openCall('counted', [{ legId: 'agent', role: 'agent' }]);
    const { leave } = await live.hear('counted');
    await sending(sendTone({ to: to.agent!, hz: 440, seconds: 0.5 })).done;
    await eventually(() => expect(live.plane.stats().packetsIn).to.equal(before.packetsIn + 25));
    expect(live.plane.stats()).to.include({ calls: 1, legs: 1, listeners: 1, workers: 1, workerDeaths: 0 });
    leave();
    await live.plane.calls.closeCall('counted');
    // Those who left before may still have been counted.
    await eventually(() => expect(live.plane.stats().packetsOut).to.be.at.least(before.packetsOut + 25));
    expect(live.plane.stats()).to.include({ calls: 0, legs: 0, packetsIn: before.packetsIn + 25 });
  });
});
