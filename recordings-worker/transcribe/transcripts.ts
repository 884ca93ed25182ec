import type { TranscribeJob } from '#contract/transcripts.ts';
import type { FollowUp } from '../analyse/follow-ups.ts';
import { spelled } from './masked-words.ts';
import { transcribe } from './scribe-process.ts';

/** Raised when other words would be masked. */
const maskerVersion = 1;

/** What was said, without what must not be written. `atATime` recordings at a time. */
export function transcripts(atATime: number): FollowUp<'transcribe'> {
  return {
    queue: 'transcribe',
    what: 'transcript',
    atATime,
    async make({ durationMs, keep }: TranscribeJob, master, signal) {
      const transcript = await transcribe({ master, durationMs, keep }, signal);
      const { utterances, transcriber } = transcript;
      const words = utterances.reduce((sum, one) => sum + one.words.length, 0);
      const text = utterances.map((one) => spelled(one.words).text).join('\n');
      return {
        json: JSON.stringify(transcript),
        facts: { transcriber, maskerVersion, words },
        tell: (file) => ({ kind: 'transcribed', file, words, text, transcriber }),
      };
    },
  };
}
