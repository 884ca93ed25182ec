import type { HeardWord } from './masked-words.ts';

/** Hz that transcribers are given. */
export const transcriberRate = 16_000;

/** Turns speech into words. Knows nothing of calls: it is given one voice for some seconds. */
export interface Transcriber {
  /** Who it is, with its model, as it is written into the transcript. */
  readonly name: string;
  /** Words with their times in ms from the first sample. Errors: TranscriberError; the signal's reason. */
  transcribe(speech: Int16Array, signal: AbortSignal): Promise<HeardWord[]>;
}

/**
 * `refused`: asking again cannot help. `unreachable`: no usable answer so far, later there may be one. `config`: it is
 * not set up as it has to be.
 */
export type TranscriberFault = 'refused' | 'unreachable' | 'config';

export class TranscriberError extends Error {
  override readonly name = 'TranscriberError';
  readonly fault: TranscriberFault;

  constructor(fault: TranscriberFault, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.fault = fault;
  }
}

/**
 * Words of a text that has no times of its own, spread over the time in which it is said: Chinese by characters, the
 * rest by words, each as long as it is written.
 */
export function spread(text: string, fromMs: number, toMs: number): HeardWord[] {
  const pieces = text.match(/\p{Script=Han}|[^\s\p{Script=Han}]+/gu) ?? [];
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let said = 0;
  return pieces.map((piece) => {
    const at = (letters: number) => Math.round(fromMs + ((toMs - fromMs) * letters) / length);
    const from = at(said);
    said += piece.length;
    return { text: piece, fromMs: from, toMs: at(said) };
  });
}
