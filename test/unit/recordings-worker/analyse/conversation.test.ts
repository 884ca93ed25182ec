import { expect } from 'chai';
import {
  deadAirOf,
  interruptionsOf,
  overlapsOf,
  quantile,
  responsesOf,
  type Speech,
  turnsOf,
} from '#worker/analyse/conversation.ts';
import type { Span } from '#worker/analyse/spans.ts';

const seconds = (...pairs: [number, number][]): Span[] =>
  pairs.map(([from, to]) => ({ fromMs: from * 1_000, toMs: to * 1_000 }));

describe('A conversation', () => {
  it('has an interruption where one takes the word from the other', () => {
    const speech: Speech = { agent: seconds([0, 10]), customer: seconds([8, 14]) };
    expect(interruptionsOf(speech)).to.deep.equal([{ atMs: 8_000, by: 'customer' }]);
    expect(overlapsOf(speech)).to.deep.equal(seconds([8, 10]));
  });

  it('has none where the other goes on, assents, or had all but finished', () => {
    expect(interruptionsOf({ agent: seconds([0, 10]), customer: seconds([4, 6]) })).to.deep.equal([]);
    expect(interruptionsOf({ agent: seconds([0, 10]), customer: seconds([9.5, 10.2]) })).to.deep.equal([]);
    expect(interruptionsOf({ agent: seconds([0, 10]), customer: seconds([9.8, 14]) })).to.deep.equal([]);
  });

  it('tells both sides’ interruptions in the order of time', () => {
    const speech: Speech = { agent: seconds([0, 5], [8, 15]), customer: seconds([4, 9], [20, 21]) };
    expect(interruptionsOf(speech)).to.deep.equal([
      { atMs: 4_000, by: 'customer' },
      { atMs: 8_000, by: 'agent' },
    ]);
  });

  it('has turns, in which an assent changes nothing', () => {
    const speech: Speech = { agent: seconds([0, 3], [5.5, 6.2], [9, 12]), customer: seconds([4, 8]) };
    expect(turnsOf(speech).map(({ by, fromMs, toMs }) => [by, fromMs, toMs])).to.deep.equal([
      ['agent', 0, 3_000],
      ['customer', 4_000, 8_000],
      ['agent', 9_000, 12_000],
    ]);
  });

  it('measures how long the customer waits for the agent’s word, never the other way round', () => {
    const speech: Speech = {
      agent: seconds([0, 3], [10, 12], [16.5, 18]),
      customer: seconds([3.5, 9], [13, 17]),
    };
    expect(responsesOf(speech, [])).to.deep.equal([1_000, 0]);
    expect(responsesOf(speech, seconds([9.2, 9.8])), 'on hold is not waiting for an answer').to.deep.equal([
      0,
    ]);
  });

  it('has dead air where nobody speaks for three seconds, but not before, after, or on hold', () => {
    const speech: Speech = { agent: seconds([5, 8], [20, 22]), customer: seconds([9, 12], [40, 41]) };
    expect(deadAirOf(speech, [])).to.deep.equal(seconds([12, 20], [22, 40]));
    expect(deadAirOf(speech, seconds([23, 37.5]))).to.deep.equal(seconds([12, 20]));
    expect(deadAirOf({ agent: [], customer: [] }, [])).to.deep.equal([]);
  });

  it('has quantiles by nearest rank', () => {
    expect(quantile([], 0.5)).to.equal(null);
    expect(quantile([5], 0.9)).to.equal(5);
    expect(quantile([4, 1, 3, 2], 0.5)).to.equal(2);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).to.equal(9);
  });
});
