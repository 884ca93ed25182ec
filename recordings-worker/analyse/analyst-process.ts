import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type AnalysisTrack, analysisTrack } from '#contract/analysis.ts';
import { WorkerError } from '../worker-error.ts';
import type { Span } from './spans.ts';

/** How the analyst says that the file is not to be decoded, whoever tries. */
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
  const child = spawn(process.execPath, [program, JSON.stringify({ durationMs, holds })], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, EXIT_WITH_PARENT: '1' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs + 2 * durationMs)]),
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // One that dies takes its pipes along; its exit tells why.
  child.stdin!.on('error', () => {});
  child.stdin!.end(master);
  try {
    const [status, track, said] = await Promise.all([ended, text(child.stdout!), text(child.stderr!)]);
    if (status === 0) return analysisTrack.parse(JSON.parse(track));
    const cause = new Error(said.slice(-500).trim());
    if (status === undecodableExit) {
      throw new WorkerError('analyse.audio', 'The recording cannot be decoded.', { cause, final: true });
    }
    throw new WorkerError('analyse.process', `The analysis ended with ${status ?? 'a signal'}.`, { cause });
  } catch (cause) {
    if (cause instanceof WorkerError) throw cause;
    throw new WorkerError('analyse.process', 'The analysis was broken off.', { cause });
  }
}
