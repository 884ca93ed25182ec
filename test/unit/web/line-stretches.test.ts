import { expect } from 'chai';
import { lineGrade } from '#contract/line-grade.ts';
import { pieceMs, stretchesOf, troubleOf } from '#web/domains/listening/line-stretches.ts';

const good = { roundTripMs: 40, jitterMs: 4, lossRatio: 0 };
const fair = { roundTripMs: 240, jitterMs: 4, lossRatio: 0 };
const poor = { roundTripMs: null, jitterMs: 20, lossRatio: 0.08 };

describe('The stretches of a line that were not good', () => {
  it('are none where all was well', () => {
    expect(stretchesOf([{ ...good, at: 0 }], null)).to.deep.equal([]);
    expect(stretchesOf([], null)).to.deep.equal([]);
  });

  it('hold what follows at once as one, as bad as its worst piece', () => {
    const pieces = [good, fair, poor, good, fair];
    const windows = pieces.map((figures, index) => ({ ...figures, at: index * (pieceMs + 1_200) }));
    expect(stretchesOf(windows, null)).to.deep.equal([
      {
        fromMs: 11_200,
        toMs: 22_400 + pieceMs,
        grade: 'poor',
        worst: { roundTripMs: 240, jitterMs: 20, lossRatio: 0.08 },
      },
      { fromMs: 44_800, toMs: 44_800 + pieceMs, grade: 'fair', worst: fair },
    ]);
  });

  it('do not join over a time in which nothing was measured', () => {
    const windows = [
      { ...fair, at: 0 },
      { ...fair, at: 3 * pieceMs },
    ];
    expect(stretchesOf(windows, null)).to.have.length(2);
  });
});

describe('The last stretch of a line', () => {
  it('ends with the listening, after one report at the earliest', () => {
    const windows = [{ ...fair, at: 1_000 }];
    expect(stretchesOf(windows, 5_000)[0]?.toMs).to.equal(5_000);
    expect(stretchesOf(windows, 1_200)[0]?.toMs).to.equal(3_000);
    expect(stretchesOf(windows, 60_000)[0]?.toMs).to.equal(1_000 + pieceMs);
  });
});

describe('How tall a piece is drawn', () => {
  it('crosses the dashes where it begins to be noticed, and is full where it is poor', () => {
    for (const figures of [
      { ...good, roundTripMs: 200 },
      { ...good, jitterMs: 30 },
      { ...good, lossRatio: 0.01 },
    ]) {
      expect(troubleOf(figures)).to.deep.equal({ trouble: 0.5, grade: 'good' });
    }
    for (const figures of [
      { ...good, roundTripMs: 401 },
      { ...good, jitterMs: 61 },
      { ...good, lossRatio: 0.051 },
    ]) {
      expect(troubleOf(figures)).to.deep.equal({ trouble: 1, grade: 'poor' });
    }
  });

  it('says the same as the grade, whatever the figures', () => {
    for (const roundTripMs of [null, 0, 150, 201, 399, 400, 500]) {
      for (const jitterMs of [0, 30, 31, 60, 90]) {
        for (const lossRatio of [0, 0.01, 0.02, 0.05, 0.06]) {
          const { trouble, grade } = troubleOf({ roundTripMs, jitterMs, lossRatio });
          expect(grade).to.equal(lineGrade({ roundTripMs, jitterMs, lossRatio }));
          expect(trouble > 0.5).to.equal(grade !== 'good');
          expect(trouble > 0.9).to.equal(grade === 'poor');
        }
      }
    }
  });
});
