import { expect } from 'chai';
import { steadyClock } from '#kernel/clock.ts';

describe('the steady clock', () => {
  function clocks(calls: { open: number }) {
    const at = { wall: 1_700_000_000_000, monotonic: 5_000 };
    const clock = steadyClock({
      mayJump: () => calls.open === 0,
      wall: () => at.wall,
      monotonic: () => at.monotonic,
    });
    const pass = (ms: number, wallMs = ms) => {
      at.monotonic += ms;
      at.wall += wallMs;
    };
    return { at, clock, pass };
  }

  it('is the wall clock as long as nobody sets it', () => {
    const { at, clock, pass } = clocks({ open: 1 });
    for (let i = 0; i < 100; i++) {
      pass(777);
      expect(clock()).to.equal(at.wall);
    }
  });

  it('goes on evenly while calls are open, and is right again when none is', () => {
    for (const hour of [3_600_000, -3_600_000]) {
      const calls = { open: 1 };
      const { at, clock, pass } = clocks(calls);
      const before = clock();
      pass(20, 20 + hour);
      expect(clock() - before).to.equal(20);
      pass(5_000);
      expect(clock() - before).to.equal(5_020);
      calls.open = 0;
      pass(1_000);
      expect(clock()).to.equal(at.wall);
    }
  });

  it('follows a drift without a jump', () => {
    const { at, clock, pass } = clocks({ open: 1 });
    let last = clock();
    for (let second = 0; second < 1_000; second++) {
      pass(1_000, 1_000.1);
      const now = clock();
      expect(now - last).to.be.within(999, 1_001);
      last = now;
    }
    expect(Math.abs(clock() - at.wall)).to.be.at.most(1);
  });
});
