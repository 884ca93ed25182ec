import { expect } from 'chai';
import { maskedAudioSpans, maskedUtterances, maskText } from '#worker/transcribe/masked-words.ts';
import { isResidentId, maskedSpans, passesLuhn } from '#worker/transcribe/masking.ts';
import { digitPieces } from '#worker/transcribe/spoken-digits.ts';
import { chineseCases, englishCases, type MaskingCase } from './masking-cases.ts';

function parsed({ said }: MaskingCase): { text: string; spans: [number, number][] } {
  let text = '';
  const spans: [number, number][] = [];
  for (const character of said) {
    if (character === '【') spans.push([text.length, text.length]);
    else if (character === '】') spans.at(-1)![1] = text.length;
    else text += character;
  }
  return { text, spans };
}

/** Words spoken one after the other, a third of a second each, `pauses[n]` ms before word n. */
function heard(words: readonly string[], pauses: Readonly<Record<number, number>> = {}) {
  let at = 0;
  return words.map((text, index) => {
    const fromMs = at + (pauses[index] ?? 0);
    at = fromMs + 300;
    return { text, fromMs, toMs: at };
  });
}

describe('Masking', () => {
  for (const [language, cases] of [
    ['Chinese', chineseCases],
    ['English', englishCases],
  ] as const) {
    it(`finds in ${language} what must not be written, and leaves the rest`, () => {
      let right = 0;
      let wrong = 0;
      let missed = 0;
      const faults: string[] = [];
      for (const one of cases) {
        const { text, spans } = parsed(one);
        const found = maskedSpans(text);
        const hits = found.filter(({ from, to }) => spans.some(([a, b]) => a < to && from < b));
        // A number that is found only in part is not masked.
        const whole = spans.filter(([a, b]) => found.some(({ from, to }) => from <= a && to >= b));
        right += hits.length;
        wrong += found.length - hits.length;
        missed += spans.length - whole.length;
        if (found.length !== hits.length || whole.length !== spans.length) {
          faults.push(`${one.said} → ${found.map(({ from, to }) => text.slice(from, to)).join(' | ')}`);
        }
        if (
          one.kinds?.length &&
          whole.length === spans.length &&
          found.length === spans.length &&
          spans.length > 0
        ) {
          expect(
            found.map(({ kind }) => kind),
            one.said,
          ).to.deep.equal(one.kinds);
        }
      }
      const precision = right / (right + wrong);
      const recall = 1 - missed / cases.reduce((sum, one) => sum + parsed(one).spans.length, 0);
      console.log(
        `      ${language}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} of ${cases.length} sentences`,
      );
      for (const fault of faults) console.log(`        ${fault}`);
      expect(precision).to.be.at.least(0.95);
      expect(recall).to.equal(1);
    });
  }

  it('keeps the call’s own order number, whole or from some digit to its end', () => {
    const keep = ['SO-20480915'];
    expect(maskedSpans('order SO-20480915 please', keep)).to.deep.equal([]);
    expect(maskedSpans('订单号二零四八零九一五', keep)).to.deep.equal([]);
    expect(maskedSpans('尾号 80915', keep)).to.deep.equal([]);
    expect(maskedSpans('order 20480916', keep)).to.have.length(1);
    expect(maskedSpans('12345', ['12']), 'a short number is no order').to.have.length(1);
  });

  it('knows the check digits of cards and identity numbers', () => {
    expect(passesLuhn('4242424242424242')).to.equal(true);
    expect(passesLuhn('4242424242424241')).to.equal(false);
    expect(isResidentId('11010519491231002X')).to.equal(true);
    expect(isResidentId('110105194912310021')).to.equal(false);
    expect(isResidentId('11010519491331002X'), 'there is no thirteenth month').to.equal(false);
  });

  it('reads digits in every way people say them', () => {
    const digits = (text: string) =>
      digitPieces(text)
        .map((piece) => piece.digits)
        .join(' ');
    expect(digits('twenty one, forty, double seven, nought, ten')).to.equal('21 40 77 0 10');
    expect(digits('twenty oh five')).to.equal('20 0 5');
    expect(digits('幺零两０３')).to.equal('1 0 2 03');
    expect(digits('double trouble, someone, tend')).to.equal('');
  });

  it('takes whole words, joins them to one mask, and keeps their time', () => {
    const words = heard(['call', 'me', 'on', '1380', '0138', '000', 'any', 'time']);
    expect(maskedUtterances('customer', words, [])).to.deep.equal([
      {
        by: 'customer',
        words: [
          { text: 'call', fromMs: 0, toMs: 300 },
          { text: 'me', fromMs: 300, toMs: 600 },
          { text: 'on', fromMs: 600, toMs: 900 },
          { text: maskText, fromMs: 900, toMs: 1_800, masked: 'phone' },
          { text: 'any', fromMs: 1_800, toMs: 2_100 },
          { text: 'time', fromMs: 2_100, toMs: 2_400 },
        ],
      },
    ]);
  });

  it('finds a number across the pauses in which the other one repeats it', () => {
    const written = maskedUtterances(
      'customer',
      heard([...'一三八零零一三八零零零'], { 3: 3_000, 7: 3_000 }),
      [],
    );
    expect(written.map(({ words }) => words.map(({ text }) => text))).to.deep.equal([
      [maskText],
      [maskText],
      [maskText],
    ]);
  });

  it('finds a number that is said in groups with a word in between', () => {
    const words = heard([...'四七一二', '对', '吗', ...'八三零六', '对', '吗'], { 6: 2_000 });
    const said = maskedUtterances('agent', words, []).flatMap((one) => one.words.map(({ text }) => text));
    expect(said).to.deep.equal([maskText, '对', '吗', maskText, '对', '吗']);
    const four = maskedUtterances('agent', heard([...'四七一二', '对', '吗']), []);
    expect(four[0]!.words[0]!.text, 'four digits alone are no secret').to.equal('四');
  });

  it('never leaves a digit of what is masked in the words, wherever the recogniser parted them', () => {
    for (const parts of [['138001', '38000.'], ['(138', '0013)', '8000'], ['手机13800138000号']]) {
      const written = JSON.stringify(
        maskedUtterances('customer', heard(parts), []).map((one) => one.words.map(({ text }) => text)),
      );
      expect(written, parts.join(' ')).to.not.match(/\d/);
    }
  });

  it('tells when nothing may be heard, a little more than the words take', () => {
    const utterances = [
      ...maskedUtterances('customer', heard(['it', 'is', '4242424242424242', 'thanks']), []),
      ...maskedUtterances('agent', heard(['13800138000', '13900139000']), []),
    ];
    expect(maskedAudioSpans(utterances)).to.deep.equal([
      { by: 'agent', fromMs: 0, toMs: 800 },
      { by: 'customer', fromMs: 400, toMs: 1_100 },
    ]);
  });

  it('ends an utterance where there is a pause', () => {
    const written = maskedUtterances('agent', heard(['good', 'day', 'how', 'are'], { 2: 1_500 }), []);
    expect(written.map(({ words }) => words.length)).to.deep.equal([2, 2]);
  });
});
