import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import type { CaptureLeg } from '#contract/capture.ts';
import { createLog } from '#kernel/log.ts';
import {
  ackFrame,
  FrameReader,
  helloFrame,
  parseTapMessage,
  type TapMessage,
} from '#kernel/rtp/tap-protocol.ts';
import { createTapServer, type TapServer, type TapServerOptions } from '#media/tap/tap-server.ts';
import { eventually } from '#support/eventually.ts';

const agent: CaptureLeg = {
  legId: 'leg_a',
  role: 'agent',
  codec: 'PCMU',
  payloadType: 0,
  clockRate: 8000,
  channels: 1,
};
const rtp = Buffer.alloc(172, 0x55);

class FakeRecorder {
  readonly socket: Socket;
  readonly received: TapMessage[] = [];
  closed = false;

  constructor(at: { host: string; port: number }) {
    this.socket = connect(at.port, at.host);
    const reader = new FrameReader(20_000);
    this.socket.on('data', (bytes) =>
      reader.push(bytes, (body) => {
        const message = parseTapMessage(Buffer.from(body));
        if (message.kind !== 'ping') this.received.push(message);
      }),
    );
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  hello(lease: string, { version = 2, workerId = 'w1' } = {}): this {
    this.socket.write(helloFrame({ version, lease, workerId, spoolId: `spool_${workerId}` }));
    return this;
  }

  get packets(): number[] {
    return this.received.flatMap((message) => (message.kind === 'packet' ? [message.sequence] : []));
  }
  get lastSequence(): number {
    return Math.max(0, ...this.received.map((message) => ('sequence' in message ? message.sequence : 0)));
  }
  ackAll(): void {
    this.socket.write(ackFrame(this.lastSequence));
  }
  get refusal(): string | undefined {
    for (const message of this.received) if (message.kind === 'refused') return message.reason;
    return undefined;
  }
}

describe('the tap', () => {
  let tap: TapServer;
  let recorders: FakeRecorder[];
  let events: { event: string; lease: string }[];

  async function start(options: Partial<TapServerOptions> = {}): Promise<void> {
    tap = await createTapServer({
      listenIp: '127.0.0.1',
      port: 0,
      bufferMs: 60_000,
      log: createLog('test', 'silent'),
      clock: () => Date.now(),
      ...options,
    });
    for (const event of ['recorder-connected', 'recorder-lost', 'recorder-finished'] as const) {
      tap.on(event, (payload) => {
        events.push({ event, lease: payload.lease });
      });
    }
  }
  const recorder = (): FakeRecorder => {
    const made = new FakeRecorder(tap.address());
    recorders.push(made);
    return made;
  };
  const names = () => events.map(({ event }) => event);

  beforeEach(async () => {
    events = [];
    recorders = [];
    await start();
  });
  afterEach(async () => {
    for (const { socket } of recorders) socket.destroy();
    await tap.close(0);
  });

  it('gives a recorder that comes late everything from the first packet, then what follows live', async () => {
    const call = tap.openCall('call_1');
    const leg = call.addLeg(agent);
    for (let i = 0; i < 500; i++) leg.packet(rtp, i * 20);
    const one = recorder().hello(tap.lease('call_1').lease);
    await eventually(() => expect(one.packets).to.have.length(500));
    expect(one.received.slice(0, 3).map(({ kind }) => kind)).to.deep.equal(['welcome', 'leg', 'packet']);
    leg.packet(rtp, 10_000);
    await eventually(() => expect(one.packets).to.have.length(501));
    expect(tap.status()).to.deep.include({
      callId: 'call_1',
      connected: true,
      copies: [
        { workerId: 'w1', expected: true },
        { workerId: null, expected: false },
      ],
      ended: false,
      bufferedMs: 10_000,
      bufferedBytes: tap.status()[0]!.bufferedBytes,
      packets: 501,
      dropped: 0,
    });
    one.ackAll();
    await eventually(() => expect(tap.status()[0]!.bufferedBytes).to.equal(0));
  });

  it('says so when the recorder is lost, and gives the next one what was not acknowledged', async () => {
    const call = tap.openCall('call_1');
    const leg = call.addLeg(agent);
    const first = tap.lease('call_1').lease;
    const one = recorder().hello(first);
    for (let i = 0; i < 100; i++) leg.packet(rtp, i * 20);
    await eventually(() => expect(one.packets).to.have.length(100));
    one.ackAll();
    await eventually(() => expect(tap.status()[0]!.bufferedBytes).to.equal(0));
    for (let i = 100; i < 200; i++) leg.packet(rtp, i * 20);
    one.socket.destroy();
    await eventually(() => expect(events).to.deep.include({ event: 'recorder-lost', lease: first }));

    const two = recorder().hello(tap.lease('call_1').lease);
    await eventually(() => expect(two.packets).to.have.length(100));
    expect(two.packets[0]).to.equal(one.lastSequence + 1);
    expect(two.received[1]).to.deep.equal({ kind: 'leg', sequence: 0, index: 0, leg: agent });
    call.end(4_000);
    await eventually(() => expect(two.received.at(-1)).to.deep.include({ kind: 'call-end', atMs: 4_000 }));
    expect(names()).to.not.include('recorder-finished');
    two.ackAll();
    await eventually(() => expect(names().at(-1)).to.equal('recorder-finished'));
    await eventually(() => expect(two.closed).to.be.true);
    expect(tap.status()).to.be.empty;
    expect(tap.totals()).to.deep.include({ calls: 0, recorders: 0, bytes: 0, dropped: 0 });
  });

  it('shuts out the holder of an older lease, which is no loss', async () => {
    tap.openCall('call_1').addLeg(agent);
    const one = recorder().hello(tap.lease('call_1').lease);
    await eventually(() => expect(names()).to.deep.equal(['recorder-connected']));
    const newer = tap.lease('call_1').lease;
    await eventually(() => expect(one.refusal).to.equal('superseded'));
    const two = recorder().hello(newer);
    await eventually(() => expect(two.received[0]).to.include({ kind: 'welcome' }));
    await eventually(() => expect(one.closed).to.be.true);
    expect(names()).to.deep.equal(['recorder-connected', 'recorder-connected']);
  });

  it('refuses old, wrong and missing leases, other versions and garbage, and goes on', async () => {
    const call = tap.openCall('call_1');
    const leg = call.addLeg(agent);
    const old = tap.lease('call_1').lease;
    const lease = tap.lease('call_1').lease;
    const good = recorder().hello(lease);
    const refused = [
      recorder().hello(old),
      recorder().hello('guess'),
      recorder().hello(lease, { version: 9 }),
    ];
    const garbage = recorder();
    garbage.socket.write('GET / HTTP/1.1\r\nHost: tap\r\n\r\n');
    const early = recorder();
    early.socket.write(ackFrame(1));
    await eventually(() =>
      expect([...refused, garbage, early].map(({ refusal }) => refusal)).to.deep.equal([
        'unknown-lease',
        'unknown-lease',
        'version',
        'malformed',
        'malformed',
      ]),
    );
    leg.packet(rtp, 1);
    await eventually(() => expect(good.packets).to.have.length(1));
  });

  it('drops a recorder that talks nonsense after its hello, and calls it lost', async () => {
    tap.openCall('call_1').addLeg(agent);
    for (const nonsense of [
      Buffer.from([0xff, 0xff]),
      ackFrame(4_000),
      helloFrame({ version: 2, lease: 'x', workerId: 'y', spoolId: 'z' }),
    ]) {
      const one = recorder().hello(tap.lease('call_1').lease);
      await eventually(() => expect(one.received.length).to.be.greaterThan(0));
      one.socket.write(nonsense);
      await eventually(() => expect(one.closed).to.be.true);
      await eventually(() => expect(names().at(-1)).to.equal('recorder-lost'));
    }
  });

  it('holds no more than the buffer for a recorder that does not read, and counts what it dropped', async () => {
    await tap.close(0);
    await start({ bufferMs: 5_000 });
    const call = tap.openCall('call_1');
    const leg = call.addLeg(agent);
    const one = recorder().hello(tap.lease('call_1').lease);
    await eventually(() => expect(one.received.length).to.be.greaterThan(0));
    one.socket.pause();
    // More than any kernel's socket buffers take, with time for the tap to send.
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 2_000; i++) leg.packet(rtp, (round * 2_000 + i) * 20);
      await new Promise((resolve) => setImmediate(resolve));
      expect(tap.totals().bytes).to.be.below(150_000);
    }
    expect(tap.status()[0]!.dropped).to.be.greaterThan(70_000);
    one.socket.resume();
    await eventually(() => expect(one.lastSequence).to.equal(80_001));
    const got = one.packets;
    expect(new Set(got).size).to.equal(got.length);
    expect(got).to.deep.equal([...got].sort((a, b) => a - b));
  });

