import { expect } from 'chai';
import { type FedLeg, fedLeg, START_MS, steps } from './fed-leg.ts';

const sequenceSteps = (fed: FedLeg): number[] =>
  steps(
    fed.out.map((packet) => packet.sequenceNumber),
    16,
  );
const timestampSteps = (fed: FedLeg): number[] =>
  steps(
    fed.out.map((packet) => packet.timestamp),
    32,
  );
/** All in order, one packet of 20 ms after the other. */
const expectUnbroken = (fed: FedLeg, packets: number): void => {
  expect(fed.out).to.have.length(packets);
  expect(new Set(sequenceSteps(fed))).to.deep.equal(new Set([1]));
  expect(new Set(timestampSteps(fed))).to.deep.equal(new Set([160]));
};

describe('an RTP leg', () => {
  it('forwards a packet in order at once, with our SSRC and its payload, and tells the recorder when it came', () => {
    const fed = fedLeg({ ssrc: 77 });
    fed.feed({ seq: 9, ts: 1_000, ssrc: 5, payload: Buffer.from([1, 2, 3]) });
    expect(fed.out).to.have.length(1);
    expect(fed.out[0]).to.include({ ssrc: 77, payloadType: 0, marker: true });
    expect([...fed.out[0]!.payload]).to.deep.equal([1, 2, 3]);
    expect(fed.arrived[0]!.atMs).to.equal(START_MS + 5_000);
    expect(fed.arrived[0]!.packet).to.include({ ssrc: 5, sequenceNumber: 9, timestamp: 1_000 });
    expect(fed.firstPackets).to.deep.equal([START_MS + 5_000]);
    expect(fed.leg.lastPacketAt).to.equal(START_MS + 5_000);
  });

  it('leaves CSRCs, header extensions and padding behind', () => {
    const fed = fedLeg();
    const head = Buffer.from([0x80 | 0x20 | 0x10 | 1, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9]);
    const extension = Buffer.from([0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0]);
    fed.feedRaw(Buffer.concat([head, Buffer.from([0, 0, 0, 3]), extension, Buffer.from([7, 8, 9, 0, 0, 3])]));
    expect([...fed.out[0]!.payload]).to.deep.equal([7, 8, 9]);
    expect(fed.out[0]!.headerLength).to.equal(12);
  });

  it('runs on over the wrap-around of sequence numbers and timestamps', () => {
    const fed = fedLeg();
    fed.stream({ seq: 65_500, ts: 2 ** 32 - 160 * 20 }, 100);
    expectUnbroken(fed, 100);
    expect(fed.stats()).to.include({ lost: 0, late: 0, restarts: 0, timestampJumps: 0 });
  });

  it('keeps a hole for what is lost', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 10, ts: 0 }, 5);
    fed.pass(20);
    fed.stream({ seq: next.seq + 1, ts: next.ts + 160 }, 5);
    expect(fed.out).to.have.length(10);
    expect(sequenceSteps(fed)).to.deep.equal([1, 1, 1, 1, 2, 1, 1, 1, 1]);
    expect(fed.stats()).to.include({ lost: 1, received: 10 });
  });

  it('puts swapped packets back in order and gives the recorder what came as it came', () => {
    const fed = fedLeg();
    fed.stream({ seq: 1, ts: 0 }, 1);
    for (const seq of [3, 2, 5, 6, 4, 7]) fed.feed({ seq, ts: (seq - 1) * 160 });
    expectUnbroken(fed, 7);
    expect(fed.arrived.map(({ packet }) => packet.sequenceNumber)).to.deep.equal([1, 3, 2, 5, 6, 4, 7]);
    expect(fed.stats()).to.include({ lost: 0, late: 0 });
  });

  it('drops a duplicate for listeners and for the recorder', () => {
    const fed = fedLeg();
    for (const seq of [1, 2, 2, 1, 3]) fed.feed({ seq, ts: seq * 160 });
    expectUnbroken(fed, 3);
    expect(fed.arrived).to.have.length(3);
    expect(fed.stats()).to.include({ duplicates: 2, received: 3, late: 0 });
  });

  it('drops what is too late for listeners but keeps it for the recorder', () => {
    const fed = fedLeg();
    for (const seq of [1, 3, 4, 5, 2, 6]) fed.feed({ seq, ts: seq * 160 });
    expect(fed.out.map((packet) => packet.sequenceNumber)).to.deep.equal([1, 3, 4, 5, 6]);
    expect(fed.arrived).to.have.length(6);
    expect(fed.stats()).to.include({ late: 1, lost: 0 });
  });

  it('takes packets from before the first one as late, without counting a loss', () => {
    const fed = fedLeg();
    for (const seq of [100, 99, 101]) fed.feed({ seq, ts: seq * 160 });
    expect(fed.out).to.have.length(2);
    expect(fed.stats()).to.include({ late: 1, lost: 0 });
  });

  it('turns a jump of 40,000 sequence numbers into no loss at all', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 60_000, ts: 0 }, 20);
    fed.stream({ ...next, seq: (next.seq + 40_000) & 0xffff }, 20);
    expectUnbroken(fed, 40);
    expect(fed.arrived).to.have.length(40);
    expect(fed.stats()).to.include({ restarts: 1, lost: 0, refused: 0 });
  });

  for (const jump of [-30_000, -130, 150, 2_900, 5_000, 32_767]) {
    it(`goes on without a hole when sequence numbers jump by ${jump}`, () => {
      const fed = fedLeg();
      const next = fed.stream({ seq: 40_000, ts: 0 }, 20);
      fed.stream({ ...next, seq: (next.seq + jump) & 0xffff }, 20);
      expectUnbroken(fed, 40);
    });
  }

  it('notices a restart just below the old numbers, which looks like late packets', () => {
    const fed = fedLeg();
    fed.stream({ seq: 0, ts: 0 }, 60);
    fed.stream({ seq: 0, ts: 0 }, 60);
    const { restarts, late, duplicates } = fed.stats();
    expect(restarts).to.equal(1);
    expect(late + duplicates).to.be.below(5);
    expect(fed.out.length).to.be.above(115);
    expect(new Set(sequenceSteps(fed))).to.deep.equal(new Set([1]));
  });

  it('takes a burst of late packets for what it is', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0 }, 20);
    const afterHole = fed.stream({ seq: 28, ts: 28 * 160 }, 5);
    for (let seq = next.seq; seq < 28; seq++) fed.feed({ seq, ts: seq * 160 });
    fed.stream(afterHole, 5);
    expect(fed.stats()).to.include({ restarts: 0, late: 8, lost: 0 });
  });

  it('is not moved by a single stray packet, nor by strays that do not follow each other', () => {
    const fed = fedLeg();
    let next = fed.stream({ seq: 1_000, ts: 0 }, 10);
    fed.feed({ seq: 41_000, ts: 99 });
    next = fed.stream(next, 10);
    fed.feed({ seq: 41_001, ts: 259 });
    next = fed.stream(next, 5);
    fed.feed({ seq: 7, ts: 1, ssrc: 0xbad });
    next = fed.stream(next, 5);
    fed.feed({ seq: 9_000, ts: 1, ssrc: 0xbad });
    fed.stream(next, 10);
    expectUnbroken(fed, 40);
    expect(fed.arrived).to.have.length(40);
    expect(fed.stats()).to.include({ restarts: 0, ssrcChanges: 0 });
    expect(fed.stats().refusedBy.stray).to.be.within(3, 4);
  });

  it('follows a change of SSRC with new numbers and loses none of its packets', () => {
    const fed = fedLeg();
    fed.stream({ seq: 1_000, ts: 50_000, ssrc: 1 }, 10);
    fed.stream({ seq: 30_000, ts: 4_000_000_000, ssrc: 2 }, 10);
    expectUnbroken(fed, 20);
    expect(fed.out.filter((packet) => packet.marker).map((packet) => fed.out.indexOf(packet))).to.deep.equal([
      0, 10,
    ]);
    expect(fed.arrived.map(({ packet }) => packet.ssrc)).to.deep.equal([
      ...Array(10).fill(1),
      ...Array(10).fill(2),
    ]);
    expect(fed.stats()).to.include({ ssrcChanges: 1, lost: 0, refused: 0 });
  });

  it('does not swing between two streams that run at the same time', () => {
    const fed = fedLeg();
    let a = fed.stream({ seq: 0, ts: 0, ssrc: 1 }, 5);
    let b = { seq: 9_000, ts: 0, ssrc: 2 };
    for (let i = 0; i < 50; i++) {
      a = fed.stream(a, 1);
      b = fed.stream(b, 1) as typeof b;
    }
    expect(fed.stats().ssrcChanges).to.equal(1);
  });

  it('lets a former stream return once the present one is silent', () => {
    const fed = fedLeg();
    const a = fed.stream({ seq: 0, ts: 0, ssrc: 1 }, 10);
    fed.stream({ seq: 500, ts: 77, ssrc: 2 }, 10);
    fed.pass(300);
    fed.stream(a, 10);
    expect(fed.out).to.have.length(30);
    expect(fed.stats().ssrcChanges).to.equal(2);
  });

  it('goes on at the pace of arrival when timestamps are reset', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 3_000_000 }, 10);
    fed.stream({ ...next, ts: 12 }, 10);
    expectUnbroken(fed, 20);
    expect(fed.stats()).to.include({ timestampJumps: 1, restarts: 0 });
  });

  it('smooths a jump of the timestamps into the future', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0 }, 10);
    fed.stream({ ...next, ts: next.ts + 8_000 * 3_600 }, 10);
    expectUnbroken(fed, 20);
  });

  it('gives a sender whose timestamps stand still the pace of its packets', () => {
    const fed = fedLeg();
    for (let seq = 0; seq < 20; seq++) {
      fed.pass(20);
      fed.feed({ seq, ts: 5 });
    }
    expectUnbroken(fed, 20);
  });

  it('goes on after a gap of 3 s with 3 s more on the clock and the marker set', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0 }, 10);
    fed.pass(3_000);
    fed.stream({ ...next, ts: next.ts + 24_000 }, 10);
    expect(sequenceSteps(fed).every((step) => step === 1)).to.equal(true);
    expect(timestampSteps(fed)[9]).to.equal(24_160);
    expect(fed.out[10]!.marker).to.equal(true);
    expect(fed.out[11]!.marker).to.equal(false);
  });

  it('goes on after a gap of 3 s with a new SSRC, new numbers and the right advance', () => {
    const fed = fedLeg();
    fed.stream({ seq: 0, ts: 0, ssrc: 1 }, 10);
    fed.pass(3_000);
    fed.stream({ seq: 20_000, ts: 7, ssrc: 2 }, 10);
    expect(sequenceSteps(fed).every((step) => step === 1)).to.equal(true);
    expect(timestampSteps(fed)[9]).to.equal(24_160);
    expect(timestampSteps(fed).filter((step) => step !== 160)).to.have.length(1);
    expect(fed.out[10]!.marker).to.equal(true);
  });

  it('counts an outage of 3 s with numbers running on as a loss of 150', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0 }, 10);
    fed.pass(3_000);
    fed.stream({ ...next, seq: next.seq + 150, ts: next.ts + 24_000 }, 10);
    expect(sequenceSteps(fed)[9]).to.equal(151);
    expect(timestampSteps(fed)[9]).to.equal(24_160);
    expect(fed.stats()).to.include({ lost: 150, restarts: 0 });
  });

  it('leaves the timestamps alone when the network stalls and then delivers in a burst', () => {
    const fed = fedLeg();
    let next = fed.stream({ seq: 0, ts: 0 }, 50);
    fed.pass(2_000);
    for (let i = 0; i < 100; i++) {
      fed.feed(next);
      next = { ...next, seq: next.seq + 1, ts: next.ts + 160 };
    }
    fed.stream(next, 50);
    expectUnbroken(fed, 200);
    expect(fed.stats()).to.include({ timestampJumps: 0 });
  });

  it('drops telephone-event, comfort noise and empty keep-alives without leaving holes', () => {
    const fed = fedLeg();
    let next = fed.stream({ seq: 0, ts: 0 }, 5);
    for (const extra of [{ pt: 101 }, { pt: 101 }, { pt: 13 }, { pt: 0, payload: Buffer.alloc(0) }]) {
      const { pt: _pt, payload: _payload, ...plain } = fed.stream({ ...next, ...extra }, 1) as typeof next;
      next = plain;
    }
    fed.stream(next, 5);
    expect(fed.out).to.have.length(10);
    expect(new Set(sequenceSteps(fed))).to.deep.equal(new Set([1]));
    expect(timestampSteps(fed)[4]).to.equal(5 * 160);
    expect(fed.arrived).to.have.length(10);
    expect(fed.stats()).to.include({ stripped: 4, lost: 0, refused: 0 });
  });

  it('does not start, and pins nothing, on telephone-event alone', () => {
    const fed = fedLeg();
    fed.feed({ seq: 1, ts: 0, pt: 101, from: { address: '203.0.113.9', port: 9 } });
    fed.stream({ seq: 2, ts: 0 }, 3);
    expect(fed.out).to.have.length(3);
    expect(fed.firstPackets).to.have.length(1);
  });

  it('refuses and counts other payload types, which neither pin nor move anything', () => {
    const fed = fedLeg();
    fed.feed({ seq: 1, ts: 0, pt: 18, from: { address: '203.0.113.9', port: 9 } });
    const next = fed.stream({ seq: 1, ts: 0 }, 5);
    fed.feed({ ...next, pt: 18 });
    fed.feed({ seq: 50_000, ts: 0, pt: 18 });
    fed.stream({ seq: next.seq + 1, ts: next.ts + 160 }, 5);
    expect(fed.out).to.have.length(10);
    expect(new Set(sequenceSteps(fed))).to.deep.equal(new Set([1]));
    expect(fed.stats().refusedBy['payload-type']).to.equal(3);
  });

  it('refuses what is no RTP and what is too large, by reason', () => {
    const fed = fedLeg();
    fed.feedRaw(Buffer.alloc(0));
    fed.feedRaw(Buffer.alloc(11, 0x80));
    fed.feedRaw(Buffer.from([0x40, ...new Uint8Array(20)]));
    fed.feedRaw(Buffer.from([0x9f, 0, ...new Uint8Array(20)]));
    fed.feedRaw(Buffer.from([0x80, 0, ...new Uint8Array(1_499)]));
    fed.feed({ seq: 1, ts: 1, payload: Buffer.alloc(1_488) });
    expect(fed.stats().refusedBy).to.include({ malformed: 4, size: 1 });
    expect(fed.out).to.have.length(1);
  });

  it('drops what comes on hold for everybody and goes on without a hole, the time of the hold on the clock', () => {
    const fed = fedLeg();
    let next = fed.stream({ seq: 0, ts: 0 }, 10);
    fed.leg.hold(true);
    next = fed.stream(next, 100);
    expect(fed.leg.lastPacketAt).to.equal(START_MS + 5_000 + 110 * 20);
    // Some of what nobody hears is lost on the way: no listener needs to know.
    next = { ...next, seq: next.seq + 10, ts: next.ts + 1_600 };
    fed.pass(200);
    next = fed.stream(next, 40);
    fed.leg.hold(false);
    fed.stream(next, 10);
    expect(fed.out).to.have.length(20);
    expect(fed.arrived).to.have.length(20);
    expect(new Set(sequenceSteps(fed))).to.deep.equal(new Set([1]));
    expect(timestampSteps(fed)[9]).to.equal(160 * 151);
    expect(fed.out[10]!.marker).to.equal(true);
    expect(fed.stats().held).to.equal(140);
  });

  it('has not heard a leg that is on hold from the start', () => {
    const fed = fedLeg();
    fed.leg.hold(true);
    const next = fed.stream({ seq: 0, ts: 0 }, 10);
    expect(fed.firstPackets).to.deep.equal([]);
    fed.leg.hold(false);
    fed.stream(next, 1);
    expect(fed.firstPackets).to.have.length(1);
  });

  it('counts the time of Opus at 48 kHz', () => {
    const fed = fedLeg({ codec: 'opus', payloadType: 111 });
    // Configuration 1, code 0: one frame of 20 ms (RFC 6716 §3.1).
    const payload = Buffer.alloc(40, 0x08);
    fed.stream({ seq: 0, ts: 0, ssrc: 1, payload }, 5);
    fed.pass(1_000);
    fed.stream({ seq: 900, ts: 4, ssrc: 2, payload }, 5);
    expect(timestampSteps(fed)).to.deep.equal([960, 960, 960, 960, 960 * 51, 960, 960, 960, 960]);
    expect(fed.out[0]!.payloadType).to.equal(111);
  });

  it('refuses packets from elsewhere once the first source is pinned', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0 }, 5);
    fed.feed({ ...next, from: { address: '192.0.2.1', port: 4_001 } });
    fed.feed({ ...next, from: { address: '203.0.113.1', port: 4_000 } });
    fed.pass(60_000);
    fed.feed({ ...next, from: { address: '192.0.2.1', port: 4_001 } });
    expect(fed.out).to.have.length(5);
    expect(fed.stats().refusedBy.source).to.equal(3);
  });

  it('calls nobody back after it is closed', async () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0 }, 3);
    await fed.leg.close();
    fed.feed(next);
    expect(fed.out).to.have.length(3);
    expect(fed.arrived).to.have.length(3);
  });
});
