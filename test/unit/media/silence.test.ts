import { expect } from 'chai';
import { type LegActivity, silentSince } from '#media/silence.ts';

const leg = (given: Partial<LegActivity>): LegActivity => ({
  held: false,
  expectedSince: 0,
  lastPacketAt: null,
  ...given,
});

describe('a silent call', () => {
  it('is one whose legs all stopped, since the last of them did', () => {
    const legs = [leg({ lastPacketAt: 1_000 }), leg({ lastPacketAt: 3_000 })];
    expect(silentSince(legs, 5_000, 7_999)).to.equal(null);
    expect(silentSince(legs, 5_000, 8_000)).to.equal(3_000);
  });

  it('is one that never was heard, since its legs were added', () => {
    expect(silentSince([leg({ expectedSince: 2_000 })], 5_000, 6_999)).to.equal(null);
    expect(silentSince([leg({ expectedSince: 2_000 })], 5_000, 7_000)).to.equal(2_000);
  });

  it('is not one without legs, nor one that waits for its customer', () => {
    expect(silentSince([], 5_000, 99_000)).to.equal(null);
    expect(silentSince([leg({ expectedSince: null })], 5_000, 99_000)).to.equal(null);
  });

  it('does not count legs on hold, and is none while all are', () => {
    const held = leg({ held: true, lastPacketAt: 98_000 });
    expect(silentSince([held], 5_000, 99_000)).to.equal(null);
    expect(silentSince([held, leg({ lastPacketAt: 1_000 })], 5_000, 99_000)).to.equal(1_000);
  });

  it('gives a leg that came back from hold its full time', () => {
    const back = leg({ expectedSince: 90_000, lastPacketAt: 1_000 });
    expect(silentSince([back], 5_000, 94_999)).to.equal(null);
    expect(silentSince([back], 5_000, 95_000)).to.equal(90_000);
  });
});
