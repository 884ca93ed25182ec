import { expect } from 'chai';
import type { SoftphoneMedia } from '#domains/calls/calls.ports.ts';
import { parseRtp } from '#kernel/rtp/packet.ts';
import { eventually } from '#support/eventually.ts';
import { opusTonePackets } from '#support/opus-tone.ts';
import { listenerCapabilities, WebrtcListener } from '#support/webrtc-listener.ts';
import { WebrtcSoftphone } from '#support/webrtc-softphone.ts';
import { type LivePlane, startLivePlane } from './live-plane.ts';

const callId = 'browser-call';

describe('a call of two softphones', () => {
  let live: LivePlane;
  let media: SoftphoneMedia;
  let agentVoice: Buffer[];
  let customerVoice: Buffer[];
  let agent: WebrtcSoftphone;
  let customer: WebrtcSoftphone;
  const told: string[] = [];

  async function take(legId: 'agent' | 'customer'): Promise<WebrtcSoftphone> {
    const offer = await media.joinSide({ callId, legId, role: legId, rtpCapabilities: listenerCapabilities });
    const phone = new WebrtcSoftphone(offer, {
      connect: (transportId, dtlsParameters) =>
        media.connectTransport(callId, legId, transportId, dtlsParameters),
      produce: (rtpParameters) => media.produce(callId, legId, rtpParameters),
      resume: (consumerIds) => media.resumeConsumers(callId, legId, consumerIds),
    });
    await phone.hear(...offer.consumers);
    return phone;
  }

  /** Every payload that the leg brought is one that was said, in the order in which it was said. */
  function expectSaid(heard: readonly Buffer[], voice: readonly Buffer[]): void {
    const places = new Map(voice.map((payload, place) => [payload.toString('latin1'), place]));
    expect(heard.length).to.be.greaterThan(10);
    let last: number | undefined;
    for (const payload of heard) {
      const place = places.get(payload.toString('latin1'));
      if (place === undefined) expect.fail('a payload that nobody said');
      if (last !== undefined) expect(place).to.equal((last + 1) % voice.length);
      last = place;
    }
  }

  const tapped = (legId: string) =>
    live.tap.leg(callId, legId).packets.map(({ bytes }) => parseRtp(bytes)!.payload);

  before(async () => {
    // Frames that are all different: which of them arrived can be told.
    const distinct = (frames: Buffer[]) =>
      frames.map((frame, place) => Buffer.concat([frame, Buffer.from([place >> 8, place & 0xff])]));
    agentVoice = distinct(await opusTonePackets({ hz: 440, seconds: 10 }));
    customerVoice = distinct(await opusTonePackets({ hz: 880, seconds: 10 }));
    live = await startLivePlane();
    media = live.plane.softphone;
    live.plane.calls.on('leg-heard', ({ legId }) => void told.push(`${legId} heard`));
    media.on('side-consumer-added', ({ legId, consumer }) => {
      told.push(`${legId} may hear ${consumer.legId}`);
      void (legId === 'agent' ? agent : customer).hear(consumer);
    });
    media.on('side-consumer-closed', ({ legId, consumerId }) => {
      told.push(`${legId} hears less`);
      (legId === 'agent' ? agent : customer).ears.remove(consumerId);
    });
    media.on('side-interrupted', ({ legId, reason }) => told.push(`${legId} ${reason}`));
    await live.plane.calls.openCall(callId);
  });
  after(async () => {
    agent?.close();
    customer?.close();
    await live?.close();
  });

  it('lets both speak to each other, and a listener and the tap hear both, from the first packet', async () => {
    const { listeners } = live.plane;
    const offer = await listeners.join({ listeningId: 'ear', callId, rtpCapabilities: listenerCapabilities });
    expect(offer.consumers).to.be.empty;
    const ears = new WebrtcListener(offer.transport, {
      connect: (dtlsParameters) => listeners.connect('ear', dtlsParameters),
      resume: (consumerIds) => listeners.resume('ear', consumerIds),
    });
    // One after the other: the second negotiation builds upon the first.
    let added = Promise.resolve();
    listeners.on('consumer-added', ({ consumer }) => {
      added = added.then(() => ears.add(consumer));
    });
    agent = await take('agent');
    await agent.openMicrophone();
    agent.talk(agentVoice);
    customer = await take('customer');
    await customer.openMicrophone();
    customer.talk(customerVoice);
    await eventually(() => {
      expect(agent.ears.leg('customer').packets).to.be.greaterThan(25);
      expect(customer.ears.leg('agent').packets).to.be.greaterThan(25);
      expect(ears.leg('agent').packets).to.be.greaterThan(25);
      expect(ears.leg('customer').packets).to.be.greaterThan(25);
    });
    await added;
    expectSaid(agent.ears.leg('customer').payloads, customerVoice);
    expectSaid(customer.ears.leg('agent').payloads, agentVoice);
    expectSaid(ears.leg('agent').payloads, agentVoice);
    expectSaid(ears.leg('customer').payloads, customerVoice);
    expectSaid(tapped('agent'), agentVoice);
    expectSaid(tapped('customer'), customerVoice);
    expect(tapped('agent')[0]!.equals(agentVoice[0]!)).to.equal(true);
    expect(tapped('customer')[0]!.equals(customerVoice[0]!)).to.equal(true);
    expect(told).to.include.members(['agent heard', 'customer heard', 'agent may hear customer']);
    expect(live.tap.leg(callId, 'agent').leg).to.include({ codec: 'opus', clockRate: 48_000 });
    ears.close();
  });

  it('keeps a side on hold from everyone', async () => {
    live.plane.calls.holdLeg(callId, 'customer', true);
    const stored = tapped('customer').length;
    await eventually(() => {
      agent.ears.forget();
      const before = customer.sent;
      return eventually(() => expect(customer.sent).to.be.greaterThan(before + 10)).then(() =>
        expect(agent.ears.leg('customer').packets).to.equal(0),
      );
    });
    expect(tapped('customer')).to.have.lengthOf(stored);
    live.plane.calls.holdLeg(callId, 'customer', false);
    await eventually(() => expect(agent.ears.leg('customer').packets).to.be.greaterThan(10));
    expect(live.tap.leg(callId, 'customer').holds.map(({ on }) => on)).to.deep.equal([true, false]);
  });

  it('takes a second page in place of the first, on the same recorded leg', async () => {
    const stored = tapped('customer').length;
    const first = customer;
    customer = await take('customer');
    first.close();
    await customer.openMicrophone();
    customer.talk(customerVoice);
    await eventually(() => expect(told).to.include('agent hears less'));
    await eventually(() => {
      expect(agent.ears.leg('customer').packets).to.be.greaterThan(10);
      expect(customer.ears.leg('agent').packets).to.be.greaterThan(10);
      expect(tapped('customer').length).to.be.greaterThan(stored + 10);
    });
    expect(live.tap.calls.get(callId)!.legs).to.have.lengthOf(2);
    const stats = live.plane.calls.legStats(callId).find(({ legId }) => legId === 'customer')!;
    expect(stats).to.include({ ssrcChanges: 1, lost: 0, forwarded: tapped('customer').length });
  });

  it('refuses what is not one stream of Opus, and the talk goes on', async () => {
    const pcmu = { mimeType: 'audio/PCMU', payloadType: 0, clockRate: 8_000, channels: 1 };
    const opus = { mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 };
    // Typed digits (RFC 4733): no browser may bring them in beside its voice.
    const digits = { mimeType: 'audio/telephone-event', payloadType: 101, clockRate: 48_000, channels: 1 };
    const forgeries = [
      { codecs: [opus, digits], encodings: [{ ssrc: 7 }] },
      { codecs: [pcmu], encodings: [{ ssrc: 7 }] },
      { codecs: [opus, pcmu], encodings: [{ ssrc: 7 }] },
      { codecs: [], encodings: [{ ssrc: 7 }] },
    ];
    await live.plane.softphone.joinSide({
      callId,
      legId: 'third',
      role: 'bot',
      rtpCapabilities: listenerCapabilities,
    });
    for (const rtpParameters of forgeries) {
      const code = await media.produce(callId, 'third', rtpParameters).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect(code).to.equal('media.parameters');
    }
    media.leaveSide(callId, 'third');
    media.leaveSide(callId, 'third');
    const before = agent.ears.leg('customer').packets;
    await eventually(() => expect(agent.ears.leg('customer').packets).to.be.greaterThan(before + 10));
  });

  it('goes on after its SFU worker was killed, once both have joined again', async () => {
    process.kill(live.plane.workers()[0]!.pid, 'SIGKILL');
    await eventually(() =>
      expect(told).to.include.members(['agent media-restart', 'customer media-restart']),
    );
    const stored = { agent: tapped('agent').length, customer: tapped('customer').length };
    agent.close();
    customer.close();
    agent = await take('agent');
    customer = await take('customer');
    for (const phone of [agent, customer]) await phone.openMicrophone();
    agent.talk(agentVoice);
    customer.talk(customerVoice);
    await eventually(() => {
      expect(agent.ears.leg('customer').packets).to.be.greaterThan(10);
      expect(customer.ears.leg('agent').packets).to.be.greaterThan(10);
      expect(tapped('agent').length).to.be.greaterThan(stored.agent + 10);
      expect(tapped('customer').length).to.be.greaterThan(stored.customer + 10);
    });
    expect(live.tap.calls.get(callId)!.legs).to.have.lengthOf(2);
  });
});