  it('keeps all calls together within its memory by dropping from the largest', async () => {
    await tap.close(0);
    await start({ maxBytes: 2_000_000 });
    const small = tap.openCall('small').addLeg(agent);
    for (let i = 0; i < 50; i++) small.packet(rtp, i * 20);
    for (const name of ['big_1', 'big_2', 'big_3']) {
      const leg = tap.openCall(name).addLeg(agent);
      for (let i = 0; i < 20_000; i++) leg.packet(rtp, i);
    }
    expect(tap.totals().bytes).to.be.below(2_000_000);
    const status = new Map(tap.status().map((one) => [one.callId, one]));
    expect(status.get('small')!.dropped).to.equal(0);
    expect(status.get('big_3')!.dropped).to.be.greaterThan(10_000);
  });

  it('takes a recorder that stays silent for lost', async () => {
    await tap.close(0);
    await start({ ackWithinMs: 300 });
    const leg = tap.openCall('call_1').addLeg(agent);
    const lease = tap.lease('call_1').lease;
    recorder().hello(lease);
    leg.packet(rtp, 1);
    await eventually(() => expect(events.at(-1)).to.deep.equal({ event: 'recorder-lost', lease }));
  });

  it('goes on with a leg that comes back, and takes another codec as another leg', async () => {
    const call = tap.openCall('call_1');
    call.addLeg(agent).end(10);
    call.addLeg({ ...agent }).packet(rtp, 20);
    call.addLeg({ ...agent, codec: 'PCMA', payloadType: 8 }).packet(rtp, 40);
    const one = recorder().hello(tap.lease('call_1').lease);
    await eventually(() => expect(one.packets).to.have.length(2));
    const packets = one.received.filter((message) => message.kind === 'packet');
    expect(packets.map(({ index }) => index)).to.deep.equal([0, 1]);
    call.end(50);
    expect(() => call.addLeg(agent))
      .to.throw()
      .with.property('code', 'call.ended');
    expect(() => tap.openCall('call_1'))
      .to.throw()
      .with.property('code', 'call.exists');
    expect(() => tap.lease('call_2'))
      .to.throw()
      .with.property('code', 'not-found');
  });

  it('waits at its stop until the recorder has everything', async () => {
    const call = tap.openCall('call_1');
    const leg = call.addLeg(agent);
    const one = recorder().hello(tap.lease('call_1').lease);
    await eventually(() => expect(names()).to.deep.equal(['recorder-connected']));
    leg.packet(rtp, 1);
    const closed = tap.close();
    await eventually(() => expect(one.received.at(-1)).to.include({ kind: 'call-end' }));
    one.ackAll();
    await closed;
    expect(names().at(-1)).to.equal('recorder-finished');
  });
});
