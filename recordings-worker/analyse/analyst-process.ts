import { fileURLToPath } from 'node:url';
import { type AnalysisTrack, analysisTrack } from '#contract/analysis.ts';
import { WorkerError } from '../worker-error.ts';
import { runAside } from './aside.ts';
import type { Span } from './spans.ts';

/** How a program says that the recording is not to be decoded, whoever tries. */
export const undecodableExit = 3;

const program = fileURLToPath(import.meta.resolve('./analyst.ts'));

/** An analyst that takes longer than this and twice the recording's length is stuck, ms. */
const patienceMs = 10 * 60_000;

export interface Recording {
  readonly master: Buffer;
  readonly durationMs: number;
  readonly holds: readonly Span[];
}

/**
 * Has a recording analysed by a process of low priority. The same recording gives the same track.
 * Errors: WorkerError `analyse.audio` (final), `analyse.process`.
 */
export async function analyse(recording: Recording, signal: AbortSignal): Promise<AnalysisTrack> {
  const { master, durationMs, holds } = recording;
  const end = await runAside({
    program,
    told: { durationMs, holds },
    input: master,
    patienceMs: patienceMs + 2 * durationMs,
    signal,
  }).catch((cause: unknown) => {
    throw new WorkerError('analyse.process', 'The analysis was broken off.', { cause });
  });
  if (end.status === 0) return analysisTrack.parse(JSON.parse(end.output));
  const cause = new Error(end.said);
  if (end.status === undecodableExit) {
    throw new WorkerError('analyse.audio', 'The recording cannot be decoded.', { cause, final: true });
  }
  throw new WorkerError('analyse.process', `The analysis ended with ${end.status ?? 'a signal'}.`, { cause });
}
