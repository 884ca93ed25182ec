import { expect } from 'chai';
import { bytes, count, percent } from '#web/ui/format/numbers.ts';

describe('figures', () => {
  it('never round coverage up to a hundred percent', () => {
    expect(percent(1, 'en')).to.equal('100.00%');
    expect(percent(0.999_999, 'en')).to.equal('99.99%');
    expect(percent(0.29, 'en', 0)).to.equal('29%');
  });

  it('say bytes in the unit that fits', () => {
    expect(bytes(0, 'en')).to.equal('0 bytes');
    expect(bytes(18_400_000, 'en')).to.equal('18.4 MB');
    expect(bytes(2_430_000_000, 'en')).to.equal('2.4 GB');
  });

  it('group thousands', () => {
    expect(count(12_345, 'en')).to.equal('12,345');
  });
});
