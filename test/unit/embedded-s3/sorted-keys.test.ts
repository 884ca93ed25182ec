import { expect } from 'chai';
import { compareUtf8, SortedKeys } from '#scripts/embedded/s3/sorted-keys.ts';

describe('the order of keys', () => {
  const samples = [
    '',
    'a',
    'ab',
    'a/',
    'é',
    '中',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{1f50a}',
    'a\u{1f50a}',
    'a\uffff',
  ];

  it('is that of their UTF-8 bytes, beyond the basic plane too', () => {
    for (const a of samples) {
      for (const b of samples) {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareUtf8(a, b)), JSON.stringify([a, b])).to.equal(expected);
      }
    }
  });

  it('holds whatever the order of additions, each key once', () => {
    const keys = new SortedKeys();
    for (const key of [...samples, ...samples].reverse()) keys.add(key);
    const sorted = [...samples].sort(compareUtf8);
    expect(Array.from({ length: keys.size }, (_, index) => keys.at(index))).to.deep.equal(sorted);
    for (const key of samples) keys.delete(key);
    keys.delete('absent');
    expect(keys.size).to.equal(0);
  });

  it('finds where a key stands, what follows it and what follows a whole prefix', () => {
    const keys = new SortedKeys();
    for (const key of ['a', 'b/1', 'b/2', 'b0', 'c']) keys.add(key);
    expect(keys.indexOf('b/2')).to.equal(2);
    expect(keys.indexOf('b/15')).to.equal(2);
    expect(keys.indexAfter('b/2')).to.equal(3);
    expect(keys.indexAfterPrefix('b/')).to.equal(3);
    expect(keys.indexAfterPrefix('')).to.equal(5);
    expect(keys.indexAfterPrefix('zz')).to.equal(5);
  });
});
