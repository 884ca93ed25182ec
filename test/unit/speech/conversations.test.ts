import { expect } from 'chai';
import { cast, lineIds } from '#scripts/demo-calls/casting.ts';
import { company, products } from '#scripts/demo-data/company.ts';
import {
  type Conversation,
  conversationOf,
  conversations,
  conversationsOnLine,
} from '#scripts/speech/conversations.ts';
import { pinyin, UnknownCharacterError } from '#scripts/speech/pinyin.ts';
import type { Turn } from '#scripts/speech/turns.ts';

const turnsOf = ({ opening, identification, story, closing }: Conversation): Turn[] =>
  [...opening, ...identification, ...story, ...closing].filter((step) => step.kind === 'turn');

const everywhere: Conversation[] = company.lines.flatMap(({ id }) =>
  [0, 1, 2, 3].flatMap((variant) => conversationsOnLine(id, variant)),
);

describe('the conversations of the demo', () => {
  it('tell all fifteen scenarios, on the lines on which the company has them', () => {
    expect(conversations.map(({ scenarioId }) => scenarioId).sort()).to.deep.equal(
      company.scenarios.map(({ id }) => id).sort(),
    );
    for (const scenario of company.scenarios)
      for (const lineId of scenario.lineIds)
        expect(conversationOf(scenario.id, { lineId }).lineId, `${scenario.id} on ${lineId}`).to.equal(
          lineId,
        );
    for (const { lineId, scenarioId } of everywhere)
      expect(company.scenarios.find(({ id }) => id === scenarioId)?.lineIds, scenarioId).to.include(lineId);
  });

  it('are about products of their line', () => {
    for (const { sku, lineId, scenarioId } of everywhere) {
      const product = products.find((one) => one.sku === sku);
      expect(product, `${scenarioId} on ${lineId}`).to.not.equal(undefined);
      expect(product!.lineIds, `${scenarioId} on ${lineId}: ${sku}`).to.include(lineId);
    }
  });

  it('have words in both languages, and a reading for every Chinese character', () => {
    for (const conversation of everywhere) {
      for (const turn of turnsOf(conversation)) {
        expect(turn.text.en).to.match(/^[\x20-\x7e’]+$/);
        expect(turn.text.zh, turn.text.en).to.match(/^[\p{Script=Han}，。？！、]+$/u);
        expect(pinyin(turn.text.zh)).to.match(/^([a-z]+[1-5][,.?!]? ?)+$/);
      }
    }
  });

  it('have a beginning, a story with both voices, and an end', () => {
    for (const conversation of conversations) {
      const turns = turnsOf(conversation);
      expect(turns[0]!.by).to.equal('agent');
      expect(turns[1]!.by).to.equal('customer');
      expect(turns.filter(({ by }) => by === 'customer').length, conversation.scenarioId).to.be.above(6);
      expect(turns.at(-1)!.text.en).to.equal('Goodbye.');
    }
  });

  it('are refused where they do not come up', () => {
    expect(() => conversationOf('nappy-size-swap', { lineId: 'delivery' })).to.throw(RangeError, 'delivery');
    expect(() => conversationOf('unheard-of')).to.throw(RangeError, 'unheard-of');
  });
});

describe('pinyin', () => {
  it('reads words as they are read, not character by character', () => {
    expect(pinyin('银行行吗？')).to.equal('yin2 hang2 xing2 ma5?');
    expect(pinyin('孩子长得快，管子要多长？')).to.equal(
      'hai2 zi5 zhang3 de5 kuai4, guan3 zi5 yao4 duo1 chang2?',
    );
  });

  it('changes the tones of 不 and 一', () => {
    expect(pinyin('不是，不能，一个，一张，十一包。')).to.equal(
      'bu2 shi4, bu4 neng2, yi2 ge4, yi4 zhang1, shi2 yi1 bao1.',
    );
    expect(pinyin('四七一二。')).to.equal('si4 qi1 yi1 er4.');
  });

  it('refuses a character that it does not know', () => {
    expect(() => pinyin('龘')).to.throw(UnknownCharacterError);
  });
});

describe('the casting of demo calls', () => {
  it('takes the lines in turn, and on each line every scenario', () => {
    const codecs = ['PCMU', 'PCMA', 'opus'] as const;
    for (let place = 0; place < 5; place++) {
      const calls = Array.from({ length: 12 }, (_, round) => cast(place, round, codecs));
      const lineId = lineIds[place]!;
      expect(new Set(calls.map(({ request }) => request.lineId))).to.deep.equal(new Set([lineId]));
      const scenarios = company.scenarios.filter((scenario) => scenario.lineIds.includes(lineId));
      expect(new Set(calls.map(({ script }) => script.scenarioId)).size, lineId).to.equal(scenarios.length);
      expect(new Set(calls.map(({ script }) => script.codec)).size).to.equal(3);
      expect(new Set(calls.map(({ script }) => script.language)).size).to.equal(2);
      expect(new Set(calls.map(({ request }) => request.externalId)).size).to.equal(12);
      for (const { request, script } of calls) {
        expect(request.customerNumber).to.match(/^138\d{8}$/);
        expect(request.facts?.product, lineId).to.not.equal(undefined);
        expect(script.seconds).to.be.within(60, 180);
      }
    }
  });

  it('gives nobody two calls at once where a line has as many agents as places', () => {
    const agents = (place: number, places: number) =>
      new Set(Array.from({ length: 12 }, (_, round) => cast(place, round, ['PCMU'], places).request.agentId));
    expect(agents(0, 5)).to.deep.equal(new Set(['agent-1', 'agent-2']));
    expect(agents(0, 6)).to.deep.equal(new Set(['agent-1']));
    expect(agents(5, 6)).to.deep.equal(new Set(['agent-2']));
    expect(agents(6, 7)).to.deep.equal(new Set(['agent-3']));
  });
});
