import { stem, type Token, tokensOf } from './tag-tokens.ts';

/** What a phrase speaks for; null: for nothing, it only keeps shorter ones inside it from counting. */
export interface PhraseMeaning {
  readonly tag: string | null;
  /** How much, above 0 and below 1. */
  readonly weight: number;
}

/** A phrase that was found: tokens [from, to). */
export interface PhraseHit extends PhraseMeaning {
  readonly phrase: string;
  readonly from: number;
  readonly to: number;
  /** The words within it that it leaves room for: tokens [from, to), seldom more than one such stretch. */
  readonly gaps: readonly (readonly [from: number, to: number])[];
}

interface Node {
  readonly next: Map<string, Node>;
  /** What may follow after a few other words. */
  gap: Node | null;
  readonly ends: { readonly phrase: string; readonly meaning: PhraseMeaning }[];
}

/** Words between the two parts of a phrase with `…`: characters in Chinese, where words are of two. */
const widestGap = 7;

const node = (): Node => ({ next: new Map(), gap: null, ends: [] });

export class PhraseBook {
  readonly #root = node();

  /** `phrase` may have one or more `…`. */
  add(phrase: string, meaning: PhraseMeaning): void {
    let at = this.#root;
    const parts = phrase.split('…');
    for (const [index, part] of parts.entries()) {
      const tokens = tokensOf(part);
      if (tokens.length === 0) throw new Error(`the phrase "${phrase}" has an empty part`);
      if (index > 0) at = at.gap ??= node();
      for (const { key } of tokens) {
        const next = at.next.get(key) ?? node();
        at.next.set(key, next);
        at = next;
      }
    }
    at.ends.push({ phrase, meaning });
  }

  /** Every phrase, but for those within a longer one that stands there without a gap. In order. */
  find(tokens: readonly Token[]): PhraseHit[] {
    const hits: PhraseHit[] = [];
    const walk = (at: Node, start: number, index: number, gaps: PhraseHit['gaps']): void => {
      for (const { phrase, meaning } of at.ends)
        hits.push({ ...meaning, phrase, gaps, from: start, to: index });
      const sentence = tokens[start]?.sentence;
      const within = (one: number) => one < tokens.length && tokens[one]!.sentence === sentence;
      if (within(index)) {
        const next = at.next.get(tokens[index]!.key);
        if (next) walk(next, start, index + 1, gaps);
      }
      if (!at.gap) return;
      for (let skip = 0; skip <= widestGap && within(index + skip); skip++) {
        const next = at.gap.next.get(tokens[index + skip]!.key);
        if (next) walk(next, start, index + skip + 1, [...gaps, [index, index + skip]]);
      }
    };
    for (let start = 0; start < tokens.length; start++) walk(this.#root, start, start, []);
    const solid = hits.filter(({ gaps }) => gaps.length === 0);
    const isWithin = (hit: PhraseHit) => (other: PhraseHit) =>
      other.from <= hit.from && hit.to <= other.to && hit.to - hit.from < other.to - other.from;
    return hits.filter((hit) => hit.gaps.length > 0 || !solid.some(isWithin(hit)));
  }
}

const negations = /(?:没有?|不是|不用|不需要|不想|不要|无需|并非|不算|没什么)$/;
const noNegations = /(?:是不是|要不要|有没有|用不用|想不想|不是说)$/;
const english = new Set(
  ['not', 'no', 'never', 'without', 'dont', 'doesnt', 'didnt', 'isnt', 'wasnt', 'arent'].map(stem),
);
/** Tokens between a negation and what it denies. */
const reach = { chinese: 2, english: 2 };

/** Whether a phrase is denied just before it, or before its last part; in the same clause. */
export function denied(tokens: readonly Token[], { from, gaps }: Pick<PhraseHit, 'from' | 'gaps'>): boolean {
  return deniedAt(tokens, from, 0) || gaps.some(([since, until]) => deniedAt(tokens, until, since));
}

function deniedAt(tokens: readonly Token[], from: number, since: number): boolean {
  const clause = tokens[from]?.clause;
  const before = (steps: number) => {
    const token = from - steps >= since ? tokens[from - steps] : undefined;
    return token?.clause === clause ? token : undefined;
  };
  for (let steps = 1; steps <= reach.english + 1; steps++) {
    const token = before(steps);
    if (token && english.has(token.key)) return true;
  }
  for (let between = 0; between <= reach.chinese; between++) {
    let said = '';
    for (let steps = between + 1; steps <= between + 3; steps++) said = (before(steps)?.key ?? '') + said;
    if (noNegations.test(said)) return false;
    // 不是说… asks for what was promised.
    if (negations.test(said)) return before(between)?.key !== '说';
  }
  return false;
}
