import { expect } from 'chai';
import { pino } from 'pino';
import { createMediaPlane } from '#media/media-plane.ts';
import { placementLimits } from '#media/placement.ts';
import { eventually } from '#support/eventually.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { type LivePlane, MemoryTap, startLivePlane } from './live-plane.ts';

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'accepted',
    (error: { code?: unknown }) => error.code ?? error,
  );

describe('a media plane at its limit', function () {
  this.timeout(60_000);
  let live: LivePlane;

  before(async () => {
    live = await startLivePlane();
  });
  after(() => live?.close());

  it('refuses a further call, serves those it has, and takes one again when another ended', async () => {
    const { calls, listeners } = live.plane;
    const to = await live.openCall('heard', [{ legId: 'agent', role: 'agent' }]);
    const { ears } = await live.hear('heard');
    let streams = 2;
    let opened = 0;
    for (; streams < placementLimits.streamsForCalls; streams += 2) {
      opened += 1;
      await live.openCall(`c${opened}`, [
        { legId: 'agent', role: 'agent' },
        { legId: 'customer', role: 'customer' },
      ]);
    }
    expect(live.plane.workers()[0]!.streams).to.equal(streams);
    expect(await codeOf(calls.openCall('too-many'))).to.equal('media.full');
    expect(live.plane.stats().refused).to.equal(1);
    expect(live.tap.calls.has('too-many')).to.equal(false);
    expect(listeners.listenersOf('too-many')).to.equal(0);

    const sending = sendTone({ to: to.agent!, hz: 440, seconds: 20 });
    await eventually(() => expect(ears.frequencyOf('agent')).to.equal(440));
    await sending.stop();

    await calls.closeCall('c1');
    expect(await codeOf(calls.openCall('one-more'))).to.equal('accepted');
  });
});

describe('a media plane that cannot start', () => {
  const base = {
    MEDIA_WORKERS: 1,
    MEDIA_LISTEN_IP: '127.0.0.1',
    MEDIA_ANNOUNCED_ADDRESS: undefined,
    MEDIA_PORT: 0,
    MEDIA_WORKER_STREAMS: placementLimits.streamsForListeners,
    TURN_URLS: [],
    TURN_SECRET: undefined,
    TURN_TTL_S: 3_600,
    CALL_MEDIA_TIMEOUT_MS: 1_000,
  };
  const start = (config: object) =>
    createMediaPlane({
      config: { ...base, MEDIASOUP_WORKER_BIN: undefined, ...config },
      ingress: { feedPort: 9, openLeg: () => Promise.reject(new Error('no leg is opened here')) },
      tap: new MemoryTap(),
      log: pino({ level: 'silent' }),
      clock: () => Date.now(),
    }).then(
      () => 'started',
      (error: Error) => error.message,
    );

  it('says so when there is no such worker binary', async () => {
    expect(await start({ MEDIASOUP_WORKER_BIN: '/nowhere/mediasoup-worker' })).to.match(/ENOENT/);
  });

  it('asks which address browsers are to use when it listens on all of them', async () => {
    expect(await start({ MEDIA_LISTEN_IP: '0.0.0.0' })).to.match(/MEDIA_ANNOUNCED_ADDRESS/);
  });
});
