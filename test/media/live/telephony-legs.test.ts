import { expect } from 'chai';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { type LivePlane, startLivePlane } from './live-plane.ts';

describe('a call of RTP legs', () => {
  let live: LivePlane;
  const sendings: Sending[] = [];
  const sending = (one: Sending) => {
    sendings.push(one);
    return one;
  };

  before(async () => {
    live = await startLivePlane();
  });
  after(async () => {
    await Promise.all(sendings.map((one) => one.stop()));
    await live?.close();
  });

  it('is heard by two listeners, each leg as its own tone', async () => {
    const to = await live.openCall('c1', [
      { legId: 'agent', role: 'agent' },
      { legId: 'customer', role: 'customer', codec: 'PCMA' },
    ]);
    sending(sendTone({ to: to.agent!, hz: 440, seconds: 20 }));
    sending(sendTone({ to: to.customer!, hz: 880, seconds: 20, codec: 'PCMA' }));
    const first = await live.hear('c1');
    const second = await live.hear('c1');
    for (const { ears } of [first, second]) {
      await eventually(() => {
        expect(ears.frequencyOf('agent')).to.equal(440);
        expect(ears.frequencyOf('customer')).to.equal(880);
      });
    }
  });
});
