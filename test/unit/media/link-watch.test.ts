import { EventEmitter } from 'node:events';
import { mock } from 'node:test';
import { expect } from 'chai';
import type { types } from 'mediasoup';
import { watchLink } from '#media/link-watch.ts';

/** The part of a transport that is watched. */
class FakeTransport extends EventEmitter {
  dtlsState: types.DtlsState = 'new';

  dtls(state: types.DtlsState): void {
    this.dtlsState = state;
    this.emit('dtlsstatechange', state);
  }

  ice(state: types.IceState): void {
    this.emit('icestatechange', state);
  }
}

describe('watching a link', () => {
  let transport: FakeTransport;
  let told: string[];
  let stop: () => void;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    transport = new FakeTransport();
    told = [];
    stop = watchLink(
      transport as unknown as types.WebRtcTransport,
      { onUp: () => void told.push('up'), onGone: () => void told.push('gone') },
      { connectMs: 30_000, graceMs: 10_000 },
    );
  });
  afterEach(() => mock.timers.reset());

  it('gives up on whoever never connects', () => {
    transport.ice('connected');
    mock.timers.tick(29_999);
    expect(told).to.be.empty;
    mock.timers.tick(1);
    expect(told).to.deep.equal(['gone']);
  });

  it('leaves a connected one alone for as long as it stays', () => {
    transport.ice('connected');
    transport.dtls('connected');
    mock.timers.tick(3_600_000);
    expect(told).to.deep.equal(['up']);
  });

  it('waits for an ICE restart before it gives up', () => {
    transport.dtls('connected');
    transport.ice('disconnected');
    mock.timers.tick(9_999);
    transport.ice('connected');
    mock.timers.tick(60_000);
    expect(told).to.deep.equal(['up']);
    transport.ice('disconnected');
    mock.timers.tick(10_000);
    expect(told).to.deep.equal(['up', 'gone']);
  });

  it('gives up at once when DTLS ended, and says so once', () => {
    transport.dtls('connected');
    transport.ice('disconnected');
    transport.dtls('closed');
    mock.timers.tick(60_000);
    expect(told).to.deep.equal(['up', 'gone']);
  });

  it('says nothing after it was stopped', () => {
    stop();
    transport.dtls('failed');
    transport.ice('disconnected');
    mock.timers.tick(60_000);
    expect(told).to.be.empty;
  });
});
