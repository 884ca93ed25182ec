/** A unit that phrases are made of: a Chinese character, or the stem of a word in Latin letters. */
export interface Token {
  readonly key: string;
  /** Where it stands in the text: [from, to) in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  /** Counted from 0; a phrase never reaches from one sentence into the next, a negation never beyond its clause. */
  readonly sentence: number;
  readonly clause: number;
}

const pieces = /\p{Script=Han}|[\p{L}\p{N}]+(?:['’][\p{L}]+)*|[。！？!?]|\.(?!\d)|\*{3}|[，,；;：:、—]/gu;
const sentenceEnd = /^(?:[。！？!?.]|\*{3})$/;
const clauseEnd = /^[，,；;：:、—]$/;

/** Takes a text apart. What was masked ends a sentence: nobody knows what stood there. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let sentence = 0;
  let clause = 0;
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    if (sentenceEnd.test(piece)) sentence += 1;
    if (sentenceEnd.test(piece) || clauseEnd.test(piece)) clause += 1;
    else tokens.push({ key: stem(piece), from: index, to: index + piece.length, sentence, clause });
  }
  return tokens;
}

/**
 * What the forms of an English word have in common, roughly: "delivers", "delivered" and "delivering" are one. Phrases
 * go through the same mill, so it need not be a real word.
 */
export function stem(word: string): string {
  const plain = word.toLowerCase().replace(/['’]/g, '');
  if (!/^[a-z]{4,}$/.test(plain)) return plain;
  let cut = plain;
  if (/ie[sd]$/.test(cut)) cut = `${cut.slice(0, -3)}y`;
  else if (/[^aeious]s$/.test(cut) || /es$/.test(cut)) cut = cut.slice(0, -1);
  if (/[aeiouy].*ing$/.test(cut) && cut.length > 5) cut = cut.slice(0, -3);
  else if (/[aeiouy].*ed$/.test(cut) && cut.length > 4) cut = cut.slice(0, -2);
  cut = cut.replace(/e$/, '').replace(/y$/, 'i');
  return cut.replace(/([b-df-hj-np-tv-z])\1$/, '$1');
}
