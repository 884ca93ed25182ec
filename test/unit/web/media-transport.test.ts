import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { eventually } from '#support/eventually.ts';
import { mendTransport } from '#web/app/media-transport.ts';

type Mendable = Parameters<typeof mendTransport>[0];

/** A transport without a network: its states are called out by the test. */
class SpokenTransport extends EventEmitter {
  readonly restarts: unknown[] = [];

  become(state: string): void {
    this.emit('connectionstatechange', state);
  }

  async restartIce({ iceParameters }: { iceParameters: unknown }): Promise<void> {
    this.restarts.push(iceParameters);
  }
}

/** ICE credentials that the server would give. */
const credentials = { usernameFragment: 'new', password: 'secret' };

function follow(
  restartIce: () => Promise<typeof credentials> = async () => credentials,
  times = { connectMs: 60_000, iceRestartMs: 60_000 },
) {
  const transport = new SpokenTransport();
  const told: string[] = [];
  const stop = mendTransport(
    transport as unknown as Mendable,
    {
      restartIce,
      onUp: () => told.push('up'),
      onBroken: () => told.push('broken'),
      onLost: () => told.push('lost'),
    },
    times,
  );
  after(stop);
  return { transport, told, stop };
}

describe('The mending of a transport', () => {
  it('says when it is up', () => {
    const { transport, told } = follow();
    transport.become('connecting');
    transport.become('connected');
    expect(told).to.deep.equal(['up']);
  });

  it('restarts ICE with new credentials when it falls, and says when it is up again', async () => {
    const { transport, told } = follow();
    transport.become('connected');
    transport.become('disconnected');
    await eventually(() => expect(transport.restarts).to.deep.equal([credentials]));
    transport.become('connecting');
    transport.become('connected');
    expect(told).to.deep.equal(['up', 'broken', 'up']);
  });

  it('mends once however often it falls meanwhile, and again the next time', async () => {
    const { transport, told } = follow();
    transport.become('connected');
    transport.become('disconnected');
    transport.become('failed');
    await eventually(() => expect(transport.restarts).to.have.length(1));
    transport.become('connected');
    transport.become('disconnected');
    await eventually(() => expect(transport.restarts).to.have.length(2));
    expect(told).to.deep.equal(['up', 'broken', 'up', 'broken']);
  });

  it('gives up when the restart does not help in time', async () => {
    const { transport, told } = follow(undefined, { connectMs: 60_000, iceRestartMs: 20 });
    transport.become('connected');
    transport.become('disconnected');
    // An ICE restart passes through connecting, which must not buy it more time.
    transport.become('connecting');
    await eventually(() => expect(told).to.deep.equal(['up', 'broken', 'lost']));
  });

  it('gives up at once when the server has no credentials to give', async () => {
    const { transport, told } = follow(() => Promise.reject(new Error('this listening is over')));
    transport.become('connected');
    transport.become('failed');
    await eventually(() => expect(told).to.deep.equal(['up', 'broken', 'lost']));
  });

  it('gives up on a connection that never comes about', async () => {
    const { transport, told } = follow(undefined, { connectMs: 20, iceRestartMs: 60_000 });
    transport.become('connecting');
    await eventually(() => expect(told).to.deep.equal(['lost']));
  });

  it('waits for a transport that has nothing to carry yet', async () => {
    const { told } = follow(undefined, { connectMs: 5, iceRestartMs: 5 });
    const other = follow(undefined, { connectMs: 20, iceRestartMs: 20 });
    other.transport.become('connecting');
    await eventually(() => expect(other.told).to.deep.equal(['lost']));
    expect(told).to.deep.equal([]);
  });

  it('is silent after the loss, and after it was told to stop', async () => {
    const lost = follow(undefined, { connectMs: 5, iceRestartMs: 5 });
    lost.transport.become('connecting');
    await eventually(() => expect(lost.told).to.deep.equal(['lost']));
    lost.transport.become('connected');
    expect(lost.told).to.deep.equal(['lost']);

    const stopped = follow();
    stopped.stop();
    stopped.transport.become('connected');
    stopped.transport.become('failed');
    expect(stopped.told).to.deep.equal([]);
  });
});
