import { expect } from 'chai';
import { changeBetween, positionAfter, type TextChange } from '#web/domains/rooms/text-change.ts';

const apply = (before: string, change: TextChange | null) =>
  change ? before.slice(0, change.at) + change.insert + before.slice(change.at + change.remove) : before;

describe('The change between two states of a text field', () => {
  it('is nothing where nothing changed', () => {
    expect(changeBetween('same', 'same')).to.equal(null);
  });

  it('is the letters that were typed, taken away or replaced, and no more', () => {
    expect(changeBetween('hear it', 'hear it all')).to.deep.equal({ at: 7, remove: 0, insert: ' all' });
    expect(changeBetween('hear it all', 'hear all', 5)).to.deep.equal({ at: 5, remove: 3, insert: '' });
    expect(changeBetween('she said no', 'she said yes', 12)).to.deep.equal({
      at: 9,
      remove: 2,
      insert: 'yes',
    });
    expect(changeBetween('客户很生气', '客户非常生气', 4)).to.deep.equal({
      at: 2,
      remove: 1,
      insert: '非常',
    });
  });

  it('is where the caret was, among letters that are all alike', () => {
    expect(changeBetween('aaaa', 'aaaaa', 2)).to.deep.equal({ at: 1, remove: 0, insert: 'a' });
    expect(changeBetween('aaaa', 'aaa', 1)).to.deep.equal({ at: 1, remove: 1, insert: '' });
    expect(changeBetween('\n\n\n', '\n\n\n\n', 1)).to.deep.equal({ at: 0, remove: 0, insert: '\n' });
  });

  it('is small even where the caret is elsewhere, as after dragging words', () => {
    expect(changeBetween('one two three', 'one 2 three', 11)).to.deep.equal({
      at: 4,
      remove: 3,
      insert: '2',
    });
    expect(changeBetween('one two three', 'one 2 three', 0)).to.deep.equal({ at: 4, remove: 3, insert: '2' });
  });

  it('never cuts a character of two code units in half', () => {
    // 😀 and 😁 share their first half, 😀 and 🐀 their second.
    for (const [before, after] of [
      ['a😀b', 'a😁b'],
      ['😀', '🐀'],
      ['😀😀', '😀'],
      ['𠮷野家', '𠮷田家'],
    ] as const) {
      for (let caret = 0; caret <= after.length; caret++) {
        const change = changeBetween(before, after, caret);
        expect(apply(before, change), `${before} to ${after} at ${caret}`).to.equal(after);
        expect(change?.insert.isWellFormed()).to.equal(true);
        expect(before.slice(change?.at, (change?.at ?? 0) + (change?.remove ?? 0)).isWellFormed()).to.equal(
          true,
        );
      }
    }
  });

  it('makes the one of the other, whatever they are', () => {
    const letters = ['a', 'b', '客', '😀', '\n'];
    const word = (seed: number) =>
      Array.from(
        { length: (seed * 7) % 6 },
        (_, at) => letters[(seed * (at + 3) + at) % letters.length],
      ).join('');
    for (let seed = 0; seed < 300; seed++) {
      const [before, after] = [word(seed), word(seed * 5 + 1)];
      const caret = seed % (after.length + 1);
      expect(apply(before, changeBetween(before, after, caret))).to.equal(after);
    }
  });
});

describe('A caret, when the text changes elsewhere', () => {
  it('stays with its words', () => {
    expect(positionAfter(5, [{ insert: 'abc' }])).to.equal(8);
    expect(positionAfter(5, [{ retain: 7 }, { insert: 'abc' }])).to.equal(5);
    expect(positionAfter(5, [{ retain: 1 }, { delete: 2 }])).to.equal(3);
    expect(positionAfter(5, [{ retain: 3 }, { delete: 10 }])).to.equal(3);
    expect(positionAfter(5, [{ insert: 'xy' }, { retain: 2 }, { delete: 1 }, { insert: 'z' }])).to.equal(7);
  });

  it('stays before what comes in right at it', () => {
    expect(positionAfter(5, [{ retain: 5 }, { insert: 'abc' }])).to.equal(5);
    expect(positionAfter(0, [{ insert: 'abc' }])).to.equal(0);
  });
});
