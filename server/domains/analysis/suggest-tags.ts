import type { Voice } from '#contract/analysis.ts';
import type { TagEvidence, TagSuggestion } from '#contract/tags.ts';
import type { Utterance } from '#contract/transcripts.ts';
import { denied, PhraseBook, type PhraseHit } from './tag-phrases.ts';
import { type Token, tokensOf } from './tag-tokens.ts';
import { otherWords, tagWords } from './tag-words.ts';

/** Raised with every change of phrases or method: recordings of before are then looked through again. */
export const suggestionVersion = 1;

const weights = { strong: 0.6, weak: 0.3 };
/** What the customer says counts most: the agent also asks what it is not about. */
const voiceWeights: Readonly<Record<Voice, number>> = { customer: 1, agent: 0.6 };
/** One strong phrase of the customer is enough, or two weak ones. */
const least = 0.4;
const mostTags = 5;
const mostEvidence = 3;
/** Longest sentence that is kept as evidence, characters. */
const longestEvidence = 160;

const book = new PhraseBook();
for (const [tag, languages] of Object.entries(tagWords)) {
  for (const { strong, weak } of Object.values(languages)) {
    for (const phrase of strong.split('|')) book.add(phrase, { tag, weight: weights.strong });
    for (const phrase of weak?.split('|') ?? []) book.add(phrase, { tag, weight: weights.weak });
  }
}
for (const phrase of otherWords.split('|')) book.add(phrase, { tag: null, weight: 0 });

interface Found {
  readonly phrase: string;
  readonly weight: number;
  readonly evidence: TagEvidence;
}

/**
 * What a conversation seems to be about: at most five tags, the likeliest first, each with its most telling sentences.
 * Phrases speak for a tag like independent witnesses; the same phrase again counts half as much each time.
 */
export function suggestTags(utterances: readonly Utterance[]): TagSuggestion[] {
  const found = new Map<string, Found[]>();
  for (const utterance of utterances) {
    const { text, starts } = written(utterance);
    const tokens = tokensOf(text);
    for (const hit of counted(book.find(tokens), tokens)) {
      const weight = hit.weight * voiceWeights[utterance.by];
      const evidence = sentenceAround(hit, { utterance, text, starts, tokens });
      found.set(hit.tag, [...(found.get(hit.tag) ?? []), { phrase: hit.phrase, weight, evidence }]);
    }
  }
  return [...found]
    .map(([tag, witnesses]) => ({ tag, score: scoreOf(witnesses), evidence: mostTelling(witnesses) }))
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score || a.tag.localeCompare(b.tag))
    .slice(0, mostTags);
}

type Counted = PhraseHit & { readonly tag: string };

/** Of phrases of one tag that overlap only the weightiest counts; what is denied counts for nothing. */
function counted(hits: readonly PhraseHit[], tokens: readonly Token[]): Counted[] {
  const kept: Counted[] = [];
  const weightiest = [...hits].sort((a, b) => b.weight - a.weight || b.to - b.from - (a.to - a.from));
  for (const hit of weightiest) {
    const { tag, from, to } = hit;
    if (tag === null || denied(tokens, hit)) continue;
    if (!kept.some((other) => other.tag === tag && other.from < to && from < other.to))
      kept.push({ ...hit, tag });
  }
  return kept;
}

function scoreOf(witnesses: readonly Found[]): number {
  const heard = new Map<string, number>();
  let against = 1;
  for (const { phrase, weight } of [...witnesses].sort((a, b) => b.weight - a.weight)) {
    const times = heard.get(phrase) ?? 0;
    heard.set(phrase, times + 1);
    against *= 1 - weight / 2 ** times;
  }
  return Math.min(0.99, Math.round((1 - against) * 100) / 100);
}

function mostTelling(witnesses: readonly Found[]): TagEvidence[] {
  const sentences = new Map<string, Found>();
  for (const one of [...witnesses].sort((a, b) => b.weight - a.weight)) {
    const key = `${one.evidence.by} ${one.evidence.fromMs}`;
    if (!sentences.has(key)) sentences.set(key, one);
  }
  return [...sentences.values()]
    .slice(0, mostEvidence)
    .map(({ evidence }) => evidence)
    .sort((a, b) => a.fromMs - b.fromMs);
}

const narrow = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;

/** An utterance as one text, and where each of its words begins in it. */
function written({ words }: Utterance): { text: string; starts: number[] } {
  let text = '';
  const starts: number[] = [];
  for (const { text: word } of words) {
    const joins = narrow.test(text.at(-1) ?? '') || narrow.test(word[0] ?? '') || /^[,.!?;:%]/.test(word);
    if (text && !joins) text += ' ';
    starts.push(text.length);
    text += word;
  }
  return { text, starts };
}

interface Place {
  readonly utterance: Utterance;
  readonly text: string;
  readonly starts: readonly number[];
  readonly tokens: readonly Token[];
}

/** The sentence that a phrase stands in, or what of it is around the phrase; in whole words. */
function sentenceAround(hit: PhraseHit, { utterance, text, starts, tokens }: Place): TagEvidence {
  const first = tokens[hit.from]!;
  const last = tokens[hit.to - 1]!;
  const same = tokens.filter(({ sentence }) => sentence === first.sentence);
  const spare = Math.max(0, longestEvidence - (last.to - first.from));
  const fromAt = Math.max(same[0]!.from, first.from - Math.ceil(spare / 2));
  const toAt = Math.min(same.at(-1)!.to, last.to + Math.floor(spare / 2));
  const wordAt = (at: number) =>
    Math.max(
      0,
      starts.findLastIndex((start) => start <= at),
    );
  const [from, to] = [wordAt(fromAt), wordAt(toAt - 1)];
  const end = starts[to]! + utterance.words[to]!.text.length;
  return {
    by: utterance.by,
    fromMs: utterance.words[from]!.fromMs,
    toMs: utterance.words[to]!.toMs,
    words: text.slice(starts[from], end).trim(),
  };
}
