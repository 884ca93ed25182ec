import { expect } from 'chai';
import { emptyRtpHeader } from '#kernel/rtp/packet.ts';
import { StreamTracker } from '#telephony/stream-tracker.ts';

const packet = (sequenceNumber: number, ssrc = 1) => ({ ...emptyRtpHeader(), sequenceNumber, ssrc });

describe('the stream tracker', () => {
  it('gives neighbours neighbouring positions through many wrap-arounds', () => {
    const tracker = new StreamTracker();
    const header = packet(65_000);
    tracker.judge(header, 0);
    const first = tracker.position;
    for (let i = 1; i <= 300_000; i++) {
      header.sequenceNumber = (65_000 + i) & 0xffff;
      if (tracker.judge(header, i * 20) !== 'accept' || tracker.position !== first + i)
        expect.fail(`position ${tracker.position - first} for packet ${i}`);
    }
    expect(tracker.restarts).to.equal(0);
  });

  it('places late packets across the wrap-around', () => {
    const tracker = new StreamTracker();
    tracker.judge(packet(65_534), 0);
    const first = tracker.position;
    tracker.judge(packet(1), 20);
    expect(tracker.position).to.equal(first + 3);
    expect(tracker.judge(packet(65_535), 20)).to.equal('accept');
    expect(tracker.position).to.equal(first + 1);
    expect(tracker.judge(packet(65_535), 20)).to.equal('duplicate');
    expect(tracker.judge(packet(0), 20)).to.equal('accept');
    expect(tracker.position).to.equal(first + 2);
  });

  it('keeps a candidate, and a restart goes on right behind the highest position', () => {
    const tracker = new StreamTracker();
    tracker.judge(packet(10), 0);
    const highest = tracker.position;
    expect(tracker.judge(packet(5_000, 2), 20)).to.equal('candidate');
    expect(tracker.judge(packet(5_000, 2), 20)).to.equal('duplicate');
    expect(tracker.judge(packet(5_002, 2), 60)).to.equal('restart');
    expect(tracker.candidatePosition).to.equal(highest + 1);
    expect(tracker.position).to.equal(highest + 3);
    expect(tracker.ssrc).to.equal(2);
  });

  it('forgets a candidate that nothing follows for 5 s', () => {
    const tracker = new StreamTracker();
    tracker.judge(packet(10), 0);
    tracker.judge(packet(5_000, 2), 20);
    expect(tracker.judge(packet(5_001, 2), 5_100)).to.equal('candidate');
    expect(tracker.judge(packet(5_002, 2), 5_120)).to.equal('restart');
  });

  it('refuses a stream that was left while the new one is alive', () => {
    const tracker = new StreamTracker();
    tracker.judge(packet(10, 1), 0);
    tracker.judge(packet(1, 2), 20);
    tracker.judge(packet(2, 2), 40);
    expect(tracker.judge(packet(11, 1), 50)).to.equal('stray');
    expect(tracker.judge(packet(12, 1), 300)).to.equal('candidate');
  });

  it('knows no place for a packet without audio before the stream or far from it', () => {
    const tracker = new StreamTracker();
    expect(tracker.locate(packet(9), 0)).to.equal(undefined);
    tracker.judge(packet(10), 0);
    const first = tracker.position;
    expect(tracker.locate(packet(11), 20)).to.equal(first + 1);
    expect(tracker.locate(packet(11, 2), 20)).to.equal(undefined);
    expect(tracker.locate(packet(30_000), 20)).to.equal(undefined);
    expect(tracker.judge(packet(12), 40)).to.equal('accept');
    expect(tracker.position).to.equal(first + 2);
  });
});
