import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TranscribeJob, transcriptFile } from '#contract/transcripts.ts';
import type { FollowUp } from '../analyse/follow-ups.ts';
import { maskRecording } from '../clip/cut.ts';
import { renderAac } from '../render/aac.ts';
import { maskedAudioSpans, spelled } from './masked-words.ts';
import { transcribe } from './scribe-process.ts';

/** Raised when other words would be masked. */
const maskerVersion = 1;

/**
 * What was said, without what must not be written; and, where that is anything, the recording in which nobody hears it,
 * in both forms. They come together: whoever may not hear it in full is given that one from then on. `atATime` recordings at a time.
 */
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
    async also({ durationMs }, { json }, master, folder, signal) {
      const silent = maskedAudioSpans(transcriptFile.parse(JSON.parse(json)).utterances);
      if (silent.length === 0) return [];
      const [webm, m4a] = [join(folder, 'masked.webm'), join(folder, 'masked.m4a')];
      await maskRecording(master, silent, webm);
      await renderAac(await readFile(webm), { path: m4a, durationMs }, signal);
      return [
        { path: webm, name: 'masked.webm', kind: 'masked', contentType: 'audio/webm' },
        { path: m4a, name: 'masked.m4a', kind: 'masked-m4a', contentType: 'audio/mp4' },
      ];
    },
  };
}
