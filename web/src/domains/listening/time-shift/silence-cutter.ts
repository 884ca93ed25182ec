/** How finely silence is looked at. Milliseconds. */
export const quietFrameMs = 10;
/** Silence up to this length belongs to the conversation. Milliseconds. */
export const shortestCutMs = 300;
/** What is left of a longer one, half after the last word and half before the next. Milliseconds. */
export const leftOfSilenceMs = 150;

const shortest = shortestCutMs / quietFrameMs;
const lead = Math.floor(leftOfSilenceMs / quietFrameMs / 2);
const tail = leftOfSilenceMs / quietFrameMs - lead;
/** Beyond this one looks again later: a hold of many minutes is left in several steps. */
const farthest = 6_000;

/**
 * Where to play on from a frame of 10 ms: the frame itself, or one further on when both voices are silent for more than
 * 300 ms around it. `quiet` answers null beyond what was fetched; what follows there may be a word, so 75 ms before it
 * are kept too.
 */
export function afterSilence(frame: number, quiet: (frame: number) => boolean | null): number {
  if (quiet(frame) !== true) return frame;
  let start = frame;
  while (start > frame - shortest && quiet(start - 1) === true) start--;
  if (frame < start + lead) return frame;
  let end = frame + 1;
  while (end < frame + farthest && quiet(end) === true) end++;
  if (end - start <= shortest) return frame;
  return Math.max(frame, end - tail);
}
