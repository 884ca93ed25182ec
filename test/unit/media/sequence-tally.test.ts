import { expect } from 'chai';
import { SequenceTally } from '#media/sequence-tally.ts';

function tallyOf(...numbers: number[]): SequenceTally {
  const tally = new SequenceTally();
  for (const number of numbers) tally.add(number);
  return tally;
}

describe('the tally of a packet stream', () => {
  it('counts what came and what is missing', () => {
    expect(tallyOf(10, 11, 14)).to.include({ received: 3, lost: 2 });
    expect(new SequenceTally()).to.include({ received: 0, lost: 0 });
  });

  it('knows that 0 follows 65535', () => {
    expect(tallyOf(65_534, 65_535, 0, 2)).to.include({ received: 4, lost: 1 });
  });

  it('takes back a loss when the packet comes late, and never counts below zero', () => {
    expect(tallyOf(1, 3, 2)).to.include({ received: 3, lost: 0 });
    expect(tallyOf(1, 1, 1)).to.include({ received: 3, lost: 0 });
  });

  it('keeps the losses of the streams before', () => {
    const tally = tallyOf(1, 3);
    tally.restart();
    for (const number of [40_000, 40_001, 40_003]) tally.add(number);
    expect(tally).to.include({ received: 5, lost: 2 });
  });
});
