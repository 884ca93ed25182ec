import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { AppError } from '#kernel/errors.ts';
import { createLog } from '#kernel/log.ts';
import { parseRtp, type RtpPacket } from '#kernel/rtp/packet.ts';
import { eventually } from '#support/eventually.ts';
import { createRtpSender, type RtpSender, sendTone } from '#support/rtp-sender.ts';
import { parseRtcp } from '#telephony/rtcp.ts';
import {
  openThreadedIngress,
  type ThreadedIngress,
  type ThreadedLegOptions,
} from '#telephony/threaded-ingress.ts';
import type { Telephoned } from './fixtures/telephone.ts';

/** A range of its own for this process, outside the kernel's ephemeral one, so that runs side by side rarely meet. */
const portMin = 10_000 + ((process.pid + 45) % 90) * 100;

describe('the RTP ingress in its thread', () => {
  let ingress: ThreadedIngress;
  let sfu: Socket;
  let sfuPort: number;
  let forwarded: RtpPacket[];
  let from: Set<number>;
  const senders: RtpSender[] = [];
  const start = (options: { portMax?: number; listenIp?: string; clock?: () => number } = {}) =>
    openThreadedIngress({
      listenIp: '127.0.0.1',
      portMin,
      portMax: portMin + 99,
      log: createLog('test', 'silent'),
      ...options,
    });
  const legOptions: ThreadedLegOptions = {
    legId: 'leg_1',
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventPayloadType: 101,
    ssrc: 4_242,
    onArrival: () => {},
  };
  const open = async (options: Partial<ThreadedLegOptions> = {}) => {
    const arrived: { packet: Buffer; atMs: number }[] = [];
    const leg = await ingress.openLeg({
      ...legOptions,
      onArrival: (packet, atMs) => arrived.push({ packet: Buffer.from(packet), atMs }),
      ...options,
    });
    return { leg, arrived };
  };
  const sender = (options: Parameters<typeof createRtpSender>[0]): RtpSender => {
    const made = createRtpSender(options);
    senders.push(made);
    return made;
  };
  const packet = (sequenceNumber: number) => ({
    sequenceNumber,
    timestamp: sequenceNumber * 160,
    payload: Buffer.alloc(160, sequenceNumber % 256),
  });

  beforeEach(async () => {
    ingress = await start();
    sfu = createSocket('udp4');
    forwarded = [];
    from = new Set();
    sfu.on('message', (bytes, { port }) => {
      forwarded.push(parseRtp(bytes)!);
      from.add(port);
    });
    sfu.bind(0, '127.0.0.1');
    await once(sfu, 'listening');
    sfuPort = sfu.address().port;
  });

  afterEach(async () => {
    await Promise.all(senders.splice(0).map((made) => made.close()));
    await ingress.close();
    sfu.close();
    expect(ingress.portsInUse).to.equal(0);
  });

  it('forwards in order under one SSRC from its feed, and hands over each packet as it came', async () => {
    const { leg, arrived } = await open();
    leg.forwardTo(sfuPort);
    const began = Date.now();
    const tone = sendTone({ to: leg, hz: 440, seconds: 1, ssrc: 9, startSequence: 65_520 });
    const { packets } = await tone.done;
    await eventually(() => forwarded.length === packets && arrived.length === packets);
    expect([...from]).to.deep.equal([ingress.feedPort]);
    expect(new Set(forwarded.map(({ ssrc }) => ssrc))).to.deep.equal(new Set([4_242]));
    const own = arrived.map(({ packet: bytes }) => parseRtp(bytes)!);
    expect(own[0]).to.include({ ssrc: 9, sequenceNumber: 65_520 });
    expect(Buffer.concat(own.map(({ payload }) => payload))).to.deep.equal(
      Buffer.concat(forwarded.map(({ payload }) => payload)),
    );
    expect(arrived[0]!.atMs).to.be.within(began - 5, Date.now());
    expect(arrived.at(-1)!.atMs - arrived[0]!.atMs).to.be.above(900);
    await eventually(() =>
      expect(leg.stats()).to.include({ received: packets, forwarded: packets, lost: 0 }),
    );
    expect(leg.stats().lastPacketAt).to.equal(arrived.at(-1)!.atMs);
  });

  it('forwards nothing without a port, and goes on where it is told', async () => {
    const { leg, arrived } = await open();
    const other = createSocket('udp4').bind(0, '127.0.0.1');
    const elsewhere: Buffer[] = [];
    other.on('message', (bytes) => elsewhere.push(bytes));
    await once(other, 'listening');
    try {
      const telephone = sender({ to: leg });
      await telephone.send(packet(0));
      await eventually(() => arrived.length === 1);
      leg.forwardTo(sfuPort);
      await telephone.send(packet(1));
      await eventually(() => forwarded.length === 1);
      leg.forwardTo(other.address().port);
      await telephone.send(packet(2));
      await eventually(() => elsewhere.length === 1);
      leg.forwardTo(undefined);
      await telephone.send(packet(3));
      await eventually(() => arrived.length === 4);
      expect(forwarded).to.have.length(1);
      expect(elsewhere).to.have.length(1);
    } finally {
      other.close();
    }
  });

  it('lets nothing through from the moment of a hold, and has handed over everything before', async () => {
    const { leg, arrived } = await open();
    leg.forwardTo(sfuPort);
    const telephone = sender({ to: leg });
    for (let seq = 0; seq < 20; seq++) await telephone.send(packet(seq));
    // All of them are in the thread's hands when the last one was forwarded.
    await eventually(() => forwarded.length === 20);
    leg.hold(true);
    expect(arrived, 'handed over by the hold itself').to.have.length(20);
    for (let seq = 20; seq < 40; seq++) await telephone.send(packet(seq));
    await eventually(() => expect(leg.stats().held).to.equal(20));
    expect(arrived).to.have.length(20);
    expect(forwarded).to.have.length(20);
    leg.hold(false);
    await eventually(async () => {
      await telephone.send(packet(40 + forwarded.length));
      return forwarded.length > 25;
    });
    // Listeners see one stream without a hole in its numbers.
    const steps = forwarded
      .slice(1)
      .map((one, at) => (one.sequenceNumber - forwarded[at]!.sequenceNumber) & 0xffff);
    expect(Math.max(...steps)).to.be.below(60);
  });

  it('hands over what came before the end, says goodbye, and gives the ports back', async () => {
    const { leg, arrived } = await open();
    leg.forwardTo(sfuPort);
    const telephone = sender({ to: leg });
    const heard: Buffer[] = [];
    telephone.onMessage((bytes) => heard.push(bytes));
    for (let seq = 0; seq < 10; seq++) await telephone.send(packet(seq));
    await eventually(() => forwarded.length === 10);
    expect(ingress.portsInUse).to.equal(2);
    const rtcp = sender({ to: { ...leg, port: leg.rtcpPort } });
    rtcp.onMessage((bytes) => heard.push(bytes));
    // A receiver report of the other side, empty: from now on reports go where it came from.
    await rtcp.sendRaw(Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]));
    await Promise.all([leg.close(), leg.close()]);
    expect(arrived).to.have.length(10);
    expect(leg.stats()).to.include({ received: 10, forwarded: 10 });
    expect(ingress.portsInUse).to.equal(0);
    await eventually(() => expect(heard.flatMap((bytes) => parseRtcp(bytes)?.byes ?? [])).to.have.length(1));
    // Nothing is heard of it any more.
    leg.hold(true);
    leg.forwardTo(1);
    await telephone.send(packet(11));
    expect(arrived).to.have.length(10);
  });

  it('says media.full and media.unavailable as the door itself does', async () => {
    const narrow = await start({ portMax: portMin + 3 });
    const nowhere = await start({ listenIp: '192.0.2.77' });
    const refusal = (one: ThreadedIngress) => one.openLeg(legOptions).catch((thrown: unknown) => thrown);
    try {
      await narrow.openLeg(legOptions);
      await narrow.openLeg(legOptions);
      const full = await refusal(narrow);
      expect(full).to.be.instanceOf(AppError).that.includes({ code: 'media.full' });
      expect((full as AppError).details).to.deep.equal({ portsInUse: 4 });
      expect(narrow.portsInUse).to.equal(4);
      expect(await refusal(nowhere)).to.include({ code: 'media.unavailable' });
      expect(nowhere.portsInUse).to.equal(0);
    } finally {
      await Promise.all([narrow.close(), nowhere.close()]);
    }
    expect(await refusal(narrow)).to.include({ code: 'media.unavailable' });
  });

  it('tells when packets came by the clock it is given, also when that one is set', async () => {
    let ahead = 3_600_000;
    const late = await start({ clock: () => Date.now() + ahead });
    try {
      const times: number[] = [];
      const leg = await late.openLeg({ ...legOptions, onArrival: (_packet, atMs) => times.push(atMs) });
      const telephone = sender({ to: leg });
      await telephone.send(packet(0));
      await eventually(() => times.length === 1);
      expect(times[0]! - Date.now()).to.be.within(3_600_000 - 5_000, 3_600_000);
      ahead = 0;
      await eventually(async () => {
        await telephone.send(packet(times.length));
        expect(times.at(-1)! - Date.now()).to.be.within(-5_000, 5);
      });
      await eventually(() => expect(leg.stats().lastPacketAt).to.equal(times.at(-1)));
    } finally {
      await late.close();
    }
  });

  it('keeps packets flowing while this thread stands still, and hands them over afterwards', async function () {
    this.timeout(20_000);
    const { leg, arrived } = await open();
    const telephone = new Worker(new URL('./fixtures/telephone.ts', import.meta.url));
    const figures = async (): Promise<Telephoned> => {
      telephone.postMessage('figures');
      return (await once(telephone, 'message'))[0];
    };
    try {
      const [port] = await once(telephone, 'message');
      leg.forwardTo(port);
      telephone.postMessage({ port: leg.port });
      await eventually(async () => expect((await figures()).back).to.be.above(10));
      const before = arrived.length;
      // Two seconds of garbage collection, so to speak.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
      expect(arrived.length, 'this thread really stood still').to.be.within(before, before + 5);
      telephone.postMessage('hush');
      const { sent, back, longestGapMs } = await figures();
      expect(back).to.be.within(sent - 3, sent);
      expect(longestGapMs).to.be.below(1_000);
      await eventually(() => arrived.length >= back);
      const gaps = arrived.slice(1).map(({ atMs }, at) => atMs - arrived[at]!.atMs);
      expect(Math.max(...gaps), 'with the time they came').to.be.below(1_000);
    } finally {
      telephone.postMessage('stop');
      await once(telephone, 'exit');
    }
  });
});
