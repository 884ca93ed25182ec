import { expect } from 'chai';
import { endOfDay, quarterOf, startOfDay } from '#kernel/zoned-days.ts';

describe('The start of a day', () => {
  it('is the zone’s own midnight', () => {
    expect(startOfDay(Date.UTC(2026, 0, 5, 15, 59, 59, 999), 'Asia/Shanghai')).to.equal(
      Date.UTC(2026, 0, 4, 16),
    );
    expect(startOfDay(Date.UTC(2026, 0, 5, 16), 'Asia/Shanghai')).to.equal(Date.UTC(2026, 0, 5, 16));
    expect(startOfDay(Date.UTC(2026, 0, 5, 3), 'UTC')).to.equal(Date.UTC(2026, 0, 5));
  });

  it('holds on the days the clocks change', () => {
    // Berlin: +1 until 2026-03-29 02:00 local, +2 after.
    expect(startOfDay(Date.UTC(2026, 2, 29, 20), 'Europe/Berlin')).to.equal(Date.UTC(2026, 2, 28, 23));
    expect(startOfDay(Date.UTC(2026, 9, 25, 20), 'Europe/Berlin')).to.equal(Date.UTC(2026, 9, 24, 22));
  });

  it('is the first instant of a day that has no midnight', () => {
    // Santiago skips 00:00–01:00 on 2026-09-06 (UTC-4 to UTC-3): the day begins at 04:00 UTC.
    expect(startOfDay(Date.UTC(2026, 8, 6, 15), 'America/Santiago')).to.equal(Date.UTC(2026, 8, 6, 4));
  });
});

describe('The end of a day', () => {
  it('is the next one’s start, also of days with 23 and 25 hours', () => {
    const berlin = (month: number, day: number, hour: number) =>
      endOfDay(Date.UTC(2026, month, day, hour), 'Europe/Berlin');
    expect(berlin(2, 29, 0)).to.equal(Date.UTC(2026, 2, 29, 22));
    expect(berlin(9, 25, 0)).to.equal(Date.UTC(2026, 9, 25, 23));
    expect(berlin(9, 25, 22)).to.equal(Date.UTC(2026, 9, 25, 23));
  });
});

describe('A quarter', () => {
  it('is the zone’s own, from its first midnight to the next one’s', () => {
    // 1 April 00:30 in Shanghai is still March in UTC.
    expect(quarterOf(Date.UTC(2026, 2, 31, 16, 30), 'Asia/Shanghai')).to.deep.equal({
      from: Date.UTC(2026, 2, 31, 16),
      to: Date.UTC(2026, 5, 30, 16),
    });
    expect(quarterOf(Date.UTC(2026, 11, 31, 23), 'UTC')).to.deep.equal({
      from: Date.UTC(2026, 9, 1),
      to: Date.UTC(2027, 0, 1),
    });
  });

  it('is told right at the ends of the world, and over a change of clocks', () => {
    for (const [zone, hours] of [
      ['Pacific/Kiritimati', 14],
      ['Pacific/Pago_Pago', -11],
    ] as const) {
      expect(quarterOf(Date.UTC(2026, 4, 15), zone), zone).to.deep.equal({
        from: Date.UTC(2026, 3, 1, -hours),
        to: Date.UTC(2026, 6, 1, -hours),
      });
    }
    expect(quarterOf(Date.UTC(2026, 1, 1), 'Europe/Berlin')).to.deep.equal({
      from: Date.UTC(2025, 11, 31, 23),
      to: Date.UTC(2026, 2, 31, 22),
    });
  });
});
