import { expect } from 'chai';
import { TokenBucket } from '#realtime/token-bucket.ts';

describe('A token bucket', () => {
  it('lets a burst through, then a steady rate', () => {
    const bucket = new TokenBucket(3, 2, 0);
    const takes = (now: number, times: number) => Array.from({ length: times }, () => bucket.take(now));
    expect(takes(0, 4)).to.deep.equal([true, true, true, false]);
    expect(takes(499, 1)).to.deep.equal([false]);
    expect(takes(1_000, 3)).to.deep.equal([true, true, false]);
    expect(takes(60_000, 4), 'never more than its size').to.deep.equal([true, true, true, false]);
  });
});
