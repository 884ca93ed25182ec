import { expect } from 'chai';
import { countOf, coveredBy, uncovered, union } from '#worker/spool/coverage.ts';

const range = (from: number, to: number) => ({ from, to });

describe('what the segments of a call have between them', () => {
  it('is joined where it touches or overlaps', () => {
    expect(union([range(5, 9), range(1, 4), range(20, 30), range(25, 40), range(3, 2)])).to.deep.equal([
      range(1, 9),
      range(20, 40),
    ]);
    expect(countOf([range(1, 9), range(20, 40)])).to.equal(30);
  });

  it('leaves out what no segment has', () => {
    const covered = [range(3, 5), range(8, 9)];
    expect(uncovered(range(1, 12), covered)).to.deep.equal([range(1, 2), range(6, 7), range(10, 12)]);
    expect(uncovered(range(3, 5), covered)).to.be.empty;
    expect(uncovered(range(1, 0), covered)).to.be.empty;
    expect(uncovered(range(1, 2), [])).to.deep.equal([range(1, 2)]);
  });

  it('is counted on from where a segment began, around what the tap could not give it', () => {
    expect(coveredBy({ after: 0, items: 10, skipped: [] })).to.deep.equal([range(1, 10)]);
    expect(coveredBy({ after: 100, items: 10, skipped: [range(101, 150)] })).to.deep.equal([range(151, 160)]);
    expect(coveredBy({ after: 0, items: 10, skipped: [range(4, 5), range(9, 9)] })).to.deep.equal([
      range(1, 3),
      range(6, 8),
      range(10, 13),
    ]);
    expect(coveredBy({ after: 7, items: 0, skipped: [] })).to.be.empty;
  });
});
