import { fileURLToPath } from 'node:url';
import { type TranscriptFile, transcriptFile } from '#contract/transcripts.ts';
import { undecodableExit } from '../analyse/analyst-process.ts';
import { runAside } from '../analyse/aside.ts';
import { WorkerError } from '../worker-error.ts';

/** How the scribe says why there is no transcript. */
export const scribeExits = { undecodable: undecodableExit, refused: 4, unreachable: 5, config: 6 } as const;

const program = fileURLToPath(import.meta.resolve('./scribe.ts'));

/** A scribe that takes longer than this and four times the recording's length is stuck, ms. */
const patienceMs = 10 * 60_000;

export interface Dictation {
  readonly master: Buffer;
  readonly durationMs: number;
  readonly keep: readonly string[];
}

/**
 * Has a recording transcribed and masked by a process of low priority: what was said in clear never leaves it.
 * Errors: WorkerError `analyse.audio` (final), `transcribe.refused` (final), `transcribe.unreachable`,
 * `transcribe.config` (final), `transcribe.process`.
 */
export async function transcribe(dictation: Dictation, signal: AbortSignal): Promise<TranscriptFile> {
  const { master, durationMs, keep } = dictation;
  const end = await runAside({
    program,
    told: { keep },
    input: master,
    patienceMs: patienceMs + 4 * durationMs,
    signal,
  }).catch((cause: unknown) => {
    throw new WorkerError('transcribe.process', 'The transcription was broken off.', { cause });
  });
  const cause = new Error(end.said);
  switch (end.status) {
    case 0:
      return transcriptFile.parse(JSON.parse(end.output));
    case scribeExits.undecodable:
      throw new WorkerError('analyse.audio', 'The recording cannot be decoded.', { cause, final: true });
    case scribeExits.refused:
      throw new WorkerError('transcribe.refused', 'The transcriber refused this recording.', {
        cause,
        final: true,
      });
    case scribeExits.config:
      throw new WorkerError('transcribe.config', 'The transcriber is not set up as it has to be.', {
        cause,
        final: true,
      });
    case scribeExits.unreachable:
      throw new WorkerError('transcribe.unreachable', 'The transcriber gave no usable answer.', { cause });
    default: {
      const how = end.status ?? 'a signal';
      throw new WorkerError('transcribe.process', `The transcription ended with ${how}.`, { cause });
    }
  }
}
