import { expect } from 'chai';
import { Reception } from '#telephony/reception.ts';
import { parseRtcp, writeReceiverReport } from '#telephony/rtcp.ts';
import { fedLeg } from './fed-leg.ts';

function senderReport(ssrc: number, ntpMiddle: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.set([0x80, 200, 0, 6]);
  bytes.writeUInt32BE(ssrc, 4);
  bytes.writeUInt32BE(ntpMiddle >>> 16, 8);
  bytes.writeUInt32BE((ntpMiddle & 0xffff) * 65_536, 12);
  bytes.writeUInt32BE(123, 20);
  return bytes;
}

function bye(ssrc: number): Buffer {
  const bytes = Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 0]);
  bytes.writeUInt32BE(ssrc, 4);
  return bytes;
}

describe('receiver reports', () => {
  it('count what is lost, over the wrap-around, per interval and in all', () => {
    const reception = new Reception(8_000);
    reception.start(9, 65_530);
    for (let i = 0; i < 20; i++) if (i % 4 !== 3) reception.count((65_530 + i) & 0xffff, i * 160, i * 20);
    reception.count((65_530 + 20) & 0xffff, 20 * 160, 400);
    let block = reception.report(0);
    expect(block).to.include({ ssrc: 9, cumulativeLost: 5, fractionLost: Math.floor((5 * 256) / 21) });
    expect(block.highestSequence).to.equal(65_536 + 14);
    for (let i = 21; i < 40; i++) reception.count((65_530 + i) & 0xffff, i * 160, i * 20);
    block = reception.report(0);
    expect(block).to.include({ cumulativeLost: 5, fractionLost: 0 });
  });

  it('estimate the jitter as RFC 3550 A.8 does', () => {
    const reception = new Reception(8_000);
    reception.start(1, 0);
    expect(reception.report(0).jitter).to.equal(0);
    // Every second packet 10 ms late: |D| is 80 ticks each time, and J approaches it by a sixteenth.
    for (let i = 0; i < 200; i++) reception.count(i, i * 160, i * 20 + (i % 2) * 10);
    expect(reception.report(0).jitter).to.be.within(79, 80);
    expect(reception.jitterMs).to.be.closeTo(10, 0.1);
    const before = reception.report(0).jitter;
    reception.count(200, 4_000_000_000, 4_000);
    expect(reception.report(0).jitter, 'a timestamp reset is no jitter').to.equal(before);
  });

  it('never say more than the fields can hold', () => {
    const reception = new Reception(8_000);
    reception.start(1, 10);
    for (let i = 0; i < 50; i++) reception.count(10, 0, i);
    expect(reception.report(0)).to.include({ cumulativeLost: -49, fractionLost: 0 });
  });

  it('are written as RFC 3550 §6.4.2 and §6.5 lay them out', () => {
    const block = {
      ssrc: 0x01020304,
      fractionLost: 12,
      cumulativeLost: -2,
      highestSequence: 70_000,
      jitter: 33,
      lastSenderReport: 0xaabbccdd,
      delaySinceLastSenderReport: 65_536,
    };
    const bytes = writeReceiverReport({ ssrc: 5, block, cname: 'abcd', bye: true });
    expect(bytes.length % 4).to.equal(0);
    expect([...bytes.subarray(0, 4)]).to.deep.equal([0x81, 201, 0, 7]);
    expect(bytes.readUInt32BE(8)).to.equal(0x01020304);
    expect(bytes[12]).to.equal(12);
    expect(bytes.readIntBE(13, 3)).to.equal(-2);
    expect(bytes.readUInt32BE(16)).to.equal(70_000);
    expect(bytes.readUInt32BE(24)).to.equal(0xaabbccdd);
    expect([...bytes.subarray(32, 34)]).to.deep.equal([0x81, 202]);
    expect(bytes.toString('latin1', 42, 46)).to.equal('abcd');
    expect(parseRtcp(bytes)?.byes).to.deep.equal([5]);
    for (const cname of ['a', 'ab', 'abc', 'abcde'])
      expect(parseRtcp(writeReceiverReport({ ssrc: 1, block: undefined, cname })), cname).to.not.equal(
        undefined,
      );
  });

  it('go to the port above the source, about every 5 s, once packets come', () => {
    const fed = fedLeg();
    for (let i = 0; i < 40; i++) {
      fed.pass(250);
      fed.reportIfDue();
    }
    expect(fed.reports).to.deep.equal([]);
    let next = { seq: 0, ts: 0 };
    for (let i = 0; i < 50; i++) {
      next = fed.stream(next, 50);
      fed.reportIfDue();
    }
    expect(fed.reports.length).to.be.within(6, 20);
    expect(fed.reports[0]).to.include({ port: 4_001, address: '192.0.2.1' });
    expect(fed.reports[0]!.bytes.readUInt32BE(8)).to.equal(1);
  });

  it('answer a sender report with its time and the delay since', () => {
    const fed = fedLeg();
    const next = fed.stream({ seq: 0, ts: 0, ssrc: 7 }, 10);
    fed.feedRtcp(senderReport(7, 0x12345678), { address: '192.0.2.1', port: 4_777 });
    fed.stream(next, 500);
    fed.reportIfDue();
    const { bytes, port } = fed.reports[0]!;
    expect(port, 'where the sender’s RTCP came from').to.equal(4_777);
    expect(bytes.readUInt32BE(24)).to.equal(0x12345678);
    expect(bytes.readUInt32BE(28)).to.equal(10 * 65_536);
  });

  it('notice a goodbye, also on the RTP port, and only for the present SSRC', () => {
    const fed = fedLeg();
    fed.stream({ seq: 0, ts: 0, ssrc: 7 }, 3);
    fed.feedRtcp(bye(8));
    expect(fed.stats().bye).to.equal(false);
    fed.feedRaw(Buffer.concat([senderReport(7, 1), bye(7)]));
    expect(fed.stats()).to.include({ bye: true, refused: 0 });
    fed.stream({ seq: 900, ts: 0, ssrc: 9 }, 3);
    expect(fed.stats().bye).to.equal(false);
  });

  it('are not owed to strangers, nor is their RTCP read', () => {
    const fed = fedLeg();
    fed.stream({ seq: 0, ts: 0, ssrc: 7 }, 3);
    fed.feedRtcp(bye(7), { address: '203.0.113.7', port: 1 });
    expect(fed.stats().bye).to.equal(false);
    expect(fed.stats().refusedBy.source).to.equal(1);
    fed.feedRtcp(Buffer.from([0x81, 203, 0, 9, 0, 0, 0, 7]));
    expect(fed.stats().refusedBy.malformed).to.equal(1);
  });

  it('end with a goodbye when the leg is closed', async () => {
    const fed = fedLeg();
    fed.stream({ seq: 0, ts: 0, ssrc: 7 }, 3);
    await fed.leg.close();
    expect(parseRtcp(fed.reports[0]!.bytes)?.byes).to.have.length(1);
  });
});

describe('RTCP as it comes in', () => {
  it('is refused when it is cut off, of another version or padded with rubbish', () => {
    const whole = Buffer.concat([senderReport(7, 1), bye(7)]);
    for (let length = 0; length < whole.length; length++) {
      if (length === 28) continue;
      expect(parseRtcp(whole.subarray(0, length)), `${length} bytes`).to.equal(undefined);
    }
    expect(parseRtcp(Buffer.from([0x41, 203, 0, 0]))).to.equal(undefined);
    expect(parseRtcp(Buffer.from([0x9f, 203, 0, 0]))?.byes).to.deep.equal([]);
  });
});
