import { createSocket } from 'node:dgram';
import { expect } from 'chai';
import { AppError } from '#kernel/errors.ts';
import { createLog } from '#kernel/log.ts';
import { decodeG711 } from '#kernel/rtp/g711.ts';
import { parseRtp, type RtpPacket, writeRtp } from '#kernel/rtp/packet.ts';
import { eventually } from '#support/eventually.ts';
import { createRtpSender, type RtpSender, sendOpusTone, sendTone } from '#support/rtp-sender.ts';
import { parseRtcp } from '#telephony/rtcp.ts';
import {
  createRtpIngress,
  type RtpIngress,
  type RtpLeg,
  type RtpLegOptions,
} from '#telephony/rtp-ingress.ts';

interface OpenLeg {
  leg: RtpLeg;
  out: RtpPacket[];
  arrived: Buffer[];
}

/** A range of its own for this process, outside the kernel's ephemeral one, so that runs side by side rarely meet. */
const portMin = 10_000 + (process.pid % 90) * 100;

describe('the RTP ingress', () => {
  let ingress: RtpIngress;
  const senders: RtpSender[] = [];

  const open = async (options: Partial<RtpLegOptions> = {}): Promise<OpenLeg> => {
    const out: RtpPacket[] = [];
    const arrived: Buffer[] = [];
    const leg = await ingress.openLeg({
      legId: 'leg_1',
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventPayloadType: 101,
      ssrc: 4_242,
      onArrival: (packet) => arrived.push(packet),
      onForward: (packet) => out.push(parseRtp(packet)!),
      ...options,
    });
    return { leg, out, arrived };
  };
  const sender = (options: Parameters<typeof createRtpSender>[0]): RtpSender => {
    const made = createRtpSender(options);
    senders.push(made);
    return made;
  };
  const packet = (sequenceNumber: number) => ({
    sequenceNumber,
    timestamp: sequenceNumber * 160,
    payload: Buffer.alloc(160, 0xff),
  });

  beforeEach(() => {
    ingress = createRtpIngress({
      listenIp: '127.0.0.1',
      portMin,
      portMax: portMin + 99,
      log: createLog('test', 'silent'),
    });
  });

  afterEach(async () => {
    await Promise.all(senders.splice(0).map((made) => made.close()));
    await ingress.close();
    expect(ingress.portsInUse).to.equal(0);
  });

  it('brings a tone through as it was sent, PCMU and Opus side by side', async () => {
    const a = await open();
    const b = await open({ codec: 'opus', payloadType: 111 });
    const [sentA, sentB] = await Promise.all([
      sendTone({ to: a.leg, hz: 440, seconds: 1 }).done,
      sendOpusTone({ to: b.leg, hz: 880, seconds: 1 }).done,
    ]);
    await eventually(() => a.out.length === sentA.packets && b.out.length === sentB.packets);
    expect(sentA.packets).to.equal(50);
    expect(sentB.packets).to.equal(50);
    const samples = decodeG711('PCMU', Buffer.concat(a.out.map(({ payload }) => payload)));
    let crossings = 0;
    for (let i = 1; i < samples.length; i++) if (samples[i - 1]! < 0 && samples[i]! >= 0) crossings++;
    expect(crossings).to.be.within(438, 441);
    expect(b.out[49]!.timestamp - b.out[0]!.timestamp).to.equal(49 * 960);
    expect(a.leg.stats().lost + b.leg.stats().lost).to.equal(0);
  });

  it('gives every leg an even port and the odd one above, and takes them back', async () => {
    const legs = [await open(), await open(), await open()];
    for (const { leg } of legs) {
      expect(leg.port % 2).to.equal(0);
      expect(leg.rtcpPort).to.equal(leg.port + 1);
      expect(leg.port).to.be.within(portMin, portMin + 98);
    }
    expect(new Set(legs.map(({ leg }) => leg.port)).size).to.equal(3);
    expect(ingress.portsInUse).to.equal(6);
    await legs[0]!.leg.close();
    await legs[0]!.leg.close();
    expect(ingress.portsInUse).to.equal(4);
  });

  it('goes round ports that others hold, and says media.full when none is left', async () => {
    const narrow = createRtpIngress({
      listenIp: '127.0.0.1',
      portMin: portMin + 1,
      portMax: portMin + 8,
      log: createLog('test', 'silent'),
    });
    // The RTCP half of the middle one of three pairs: +2/+3, +4/+5, +6/+7.
    const squatter = createSocket('udp4');
    await new Promise<void>((resolve) => squatter.bind(portMin + 5, '127.0.0.1', resolve));
    const options: RtpLegOptions = {
      legId: 'leg',
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventPayloadType: 101,
      ssrc: 1,
      onArrival: () => {},
      onForward: () => {},
    };
    try {
      const legs = await Promise.all([narrow.openLeg(options), narrow.openLeg(options)]);
      expect(legs.map((leg) => leg.port).sort()).to.deep.equal([portMin + 2, portMin + 6]);
      const refusal = await narrow.openLeg(options).catch((thrown: unknown) => thrown);
      expect(refusal).to.be.instanceOf(AppError);
      expect((refusal as AppError).code).to.equal('media.full');
      expect(narrow.portsInUse).to.equal(4);
      await legs[0].close();
      const again = await narrow.openLeg(options);
      expect(again.port, 'given out again although it has not rested').to.equal(legs[0].port);
    } finally {
      await narrow.close();
      squatter.close();
    }
  });

  it('says media.unavailable when its address is not of this machine', async () => {
    const nowhere = createRtpIngress({
      listenIp: '192.0.2.77',
      portMin,
      portMax: portMin + 9,
      log: createLog('test', 'silent'),
    });
    const refusal = await nowhere
      .openLeg({
        legId: 'leg',
        codec: 'PCMU',
        payloadType: 0,
        telephoneEventPayloadType: 101,
        ssrc: 1,
        onArrival: () => {},
        onForward: () => {},
      })
      .catch((thrown: unknown) => thrown);
    expect((refusal as AppError).code).to.equal('media.unavailable');
    expect(nowhere.portsInUse).to.equal(0);
  });

  it('hears only the stated source', async () => {
    const mine = sender({ to: { address: '127.0.0.1', port: 9 } });
    const other = sender({ to: { address: '127.0.0.1', port: 9 } });
    await mine.sendRaw(Buffer.alloc(1));
    const { leg, out } = await open({ source: { address: '127.0.0.1', port: mine.localPort()! } });
    const to = { address: leg.address, port: leg.port };
    for (let seq = 0; seq < 10; seq++) {
      const bytes = writeRtp({ ...packet(seq), marker: false, payloadType: 0, ssrc: 1 });
      await other.sendRaw(bytes, to);
      await mine.sendRaw(bytes, to);
    }
    await eventually(() => out.length === 10 && leg.stats().refusedBy.source === 10);
    expect(leg.stats()).to.include({ received: 10, duplicates: 0 });
  });

  it('lets a stated address come from another port after 3 s of silence', async function () {
    this.timeout(15_000);
    const { leg, out } = await open({ source: { address: '127.0.0.1' } });
    const first = sender({ to: leg });
    const second = sender({ to: leg });
    for (let seq = 0; seq < 5; seq++) await first.send(packet(seq));
    await eventually(() => out.length === 5);
    await second.send(packet(5_000));
    await eventually(() => leg.stats().refusedBy.source === 1);
    let seq = 5_001;
    await eventually(
      async () => {
        await second.send(packet(seq++));
        return out.length >= 7;
      },
      { within: 8_000, every: 100 },
    );
    expect(leg.stats()).to.include({ ssrcChanges: 1 });
  });

  it('forwards what waited behind a lost packet within 60 ms, without another packet', async () => {
    const { leg, out } = await open();
    const from = sender({ to: leg });
    await from.send(packet(1));
    await from.send(packet(3));
    const startedAt = performance.now();
    await eventually(() => out.length === 2, { every: 5 });
    // A busy machine may be late, but never so late as never.
    expect(performance.now() - startedAt).to.be.within(20, 4_000);
    expect(leg.stats().lost).to.equal(1);
  });

  it('sends receiver reports to the port above the source, and a goodbye at the end', async function () {
    this.timeout(20_000);
    const { leg } = await open();
    // An even port whose neighbour is free: ask until both are had.
    const pair = await eventually(async () => {
      const rtp = createRtpSender({ to: leg });
      await rtp.sendRaw(Buffer.alloc(1), { address: '127.0.0.1', port: 9 });
      const rtcp = createRtpSender({ to: leg, from: { port: rtp.localPort()! + 1 } });
      try {
        await rtcp.sendRaw(Buffer.alloc(1), { address: '127.0.0.1', port: 9 });
      } catch (thrown) {
        await rtp.close();
        throw thrown;
      }
      return { rtp, rtcp };
    });
    senders.push(pair.rtp, pair.rtcp);
    const reports: { bytes: Buffer; port: number }[] = [];
    pair.rtcp.onMessage((bytes, from) => reports.push({ bytes, port: from.port }));
    for (let seq = 0; seq < 10; seq++) if (seq !== 5) await pair.rtp.send({ ...packet(seq), ssrc: 99 });
    await eventually(() => reports.length > 0, { within: 9_000, every: 100 });
    const { bytes, port } = reports[0]!;
    expect(port).to.equal(leg.rtcpPort);
    expect(bytes[1]).to.equal(201);
    expect(bytes.readUInt32BE(8)).to.equal(99);
    expect(bytes.readIntBE(13, 3), 'cumulative lost').to.equal(1);
    expect(bytes[12], 'a tenth of 256').to.equal(25);
    await leg.close();
    await eventually(() => parseRtcp(reports.at(-1)!.bytes)!.byes.length === 1);
  });

  it('is not disturbed by 20,000 random packets on both ports of a leg, nor is its neighbour', async function () {
    this.timeout(60_000);
    const target = await open();
    const neighbour = await open();
    const tone = sendTone({ to: neighbour.leg, hz: 440, seconds: 2 });
    const honest = sender({ to: target.leg, ssrc: 1 });
    await honest.send(packet(0));
    await eventually(() => target.out.length === 1);

    const random = mulberry32(20_260_101);
    const stranger = sender({ to: target.leg });
    let seq = 1;
    for (let i = 0; i < 20_000; i++) {
      const bytes = randomPacket(random);
      // Half of it from a stranger, half with the pinned source's own address and port.
      const from = i % 2 === 0 ? stranger : honest;
      await from.sendRaw(bytes, {
        address: target.leg.address,
        port: i % 5 === 0 ? target.leg.rtcpPort : target.leg.port,
      });
      if (i % 100 === 0) await honest.send(packet(seq++));
      // Sending never leaves this turn of the event loop; the other end needs turns to read.
      if (i % 25 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const heard = target.out.length;
    // Two in a row settle the stream wherever the noise has left it.
    await eventually(async () => {
      await honest.send(packet(seq++));
      return target.out.length >= heard + 5;
    });
    const stats = target.leg.stats();
    expect(stats.refusedBy.source).to.be.above(5_000);
    expect(stats.refusedBy.malformed).to.be.above(1_000);
    expect(stats.refusedBy.size).to.be.above(10);
    const sequence = target.out.map(({ sequenceNumber }) => sequenceNumber);
    for (let i = 1; i < sequence.length; i++)
      expect((sequence[i]! - sequence[i - 1]!) & 0xffff, 'no listener sees a great hole').to.be.within(
        1,
        3_001,
      );
    const sent = await tone.done;
    await eventually(() => neighbour.out.length === sent.packets);
    expect(neighbour.leg.stats()).to.include({ lost: 0, refused: 0 });
  });
});

/** A small repeatable generator (mulberry32): the same hostile packets in every run. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Rubbish of any length, RTP-like headers with wild fields, RTCP-like ones with lying lengths. */
function randomPacket(random: () => number): Buffer {
  const kind = random();
  const length = kind > 0.98 ? 1_501 + Math.floor(random() * 400) : Math.floor(random() * 260);
  const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  if (length > 1 && kind < 0.5) bytes[0] = 0x80 | (random() < 0.5 ? 0 : Math.floor(random() * 64));
  if (length > 1 && kind < 0.2) bytes[1] = random() < 0.5 ? 0 : 101;
  if (length > 1 && kind >= 0.2 && kind < 0.35) bytes[1] = 192 + Math.floor(random() * 32);
  // Now and then the honest stream's own SSRC.
  if (length > 12 && kind < 0.1) bytes.writeUInt32BE(1, 8);
  return bytes;
}
