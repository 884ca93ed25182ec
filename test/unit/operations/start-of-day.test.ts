import { expect } from 'chai';
import { startOfDay } from '#domains/operations/operations.ts';

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
