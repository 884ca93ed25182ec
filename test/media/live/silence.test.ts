import { expect } from 'chai';
import { eventually } from '#support/eventually.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { type LivePlane, startLivePlane } from './live-plane.ts';

describe('the media of a call', () => {
  let live: LivePlane;
  const told: string[] = [];
  let lastPacketAt = 0;

  before(async () => {
    live = await startLivePlane({ mediaTimeoutMs: 500 });
    const { calls } = live.plane;
    calls.on('call-heard', ({ callId, at }) => {
      expect(Number.isInteger(at)).to.equal(true);
      told.push(`${callId} heard`);
    });
    calls.on('leg-heard', ({ callId, legId }) => void told.push(`${callId} ${legId} heard`));
    calls.on('call-silent', (event) => {
      told.push(`${event.callId} silent`);
      lastPacketAt = event.lastPacketAt;
    });
  });
  after(() => live?.close());

  it('starts with its first packet and is over once it stopped for the timeout, told once', async () => {
    const to = await live.openCall('spoken', [
      { legId: 'agent', role: 'agent' },
      { legId: 'customer', role: 'customer' },
    ]);
    const startedAt = Date.now();
    const { endedAt } = await sendTone({ to: to.agent!, hz: 440, seconds: 1 }).done;
    expect(told).to.deep.equal(['spoken heard', 'spoken agent heard']);
    expect(live.tap.leg('spoken', 'agent').packets[0]!.at).to.be.within(startedAt, endedAt);
    await eventually(() => expect(told).to.include('spoken silent'));
    expect(lastPacketAt).to.be.within(endedAt - 100, endedAt + 100);
    await sendTone({ to: to.customer!, hz: 880, seconds: 0.2 }).done;
    await eventually(() => expect(told.filter((one) => one === 'spoken silent')).to.have.lengthOf(2));
    expect(told.filter((one) => one === 'spoken heard')).to.have.lengthOf(1);
    expect(told).to.include('spoken customer heard');
    await live.plane.calls.closeCall('spoken');
  });

  it('counts as stopped when it never came, but not while every leg is on hold or none is there', async () => {
    await live.openCall('held', [{ legId: 'agent', role: 'agent' }]);
    live.plane.calls.holdLeg('held', 'agent', true);
    await live.openCall('awaited', []);
    await live.openCall('mute', [{ legId: 'agent', role: 'agent' }]);
    await eventually(() => expect(told).to.include('mute silent'));
    expect(told).not.to.include('held silent');
    expect(told).not.to.include('awaited silent');
    const resumedAt = Date.now();
    live.plane.calls.holdLeg('held', 'agent', false);
    await eventually(() => expect(told).to.include('held silent'));
    expect(Date.now() - resumedAt).to.be.at.least(500);
  });
});
