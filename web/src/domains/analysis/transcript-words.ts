import type { TranscriptWord } from '#contract/transcripts.ts';

/** A word is shown as said for so long after its end, so that the mark does not flicker. ms */
const lingerMs = 400;

/** Which word is being said at a moment, or −1. Where both speak at once it is the word that began last. */
export function wordAt(words: readonly Pick<TranscriptWord, 'fromMs' | 'toMs'>[], ms: number): number {
  let found = -1;
  for (const [index, { fromMs, toMs }] of words.entries()) {
    if (fromMs > ms || ms >= toMs + lingerMs) continue;
    if (found < 0 || fromMs >= words[found]!.fromMs) found = index;
  }
  return found;
}

const narrow = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;

/** Chinese stands without spaces, and so do marks behind a word. */
export function joinsWithoutSpace(before: string, next: string): boolean {
  return narrow.test(before.at(-1) ?? '') || narrow.test(next[0] ?? '') || /^[,.!?;:%]/.test(next);
}
