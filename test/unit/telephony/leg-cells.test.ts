import { expect } from 'chai';
import { LegCells } from '#telephony/leg-cells.ts';
import type { RtpIngressLegStats } from '#telephony/leg-types.ts';

describe('The cells of a leg', () => {
  it('begin open, forwarding nowhere, with nothing counted', () => {
    const cells = new LegCells();
    expect(cells.shut).to.equal(false);
    expect(cells.forwardPort).to.equal(0);
    expect(cells.read('leg')).to.deep.include({ received: 0, lastPacketAt: null, bye: false });
  });

  it('show the other side every switch and every count', () => {
    const mine = new LegCells();
    const other = new LegCells(mine.memory);
    mine.shut = true;
    mine.forwardPort = 65_535;
    expect(other.shut).to.equal(true);
    expect(other.forwardPort).to.equal(65_535);
    const stats: RtpIngressLegStats = {
      legId: 'leg',
      received: 1,
      forwarded: 2,
      lost: 3,
      late: 4,
      refused: 25,
      ssrcChanges: 5,
      lastPacketAt: 1_700_000_000_000.5,
      duplicates: 6,
      stripped: 7,
      held: 8,
      refusedBy: { source: 1, size: 2, malformed: 3, 'payload-type': 4, stray: 15 },
      restarts: 9,
      timestampJumps: 10,
      jitterMs: 1.25,
      bye: true,
      reportsSent: 11,
    };
    other.publish(stats);
    expect(mine.read('leg')).to.deep.equal(stats);
    other.publish({ ...stats, lastPacketAt: null, bye: false });
    expect(mine.read('leg')).to.deep.equal({ ...stats, lastPacketAt: null, bye: false });
  });
});
