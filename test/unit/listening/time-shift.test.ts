import { expect } from 'chai';
import { shiftHeaderBytes } from '#contract/time-shift.ts';
import {
  allPauses,
  delayedLimits,
  HandedOut,
  noLimits,
  pausesWithin,
  waveformWithin,
  withinLimits,
} from '#domains/listening/time-shift.ts';
import { shiftedPackets } from '#support/shifted-packets.ts';

/** A packet of 3 bytes every 20 ms. */
function packetsTo(ms: number) {
  const packets: Buffer[] = [];
  for (let at = 0; at < ms; at += 20) {
    const packet = Buffer.alloc(shiftHeaderBytes + 3);
    packet[1] = 1;
    packet.writeUInt32BE(at * 10, 2);
    packet.writeUInt16BE(3, 6);
    packets.push(packet);
  }
  return Buffer.concat(packets);
}
const timesOf = (bytes: Buffer) => shiftedPackets(bytes).map(({ atMs }) => atMs);
const whole = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };

describe('What somebody who hears later is given', () => {
  const limits = (nowMs: number, pauses: { fromMs: number; toMs: number | null }[] = []) =>
    delayedLimits({ nowMs, delayMs: 10_000, reachBackMs: 5_000, pauses });

  it('is never younger than the delay, to the last sample', () => {
    const times = timesOf(withinLimits(packetsTo(20_000), whole, limits(15_000)));
    expect(times[0]).to.equal(0);
    expect(times.at(-1)).to.equal(4_860);
    expect(timesOf(withinLimits(packetsTo(20_000), whole, limits(9_000)))).to.deep.equal([]);
  });

  it('lacks what was said in a pause and in the seconds before it', () => {
    const times = timesOf(
      withinLimits(packetsTo(40_000), whole, limits(60_000, [{ fromMs: 20_000, toMs: 24_000 }])),
    );
    expect(times.filter((at) => at < 20_000).at(-1)).to.equal(14_880);
    expect(times.find((at) => at > 15_000)).to.equal(24_000);
  });

  it('lacks everything from a pause that lasts', () => {
    const times = timesOf(
      withinLimits(packetsTo(40_000), whole, limits(60_000, [{ fromMs: 8_000, toMs: null }])),
    );
    expect(times.at(-1)).to.equal(2_880);
  });

  it('is drawn no further than it is heard, and silent where it is', () => {
    const levels = Buffer.alloc(400, 200);
    const drawn = waveformWithin(levels, 0, limits(40_000, [{ fromMs: 20_000, toMs: 22_000 }]));
    expect(drawn).to.have.length(298);
    expect(drawn.subarray(0, 148).every((level) => level === 200)).to.equal(true);
    expect(drawn.subarray(149, 220).every((level) => level === 0)).to.equal(true);
    expect(drawn.subarray(220).every((level) => level === 200)).to.equal(true);
    expect(
      levels.every((level) => level === 200),
      'what others are shown stays',
    ).to.equal(true);
    expect(waveformWithin(levels, 35_000, limits(40_000))).to.have.length(0);
  });

  it('names pauses only as far as they may be known', () => {
    const pauses = [
      { fromMs: 3_000, toMs: 4_000 },
      { fromMs: 20_000, toMs: 35_000 },
      { fromMs: 38_000, toMs: null },
    ];
    expect(pausesWithin(pauses, limits(40_000, pauses))).to.deep.equal([
      { fromMs: 0, toMs: 4_000 },
      { fromMs: 15_000, toMs: null },
    ]);
    expect(pausesWithin(pauses, noLimits)).to.deep.equal(pauses);
  });

  it('takes a pause from whoever knows of it, the longer of two accounts, and an end that anybody knows', () => {
    const books = [
      { fromMs: 1_020, toMs: 5_000 },
      { fromMs: 9_000, toMs: null },
    ];
    expect(allPauses([{ fromMs: 1_000, toMs: 4_990 }], books)).to.deep.equal([
      { fromMs: 1_000, toMs: 5_000 },
      { fromMs: 9_000, toMs: null },
    ]);
    expect(allPauses([{ fromMs: 1_000, toMs: null }], books)[0]).to.deep.equal({
      fromMs: 1_000,
      toMs: 5_000,
    });
    const twice = [
      { fromMs: 1_000, toMs: 1_300 },
      { fromMs: 1_800, toMs: null },
    ];
    expect(allPauses(twice, twice), 'two in a second are two').to.deep.equal(twice);
    expect(allPauses([{ fromMs: 1_000, toMs: null }], [])).to.deep.equal([{ fromMs: 1_000, toMs: null }]);
  });
});

describe('What was handed out', () => {
  it('counts each part of a call once', () => {
    const handed = new HandedOut();
    expect(handed.add(0, 5_000)).to.equal(5_000);
    expect(handed.add(0, 5_000)).to.equal(0);
    expect(handed.add(4_000, 6_000)).to.equal(1_000);
    expect(handed.add(10_000, 12_000)).to.equal(2_000);
    expect(handed.add(3_000, 20_000)).to.equal(12_000);
    expect(handed.add(7_000, 7_000)).to.equal(0);
    expect(handed.add(0, 20_000)).to.equal(0);
  });
});
