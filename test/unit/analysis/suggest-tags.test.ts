import { expect } from 'chai';
import type { Voice } from '#contract/analysis.ts';
import { topics } from '#contract/tags.ts';
import type { Utterance } from '#contract/transcripts.ts';
import { suggestTags } from '#domains/analysis/suggest-tags.ts';
import { stem } from '#domains/analysis/tag-tokens.ts';
import { tagWords } from '#domains/analysis/tag-words.ts';
import { company } from '#scripts/demo-data/company.ts';
import { stories } from '#scripts/speech/conversations.ts';
import { freeSentences, tagSentences } from './tag-sentences.ts';

/** As a recogniser writes it: a character or a word at a time, 200 ms each, with marks or without. */
function said(text: string, { by = 'customer', atMs = 0 }: { by?: Voice; atMs?: number } = {}): Utterance {
  const pieces = text.match(/\p{Script=Han}|[^\s\p{Script=Han}]+/gu) ?? [];
  const words = pieces.map((piece, index) => {
    const fromMs = atMs + index * 200;
    return { text: piece, fromMs, toMs: fromMs + 180 };
  });
  return { by, words };
}
const tagsOf = (...utterances: Utterance[]) => suggestTags(utterances).map(({ tag }) => tag);

describe('tags suggested from what was said', () => {
  it('are right for single sentences in both languages: at least 95 of 100 given, at least 90 of 100 found', () => {
    const wrong: string[] = [];
    for (const language of ['zh', 'en'] as const) {
      const table = tagSentences.filter(([text]) => /\p{Script=Han}/u.test(text) === (language === 'zh'));
      expect(table.length).to.be.at.least(38);
      let right = 0;
      let given = 0;
      let wanted = 0;
      for (const [text, tags] of table) {
        const found = tagsOf(said(text));
        given += found.length;
        wanted += tags.length;
        right += found.filter((tag) => tags.includes(tag)).length;
        if (found.join() !== tags.join()) wrong.push(`${text}: ${found.join()} for ${tags.join()}`);
      }
      expect(right / given, `precision, ${language}: ${wrong.join('; ')}`).to.be.at.least(0.95);
      expect(right / wanted, `recall, ${language}: ${wrong.join('; ')}`).to.be.at.least(0.9);
    }
  });

  it('are seldom wrong for sentences they were not made for, but miss most of them', () => {
    const wrong = freeSentences.flatMap(([text, tag]) => tagsOf(said(text)).filter((one) => one !== tag));
    const right = freeSentences.filter(([text, tag]) => tagsOf(said(text)).includes(tag));
    expect(wrong).to.have.length.at.most(1);
    expect(right.length).to.be.at.least(5);
  });

  for (const language of ['zh', 'en'] as const) {
    it(`name the scenario of every call of the demo among the first two, in ${language}`, () => {
      for (const { scenarioId, steps } of stories) {
        const turns = steps.filter((step) => step.kind === 'turn');
        const call = turns.map(({ by, text }, index) => said(text[language], { by, atMs: index * 10_000 }));
        expect(tagsOf(...call).slice(0, 2), scenarioId).to.include(scenarioId);
      }
    });
  }

  it('are those of the programme, each with phrases in both languages', () => {
    const known = [...company.scenarios.map(({ id }) => id), ...Object.keys(topics)];
    expect(Object.keys(tagWords)).to.have.members(known);
  });

  it('come with the sentence and when it was said', () => {
    const [suggestion] = suggestTags([said('你好。我的包裹都三天了还没送到。谢谢', { atMs: 5_000 })]);
    expect(suggestion?.tag).to.equal('late-delivery');
    expect(suggestion?.evidence).to.deep.equal([
      { by: 'customer', fromMs: 5_600, toMs: 7_980, words: '我的包裹都三天了还没送到' },
    ]);
  });

  it('are at most five, the likeliest first, with at most three sentences each', () => {
    const everything = tagSentences.map(([text], index) => said(text, { atMs: index * 10_000 }));
    const suggestions = suggestTags(everything);
    expect(suggestions).to.have.length(5);
    const scores = suggestions.map(({ score }) => score);
    expect(scores).to.deep.equal([...scores].sort((a, b) => b - a));
    for (const { evidence, score } of suggestions) {
      expect(evidence.length).to.be.within(1, 3);
      expect(score).to.be.within(0.4, 0.99);
    }
  });

  it('need more than a single question of the agent', () => {
    expect(tagsOf(said('请问您要开发票吗', { by: 'agent' }))).to.deep.equal([]);
    expect(tagsOf(said('要开发票'))).to.deep.equal(['invoice-request']);
  });

  it('heed a denial in its own clause only', () => {
    expect(tagsOf(said('No, not damaged.'))).to.deep.equal([]);
    expect(tagsOf(said('No, the box was damaged.'))).to.deep.equal(['damaged-parcel']);
    expect(tagsOf(said('不是，我要开发票'))).to.deep.equal(['invoice-request']);
    expect(tagsOf(said('你们不是说有价格保护吗'))).to.deep.equal(['price-protection']);
    expect(tagsOf(said('能不能看看有没有优惠券'))).to.deep.equal(['coupon-problem']);
  });

  it('never join what stands on either side of something masked', () => {
    const utterance = said('地址 门牌 改');
    expect(tagsOf(utterance)).to.deep.equal(['address-change']);
    const masked = utterance.words.map((word) =>
      word.text === '门' || word.text === '牌' ? { ...word, text: '***', masked: 'number' as const } : word,
    );
    expect(tagsOf({ by: 'customer', words: masked })).to.deep.equal([]);
  });

  it('are none for a call in which nothing was understood', () => {
    expect(suggestTags([])).to.deep.equal([]);
    expect(suggestTags([said('嗯')])).to.deep.equal([]);
  });

  it('take an hour of speech in less than a second', () => {
    const hour = Array.from({ length: 600 }, (_, index) => {
      const [text] = tagSentences[index % tagSentences.length]!;
      return said(text.repeat(2), { atMs: index * 6_000 });
    });
    const began = performance.now();
    suggestTags(hour);
    expect(performance.now() - began).to.be.below(1_000);
  });
});

describe('the stem of an English word', () => {
  const forms = [
    ['deliver', 'delivers', 'delivered', 'delivering'],
    ['charge', 'charges', 'charged', 'charging'],
    ['ship', 'shipped', 'shipping'],
    ['nappy', 'nappies'],
    ['box', 'boxes'],
  ];
  for (const [word, ...others] of forms) {
    it(`is one for ${word} and ${others.join(', ')}`, () => {
      for (const other of others) expect(stem(other)).to.equal(stem(word!));
    });
  }

  it('differs where words differ', () => {
    expect(new Set(['price', 'prince', 'rude', 'ride', 'page', 'pack'].map(stem)).size).to.equal(6);
  });
});
