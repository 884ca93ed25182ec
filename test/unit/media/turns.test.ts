import { expect } from 'chai';
import { Turns } from '#media/turns.ts';

describe('Turns', () => {
  let now = 1_000;
  const turns = () => new Turns({ everyMs: 2, atOnce: 10 }, () => now);

  it('lets the first few in at once, and the others one after the other', () => {
    const some = turns();
    const waits = Array.from({ length: 15 }, () => some.reserve());
    expect(waits).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 6, 8, 10]);
  });

  it('keeps the pace whenever they come: never more than the first few and one every two ms', () => {
    const some = turns();
    const began: number[] = [];
    for (let step = 0; step < 400; step++) {
      now += step % 7;
      began.push(now + some.reserve());
    }
    for (const [i, from] of began.entries()) {
      const within = began.filter((at) => at >= from && at <= from + 50).length;
      expect(within, `from the ${i}th`).to.be.at.most(10 + 50 / 2);
    }
    expect([...began].sort((a, b) => a - b)).to.deep.equal(began);
  });

  it('owes nobody for a rest longer than the first few', () => {
    const some = turns();
    for (let i = 0; i < 10; i++) some.reserve();
    now += 60_000;
    const waits = Array.from({ length: 12 }, () => some.reserve());
    expect(waits).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4]);
  });

  it('resolves in order', async () => {
    const some = new Turns({ everyMs: 1, atOnce: 1 });
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4].map((n) => some.take().then(() => order.push(n))));
    expect(order).to.deep.equal([1, 2, 3, 4]);
  });
});
