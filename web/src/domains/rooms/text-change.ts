/** One replacement in a text: at `at`, take `remove` UTF-16 code units away and put `insert` there. */
export interface TextChange {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** How a text changed elsewhere, as Yjs tells it: a walk from its beginning. */
export type TextDelta = readonly {
  readonly retain?: number;
  readonly insert?: unknown;
  readonly delete?: number;
}[];

const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;

/**
 * The smallest single change that makes `after` of `before`, null if they are equal. Among equal letters `caret`
 * (where it stands in `after`) tells which ones were typed: an edit ends at the caret. Never cuts a character of two
 * code units in half, which would tear it apart in everybody's copy.
 */
export function changeBetween(
  before: string,
  after: string,
  caret: number = after.length,
): TextChange | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let suffix = 0;
  const equalFromEnd = () => before.at(-1 - suffix) === after.at(-1 - suffix);
  const behindCaret = Math.min(after.length - caret, shorter);
  while (suffix < behindCaret && equalFromEnd()) suffix++;
  let prefix = 0;
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix++;
  while (suffix < shorter - prefix && equalFromEnd()) suffix++;
  if (prefix > 0 && isHigh(before.charCodeAt(prefix - 1))) prefix--;
  if (suffix > 0 && isLow(before.charCodeAt(before.length - suffix))) suffix--;
  return {
    at: prefix,
    remove: before.length - suffix - prefix,
    insert: after.slice(prefix, after.length - suffix),
  };
}

/** Where a position of the text is found after the text changed elsewhere. What comes in right at it goes behind it. */
export function positionAfter(position: number, delta: TextDelta): number {
  let at = 0;
  let moved = position;
  for (const { retain = 0, insert, delete: removed = 0 } of delta) {
    if (at >= moved) break;
    if (typeof insert === 'string') {
      moved += insert.length;
      at += insert.length;
    }
    at += retain;
    moved -= Math.min(removed, Math.max(0, moved - at));
  }
  return moved;
}
