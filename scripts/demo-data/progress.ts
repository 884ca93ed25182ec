/** Tells the launcher how far something is, as a JSON line: `{"progress":"slots","done":120,"of":1680}`. */
export type Tell = (what: string, done: number, of: number) => void;

export const tell: Tell = (what, done, of) => {
  process.stdout.write(`${JSON.stringify({ progress: what, done, of })}\n`);
};

/** A sentence that the launcher shows: `{"notice":"…"}`. */
export function notice(text: string): void {
  process.stdout.write(`${JSON.stringify({ notice: text })}\n`);
}
