import type { TagSuggestion } from '#contract/tags.ts';
import type { TranscribeJob } from '#contract/transcripts.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import { masterOf } from './analysis.ts';

/** Raised when recordings of before are to be transcribed, or masked, again. */
export const transcriptVersion = 2;

/** What is kept of a transcript beside its file. */
export interface FoundTranscript {
  readonly words: number;
  /** Everything that was said, masked and in lower case. */
  readonly text: string;
  readonly transcriber: string;
  /** What it seems to be about; missing until it was looked through. */
  readonly tags?: { readonly version: number; readonly suggestions: readonly TagSuggestion[] };
}

/** The job that transcribes a recording, or null while there is nothing to transcribe. */
export function transcribeJobOf(recording: StoredRecording): TranscribeJob | null {
  const master = masterOf(recording);
  const { orderId } = recording.facts;
  // The order stands beside the recording anyway; hiding it in the text would protect nobody.
  return master && { ...master, keep: orderId ? [orderId] : [] };
}
