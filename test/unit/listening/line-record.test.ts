import { expect } from 'chai';
import { LineRecord, lineWindowMs } from '#domains/listening/line-record.ts';

describe('the record of a listener’s line', () => {
  it('keeps the worst round trip and jitter and the mean loss of each window', () => {
    const record = new LineRecord();
    record.add({ roundTripMs: 30, jitterMs: 4, lossRatio: 0 }, 1_000);
    record.add({ roundTripMs: 90, jitterMs: 2, lossRatio: 0.02 }, 3_000);
    expect(record.take(), 'unfinished').to.deep.equal([]);
    record.add({ roundTripMs: 20, jitterMs: 1, lossRatio: 0 }, 1_000 + lineWindowMs);
    expect(record.take()).to.deep.equal([{ at: 1_000, roundTripMs: 90, jitterMs: 4, lossRatio: 0.01 }]);
    expect(record.take(), 'taken once').to.deep.equal([]);
    expect(record.take(true)).to.deep.equal([
      { at: 1_000 + lineWindowMs, roundTripMs: 20, jitterMs: 1, lossRatio: 0 },
    ]);
    expect(record.take(true)).to.deep.equal([]);
  });

  it('does not make a round trip up where none was measured', () => {
    const record = new LineRecord();
    record.add({ roundTripMs: null, jitterMs: 3, lossRatio: 1 }, 0);
    expect(record.take(true)).to.deep.equal([{ at: 0, roundTripMs: null, jitterMs: 3, lossRatio: 1 }]);
  });

  it('takes back what could not be written', () => {
    const record = new LineRecord();
    const report = { roundTripMs: 1, jitterMs: 1, lossRatio: 0 };
    record.add(report, 0);
    record.giveBack([...record.take(true)]);
    record.add(report, lineWindowMs);
    expect(record.take(true).map(({ at }) => at)).to.deep.equal([0, lineWindowMs]);
  });
});
