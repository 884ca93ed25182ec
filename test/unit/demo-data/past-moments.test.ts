import { expect } from 'chai';
import { pastCalls } from '#scripts/demo-data/past-calls.ts';
import { marksOf } from '#scripts/demo-data/past-moments.ts';

/** A fixed week. */
const calls = pastCalls(Date.UTC(2026, 2, 13, 12));

describe('What the demo’s listeners marked', () => {
  it('is the same each time, within the call, and of those who sat in its room alone', () => {
    for (const call of calls) {
      expect(marksOf(call)).to.deep.equal(marksOf(call));
      for (const { personId, slotId, offsetMs } of marksOf(call)) {
        expect(offsetMs).to.be.within(0, call.seconds * 1_000);
        const heard = call.heard.find((one) => one.live && one.personId === personId);
        expect(heard?.slotId).to.equal(slotId);
      }
    }
  });

  it('is something to see: marks of every kind, and clips of some', () => {
    const marks = calls.flatMap(marksOf);
    expect(marks.length).to.be.above(5);
    expect(new Set(marks.map(({ visibility }) => visibility)).size).to.be.above(1);
    expect(marks.filter(({ clip }) => clip).length).to.be.within(2, marks.length - 1);
    for (const { visibility, note } of marks) expect(note === '').to.equal(visibility === 'private');
  });
});
