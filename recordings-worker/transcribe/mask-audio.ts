import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { WorkerError } from '../worker-error.ts';
import type { AudioSpan } from './masked-words.ts';

/** Into and out of silence without a click. s */
const fadeSeconds = 0.01;

/**
 * A rendering of a sealed recording (agent left, customer right) in which nobody hears what was masked: silence on that
 * voice's channel for these spans, everything else and the length as they were. WebM with stereo Opus.
 * Error: WorkerError `analyse.audio`.
 */
export async function maskAudio(
  master: Buffer,
  spans: readonly AudioSpan[],
  signal: AbortSignal,
): Promise<Buffer> {
  const voices = ['agent', 'customer'] as const;
  const [left, right] = voices.map((voice) => silencesOf(spans.filter(({ by }) => by === voice)));
  const filter = [
    '[0:a:0]channelsplit=channel_layout=stereo[l][r]',
    `[l]${left}[ml]`,
    `[r]${right}[mr]`,
    '[ml][mr]join=inputs=2:channel_layout=stereo[masked]',
  ].join(';');
  const output = ['-map', '[masked]', '-c:a', 'libopus', '-b:a', '64k', '-f', 'webm', 'pipe:1'];
  const args = ['-hide_banner', '-nostats', '-loglevel', 'error', '-i', 'pipe:0', '-filter_complex', filter];
  const child = spawn('ffmpeg', [...args, ...output], { stdio: 'pipe', signal });
  child.stdin.on('error', () => {});
  const closed = once(child, 'close') as Promise<[number | null]>;
  child.stdin.end(master);
  const [masked, said, [status]] = await Promise.all([buffer(child.stdout), text(child.stderr), closed]);
  if (status === 0) return masked;
  const cause = new Error(said.slice(-500).trim());
  throw new WorkerError('analyse.audio', 'The recording cannot be masked.', { cause });
}

/** ffmpeg's volume filter, evaluated for each small piece of sound. */
function silencesOf(spans: readonly AudioSpan[]): string {
  if (spans.length === 0) return 'anull';
  const seconds = (ms: number) => (ms / 1_000).toFixed(3);
  const inside = spans.map(({ fromMs, toMs }) => `between(t,${seconds(fromMs)},${seconds(toMs)})`).join('+');
  // Small frames, so that silence begins where it is to begin.
  return `asetnsamples=n=${Math.round(48_000 * fadeSeconds)}:p=0,volume='if(${inside},0,1)':eval=frame`;
}
