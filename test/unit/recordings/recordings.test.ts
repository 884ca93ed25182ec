import { expect } from 'chai';
import { coverageOf, decodeCursor, encodeCursor, searchTextOf } from '#domains/recordings/recordings.ts';

describe('a recording', () => {
  it('is found by agent, order and scenario in both languages', () => {
    const text = searchTextOf(
      { agentName: { en: 'Agent One', zh: '客服一' }, facts: { orderId: 'SO-1001', sku: 'NAPPY-L' } },
      { en: 'Nappy size swap', zh: '纸尿裤换码' },
    );
    for (const word of ['agent one', '客服一', 'so-1001', 'nappy-l', 'nappy size swap', '纸尿裤换码']) {
      expect(text).to.include(word);
    }
  });

  it('is covered wholly only when the tap dropped nothing and the seal kept everything', () => {
    expect(coverageOf(1_000, 0, 1)).to.equal(1);
    expect(coverageOf(900, 100, 1)).to.equal(0.9);
    expect(coverageOf(1_000, 0, 0.5)).to.equal(0.5);
    expect(coverageOf(900, 100, 0.9)).to.equal(0.9);
    expect(coverageOf(0, 0, 1)).to.equal(1);
    expect(coverageOf(0, 10, 1)).to.equal(0);
  });

  it('ends a page with a mark that leads back to the same place', () => {
    const last = { startedAt: 1_700_000_000_123, id: 'rec_01' };
    expect(decodeCursor(encodeCursor(last))).to.deep.equal(last);
  });

  it('refuses a page mark that is not one of ours', () => {
    for (const forged of [
      '',
      'x',
      Buffer.from('1.$gt').toString('base64url'),
      Buffer.from('{"a":1}').toString('base64url'),
    ]) {
      expect(decodeCursor(forged), forged).to.equal(null);
    }
  });
});
