import { expect } from 'chai';
import { lineHistory, type MeasuredHearing, worstFirst } from '#domains/listening/line-history.ts';
import { type LineWindow, lineWindowMs } from '#domains/listening/line-record.ts';

const good = { roundTripMs: 30, jitterMs: 4, lossRatio: 0 };
const fair = { roundTripMs: 260, jitterMs: 4, lossRatio: 0 };
const poor = { roundTripMs: 90, jitterMs: 20, lossRatio: 0.08 };

/** Pieces one after the other, each as late as reports of every two seconds make it. */
const line = (...grades: Omit<LineWindow, 'at'>[]): LineWindow[] =>
  grades.map((figures, index) => ({ ...figures, at: 1_000 + index * (lineWindowMs + 1_500) }));

const hearing = (of: Partial<MeasuredHearing>): MeasuredHearing => ({
  id: 'hear_1',
  personId: 'one',
  personName: { en: 'One', zh: '一' },
  personTitle: { en: 'Manager', zh: '经理' },
  callId: 'call_1',
  recordingId: null,
  agentId: null,
  lineId: 'supermarket',
  slotId: 'slot_1',
  live: true,
  way: 'live',
  wayId: null,
  reason: null,
  startedAt: 0,
  endedAt: 3_600_000,
  packets: 100,
  lastPacketAt: 1_000,
  heard: [],
  instanceId: 'server-1',
  line: [],
  ...of,
});

describe('the history of a line', () => {
  it('is good where nothing was amiss, and says what was the worst of it', () => {
    const history = lineHistory(hearing({ line: line(good, { ...good, jitterMs: 12 }, good) }));
    expect(history).to.include({ verdict: 'good', fairMs: 0, poorMs: 0 });
    expect(history.cells).to.deep.equal(['good', 'good', 'good']);
    expect(history.worst).to.deep.equal({ roundTripMs: 30, jitterMs: 12, lossRatio: 0 });
  });

  it('is fair from a twentieth on, and poor from a tenth of the time', () => {
    const of = (bad: Omit<LineWindow, 'at'>, goods: number) =>
      lineHistory(hearing({ line: line(bad, ...Array<typeof good>(goods).fill(good)) })).verdict;
    expect(of(fair, 30)).to.equal('good');
    expect(of(fair, 12)).to.equal('fair');
    expect(of(poor, 30)).to.equal('good');
    expect(of(poor, 12)).to.equal('fair');
    expect(of(poor, 8)).to.equal('poor');
  });

  it('shows each piece at its place, and a gap where nothing was measured', () => {
    const [first, second] = line(good, poor);
    const later = { ...good, at: second!.at + 4 * lineWindowMs };
    const { cells } = lineHistory(hearing({ line: [first!, second!, later] }));
    expect(cells).to.deep.equal(['good', 'poor', 'none', 'none', 'none', 'good']);
  });

  it('counts the last piece only as long as it lasted', () => {
    const { goodMs } = lineHistory(hearing({ line: line(good), endedAt: 4_000 }));
    expect(goodMs).to.equal(3_000);
  });

  it('draws no more cells than a small picture holds, and none of them better than its worst piece', () => {
    const windows = line(...Array.from({ length: 700 }, (_, index) => (index === 350 ? poor : good)));
    const { cells } = lineHistory(hearing({ line: windows, endedAt: null }));
    expect(cells).to.have.length(60);
    expect(cells.filter((cell) => cell === 'poor')).to.have.length(1);
    expect(cells.indexOf('poor')).to.equal(30);
  });

  it('tells a listening that no sound reached from one that was not measured', () => {
    expect(lineHistory(hearing({})).verdict).to.equal('unmeasured');
    const silent = { packets: 0, lastPacketAt: null };
    expect(lineHistory(hearing(silent)).verdict).to.equal('nothing');
    expect(lineHistory(hearing({ ...silent, endedAt: null })).verdict).to.equal('unmeasured');
    expect(lineHistory(hearing(silent)).worst).to.equal(null);
  });

  it('puts first what somebody should look at', () => {
    const histories = [
      hearing({ id: 'good', line: line(good) }),
      hearing({ id: 'unmeasured' }),
      hearing({ id: 'poor', line: line(poor, good) }),
      hearing({ id: 'fair', line: line(fair) }),
      hearing({ id: 'poorer', line: line(poor, poor) }),
      hearing({ id: 'nothing', packets: 0, lastPacketAt: null }),
    ].map(lineHistory);
    expect(histories.sort(worstFirst).map(({ id }) => id)).to.deep.equal([
      'nothing',
      'poorer',
      'poor',
      'fair',
      'good',
      'unmeasured',
    ]);
  });
});
