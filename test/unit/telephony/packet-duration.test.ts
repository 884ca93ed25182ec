import { expect } from 'chai';
import { packetDuration } from '#telephony/packet-duration.ts';

const opus = (...bytes: number[]): number => packetDuration('opus', Buffer.from(bytes), 0, bytes.length);

describe('the duration of a packet', () => {
  it('is a tick per byte in G.711', () => {
    expect(packetDuration('PCMU', Buffer.alloc(172), 12, 172)).to.equal(160);
    expect(packetDuration('PCMA', Buffer.alloc(252), 12, 252)).to.equal(240);
  });

  it('is read from the table-of-contents byte in Opus (RFC 6716 §3.1)', () => {
    const ms = (configuration: number): number => opus(configuration << 3, 0) / 48;
    expect([0, 1, 2, 3].map(ms)).to.deep.equal([10, 20, 40, 60]);
    expect([12, 13, 14, 15].map(ms)).to.deep.equal([10, 20, 10, 20]);
    expect([28, 29, 30, 31].map(ms)).to.deep.equal([2.5, 5, 10, 20]);
  });

  it('counts the frames of one Opus packet', () => {
    expect(opus((1 << 3) | 1, 0)).to.equal(1_920);
    expect(opus((1 << 3) | 2, 0)).to.equal(1_920);
    expect(opus((1 << 3) | 3, 3)).to.equal(2_880);
  });

  it('is 20 ms for Opus that says nothing sensible', () => {
    expect(opus()).to.equal(960);
    expect(opus((3 << 3) | 3, 63)).to.equal(960);
    expect(opus((3 << 3) | 3, 0)).to.equal(960);
  });
});
