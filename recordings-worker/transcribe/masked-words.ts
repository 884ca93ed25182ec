import type { Voice } from '#contract/analysis.ts';
import type { MaskedKind, TranscriptWord, Utterance } from '#contract/transcripts.ts';
import { digitRuns, isAmount, type MaskedSpan, maskedSpans } from './masking.ts';

/** A word as a transcriber hears it, ms from the recording's start. */
export interface HeardWord {
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A pause that ends an utterance, ms. */
const utterancePauseMs = 1_200;
/** What stands in place of what is masked. */
export const maskText = '***';

/** Groups of digits that somebody reads out one after the other with no more than a "yes" in between. */
const groupPauseMs = 8_000;
const assent =
  /^(?:[\s,.?!，。？！、]|对|吗|吧|是|的|嗯|好|没错|您说|请讲|继续|然后|yes|yeah|right|ok(?:ay)?|correct|and|then|mm-?hm|go on)*$/i;
const groupDigits = { least: 3, most: 4 };
const groupsTogether = 8;

/**
 * What one voice says, as utterances without what must not be written. The whole of a voice is looked at together, so
 * that a number read out in pieces is found; `keep` as in {@link maskedSpans}.
 */
export function maskedUtterances(
  by: Voice,
  words: readonly HeardWord[],
  keep: readonly string[],
): Utterance[] {
  const { text, starts } = spelled(words);
  const spans = [...maskedSpans(text, keep), ...readInGroups(text, words, starts)];
  const kinds = words.map((word, index) => {
    const from = starts[index]!;
    const to = from + word.text.length;
    return spans.find((span) => span.from < to && from < span.to)?.kind;
  });
  const utterances: { by: Voice; words: TranscriptWord[] }[] = [];
  let before: HeardWord | undefined;
  let maskedBefore: MaskedKind | undefined;
  for (const [index, { text: said, fromMs, toMs }] of words.entries()) {
    const kind = kinds[index];
    const goesOn = before !== undefined && fromMs - before.toMs < utterancePauseMs;
    if (!goesOn) utterances.push({ by, words: [] });
    const current = utterances.at(-1)!.words;
    const last = current.at(-1);
    if (kind === undefined) current.push({ text: said, fromMs, toMs });
    else if (goesOn && last && maskedBefore === kind) current[current.length - 1] = { ...last, toMs };
    else current.push({ text: maskText, fromMs, toMs, masked: kind });
    before = words[index];
    maskedBefore = kind;
  }
  return utterances;
}

/** Silence for these makes a rendering of the audio in which nothing masked is heard. */
export interface AudioSpan {
  readonly by: Voice;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Recognisers place words a little off. ms */
const marginMs = 200;

/** When something is said that was masked, by whom: joined where they touch, in order. */
export function maskedAudioSpans(utterances: readonly Utterance[]): AudioSpan[] {
  const found = utterances.flatMap(({ by, words }) =>
    words
      .filter(({ masked }) => masked !== undefined)
      .map(({ fromMs, toMs }) => ({ by, fromMs: Math.max(0, fromMs - marginMs), toMs: toMs + marginMs })),
  );
  return (['agent', 'customer'] as const)
    .flatMap((voice) => {
      const joined: { by: Voice; fromMs: number; toMs: number }[] = [];
      const own = found.filter(({ by }) => by === voice).sort((a, b) => a.fromMs - b.fromMs);
      for (const span of own) {
        const last = joined.at(-1);
        if (last && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs);
        else joined.push({ ...span });
      }
      return joined;
    })
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** The words as running text, and where each of them begins in it: Chinese without spaces, the rest with. */
export function spelled(words: readonly { readonly text: string }[]): { text: string; starts: number[] } {
  let text = '';
  const starts = words.map((word) => {
    if (text !== '' && needsSpace(text, word.text)) text += ' ';
    const start = text.length;
    text += word.text;
    return start;
  });
  return { text, starts };
}

const narrow = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;
const needsSpace = (before: string, next: string): boolean =>
  !narrow.test(before.at(-1) ?? '') && !narrow.test(next[0] ?? '') && !/^[,.!?;:%]/.test(next);

/** Three or four digits at a time, again and again: a number that nobody reads out whole. */
function readInGroups(text: string, words: readonly HeardWord[], starts: readonly number[]): MaskedSpan[] {
  const groups = digitRuns(text)
    .filter((run) => {
      const { length } = run.digits;
      return length >= groupDigits.least && length <= groupDigits.most && !isAmount(text, run);
    })
    .map((run) => {
      const inside = words.filter((word, index) => {
        const from = starts[index]!;
        return run.from < from + word.text.length && from < run.to;
      });
      return { ...run, fromMs: inside[0]?.fromMs ?? 0, toMs: inside.at(-1)?.toMs ?? 0 };
    });
  const chains: (typeof groups)[] = [];
  for (const group of groups) {
    const chain = chains.at(-1);
    const last = chain?.at(-1);
    const near =
      last && group.fromMs - last.toMs <= groupPauseMs && assent.test(text.slice(last.to, group.from));
    if (chain && near) chain.push(group);
    else chains.push([group]);
  }
  return chains
    .filter((chain) => chain.reduce((sum, { digits }) => sum + digits.length, 0) >= groupsTogether)
    .flat()
    .map(({ from, to }) => ({ from, to, kind: 'number' as const }));
}
