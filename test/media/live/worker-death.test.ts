import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { parseRtp, sequenceDistance } from '#kernel/rtp/packet.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { type LivePlane, startLivePlane, type TappedLeg, type TestListener } from './live-plane.ts';

const legs = [
  { legId: 'agent', role: 'agent' },
  { legId: 'customer', role: 'customer' },
] as const;

/** Sequence numbers that the tap did not get. */
function missing(leg: TappedLeg): number {
  let gaps = 0;
  let last: number | undefined;
  for (const { bytes } of leg.packets) {
    const { sequenceNumber } = parseRtp(bytes)!;
    if (last !== undefined) gaps += sequenceDistance(sequenceNumber, last) - 1;
    last = sequenceNumber;
  }
  return gaps;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('an SFU worker that is killed', () => {
  let live: LivePlane;
  const sendings: Sending[] = [];

  afterEach(async () => {
    await Promise.all(sendings.splice(0).map((one) => one.stop()));
    await live?.close();
  });

  async function talk(callId: string): Promise<void> {
    const to = await live.openCall(callId, legs);
    sendings.push(sendTone({ to: to.agent!, hz: 440, seconds: 60 }));
    sendings.push(sendTone({ to: to.customer!, hz: 880, seconds: 60 }));
  }

  /** What a client does that was told to join again. Keeps the latest listener by the name of its first listening. */
  function rejoin(listeners: Map<string, TestListener>): void {
    live.plane.listeners.on('interrupted', async ({ listeningId, callId, reason }) => {
      expect(reason).to.equal('media-restart');
      listeners.get(listeningId)?.ears.close();
      listeners.set(listeningId, await live.hear(callId, { listeningId }));
    });
  }

  async function hearsBoth(listener: () => TestListener | undefined, within: number): Promise<void> {
    await eventually(
      () => {
        expect(listener()!.ears.frequencyOf('agent')).to.equal(440);
        expect(listener()!.ears.frequencyOf('customer')).to.equal(880);
      },
      { within },
    );
  }

  it('is replaced: a listener who joins again at the word hears again, and the tap missed nothing', async () => {
    // A port of one's own: the successor has to get the very same one.
    live = await startLivePlane({ workers: 1, port: await freePort() });
    await talk('c');
    const listeners = new Map([['ear', await live.hear('c', { listeningId: 'ear' })]]);
    rejoin(listeners);
    await hearsBoth(() => listeners.get('ear'), 5_000);
    for (let kill = 0; kill < 2; kill++) {
      const before = listeners.get('ear');
      const [worker] = live.plane.workers();
      const killedAt = performance.now();
      process.kill(worker!.pid, 'SIGKILL');
      await eventually(() => expect(listeners.get('ear')).not.to.equal(before));
      await hearsBoth(() => listeners.get('ear'), 3_000 - (performance.now() - killedAt));
    }
    expect(live.plane.stats()).to.include({ workerDeaths: 2, callsMoved: 2, workers: 1 });
    const sent = await Promise.all(sendings.map((one) => one.stop()));
    for (const [place, legId] of ['agent', 'customer'].entries()) {
      const tapped = live.tap.leg('c', legId);
      await eventually(() => expect(tapped.packets).to.have.lengthOf(sent[place]!.packets));
      expect(missing(tapped)).to.equal(0);
      expect(tapped.endedAt).to.equal(undefined);
    }
  });

  it('takes no other call with it: its calls move to the living worker at once', async () => {
    live = await startLivePlane({ workers: 2 });
    await talk('one');
    await talk('two');
    expect(live.plane.workers().map(({ calls }) => calls)).to.deep.equal([1, 1]);
    const listeners = new Map([
      ['ear-one', await live.hear('one', { listeningId: 'ear-one' })],
      ['ear-two', await live.hear('two', { listeningId: 'ear-two' })],
    ]);
    rejoin(listeners);
    await hearsBoth(() => listeners.get('ear-one'), 5_000);
    await hearsBoth(() => listeners.get('ear-two'), 5_000);

    const untouched = listeners.get('ear-two');
    const moved = listeners.get('ear-one');
    const killedAt = performance.now();
    process.kill(live.plane.workers()[0]!.pid, 'SIGKILL');
    await eventually(() => expect(listeners.get('ear-one')).not.to.equal(moved));
    await hearsBoth(() => listeners.get('ear-one'), 3_000 - (performance.now() - killedAt));
    expect(listeners.get('ear-two')).to.equal(untouched);
    expect(untouched!.ears.leg('agent').lost).to.equal(0);
    await eventually(() => expect(live.plane.workers()).to.have.lengthOf(2));
    // The newcomer is empty, so that is where the next call goes.
    await talk('three');
    expect(live.plane.workers().map(({ calls }) => calls)).to.deep.equal([1, 2]);
  });

  it('does not keep a leg from being added meanwhile, nor a listener from joining', async () => {
    live = await startLivePlane({ workers: 1 });
    await live.plane.calls.openCall('c');
    process.kill(live.plane.workers()[0]!.pid, 'SIGKILL');
    await eventually(() => expect(live.plane.stats().workerDeaths).to.equal(1), { every: 1 });
    const to = await live.plane.calls.addRtpLeg('c', {
      legId: 'agent',
      role: 'agent',
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventPayloadType: 101,
    });
    sendings.push(sendTone({ to, hz: 440, seconds: 60 }));
    const { ears } = await live.hear('c');
    await eventually(() => expect(ears.frequencyOf('agent')).to.equal(440));
  });

  it('may also hang: then it is killed, and its call goes on elsewhere', async () => {
    live = await startLivePlane({ workers: 2, hangMs: 1_000 });
    await talk('c');
    const listeners = new Map([['ear', await live.hear('c', { listeningId: 'ear' })]]);
    rejoin(listeners);
    await hearsBoth(() => listeners.get('ear'), 5_000);
    const before = listeners.get('ear');
    const { pid } = live.plane.workers().find(({ calls }) => calls === 1)!;
    process.kill(pid, 'SIGSTOP');
    await eventually(() => expect(listeners.get('ear')).not.to.equal(before), { within: 8_000 });
    await hearsBoth(() => listeners.get('ear'), 3_000);
    expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });

  it('leaves no process behind when the plane closes', async () => {
    live = await startLivePlane({ workers: 2 });
    const pids = live.plane.workers().map(({ pid }) => pid);
    // Not even one that does not hear.
    process.kill(pids[0]!, 'SIGSTOP');
    await live.close();
    for (const pid of pids) expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });
});
