import { expect } from 'chai';
import { growingSpan, loudestIn } from '#web/ui/timeline/growing-span.ts';

const minutes = (count: number) => count * 60_000;

describe('The width of a call that grows', () => {
  it('always has room for the edge, and seldom changes', () => {
    const seen = new Set<number>();
    for (let edgeMs = 0; edgeMs <= minutes(600); edgeMs += 10_000) {
      const span = growingSpan(edgeMs);
      expect(span).to.be.at.least(edgeMs);
      seen.add(span);
    }
    expect(seen.size).to.be.lessThan(24);
  });

  it('does not stretch a call that has just begun over the whole width', () => {
    expect(growingSpan(0)).to.equal(minutes(1));
    expect(growingSpan(minutes(5))).to.equal(minutes(8));
  });

  it('is long enough for a call that nobody ends', () => {
    expect(growingSpan(minutes(1_000))).to.be.within(minutes(1_000), minutes(1_080));
  });
});

describe('A bar', () => {
  it('is as high as the loudest that it stands for', () => {
    const values = Uint8Array.from([1, 9, 4, 7]);
    expect(loudestIn(values, 0, 4)).to.equal(9);
    expect(loudestIn(values, 2, 99)).to.equal(7);
    expect(loudestIn(values, 4, 8)).to.equal(0);
  });
});
