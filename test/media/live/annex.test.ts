import { expect } from 'chai';
import { placementLimits } from '#media/placement.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { type LivePlane, startLivePlane, type TestListener } from './live-plane.ts';

const legs = [
  { legId: 'agent', role: 'agent' },
  { legId: 'customer', role: 'customer' },
] as const;

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'accepted',
    (error: { code?: unknown }) => error.code ?? error,
  );

describe('a call that more people hear than one SFU worker carries', () => {
  let live: LivePlane;
  const sendings: Sending[] = [];
  const listeners: TestListener[] = [];

  // Room for two legs and six listeners of them on a worker.
  beforeEach(async () => {
    live = await startLivePlane({
      workers: 2,
      limits: { ...placementLimits, streamsForListeners: 14, spreadFrom: 0.4, spreadGain: 0.2 },
    });
  });
  afterEach(async () => {
    await Promise.all(sendings.splice(0).map((one) => one.stop()));
    listeners.length = 0;
    await live?.close();
  });

  async function talk(): Promise<void> {
    const to = await live.openCall('popular', legs);
    sendings.push(sendTone({ to: to.agent!, hz: 440, seconds: 60 }));
    sendings.push(sendTone({ to: to.customer!, hz: 880, seconds: 60 }));
  }

  const join = async (count: number) => {
    for (let i = 0; i < count; i++) listeners.push(await live.hear('popular'));
  };

  const allHear = () =>
    eventually(
      () => {
        for (const { ears } of listeners) {
          expect(ears.frequencyOf('agent')).to.equal(440);
          expect(ears.frequencyOf('customer')).to.equal(880);
        }
      },
      { within: 5_000 },
    );

  const listenersOn = () => live.plane.workers().map((worker) => worker.listeners);

  it('is piped to another worker, where it is heard as at home', async () => {
    await talk();
    await join(6);
    await allHear();
    expect(Math.min(...listenersOn())).to.be.greaterThan(0);
    expect(listenersOn().reduce((a, b) => a + b)).to.equal(6);
  });

  it('is refused with a word when every worker is full, and those who hear it go on hearing', async () => {
    await talk();
    // At once, as crowds come: the places are counted before the listeners are there.
    const crowd = await Promise.allSettled(Array.from({ length: 20 }, () => live.hear('popular')));
    const heard = crowd.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    listeners.push(...heard);
    const refused = crowd.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(refused).to.have.length(20 - heard.length);
    expect(new Set(refused)).to.deep.equal(new Set(['media.full']));
    expect(heard.length).to.be.within(8, 12);
    for (const { streams } of live.plane.workers()) expect(streams).to.be.at.most(14 + legs.length);
    await allHear();
  });

  it('gives the pipe back when nobody hears it there any more', async () => {
    await talk();
    await join(6);
    for (const listener of listeners.splice(0)) listener.leave();
    await eventually(() => {
      expect(live.plane.workers().map(({ streams }) => streams)).to.have.members([2, 0]);
    });
    await join(1);
    await allHear();
  });

  it('loses only those who heard it on a worker that dies, and they hear it again when they join again', async () => {
    await talk();
    await join(6);
    await allHear();
    const interrupted: string[] = [];
    live.plane.listeners.on('interrupted', ({ listeningId, reason }) => {
      expect(reason).to.equal('media-restart');
      interrupted.push(listeningId);
    });
    const annex = live.plane.workers().find(({ calls }) => calls === 0)!;
    process.kill(annex.pid, 'SIGKILL');
    await eventually(() => expect(interrupted).to.have.length(annex.listeners));
    const cut = listeners.filter(({ listeningId }) => interrupted.includes(listeningId));
    for (const listener of cut) {
      listeners.splice(listeners.indexOf(listener), 1);
      listener.ears.close();
      listeners.push(await live.hear('popular'));
    }
    await allHear();
  });

  it('pauses and ends everywhere', async () => {
    await talk();
    await join(6);
    await allHear();
    live.plane.calls.pauseCall('popular', true);
    const count = () => listeners.map(({ ears }) => ears.packets);
    // What was under way arrives.
    let before = count();
    await eventually(() => {
      const now = count();
      const still = now.every((packets, i) => packets === before[i]);
      before = now;
      expect(still).to.equal(true);
    });
    live.plane.calls.pauseCall('popular', false);
    await eventually(() => expect(count().every((packets, i) => packets > before[i]!)).to.equal(true));
    await live.plane.calls.closeCall('popular');
    expect(await codeOf(live.hear('popular'))).to.equal('call.ended');
    await eventually(() => expect(live.plane.workers().every(({ streams }) => streams === 0)).to.equal(true));
  });
});
