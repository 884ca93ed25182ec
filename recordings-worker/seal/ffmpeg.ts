import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WorkerError, type WorkerErrorCode } from '../worker-error.ts';

export interface Ffmpeg {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when it has ended well; rejects with the last words it said. */
  readonly ended: Promise<void>;
  kill(): void;
}

const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error'];

/** Debian's ffmpeg as a child process. `code` is what its failure is reported as. */
export function startFfmpeg(args: readonly string[], code: WorkerErrorCode, signal: AbortSignal): Ffmpeg {
  const child: ChildProcess = spawn('ffmpeg', [...quiet, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500);
  });
  // A child that dies takes its pipes along; its exit tells why.
  child.stdin!.on('error', () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new WorkerError(code, 'ffmpeg is not installed.', { cause })
          : new WorkerError(code, 'ffmpeg was stopped.', { cause }),
      ),
    );
    child.on('close', (status, killedBy) => {
      if (status === 0) resolve();
      else {
        const cause = new Error(said.trim());
        reject(new WorkerError(code, `ffmpeg failed (${killedBy ?? `exit ${status}`}).`, { cause }));
      }
    });
  });
  ended.catch(() => {});
  return { stdin: child.stdin!, stdout: child.stdout!, ended, kill: () => child.kill('SIGKILL') };
}

/** Feeds `input` to an ffmpeg that writes 16-bit mono PCM to its standard output. */
export function startPcmDecoder(
  inputArgs: readonly string[],
  rate: number,
  input: Iterable<Buffer>,
  signal: AbortSignal,
): { chunks: AsyncIterator<Buffer>; ended: Promise<void>; kill: () => void } {
  const output = ['-f', 's16le', '-ac', '1', '-ar', String(rate), 'pipe:1'];
  const child = startFfmpeg([...inputArgs, '-i', 'pipe:0', ...output], 'seal.decoder', signal);
  // What goes wrong with the pipe shows in how the child ends; what goes wrong in `input` must end the child.
  pipeline(Readable.from(input, { objectMode: true, highWaterMark: 2 }), child.stdin).catch(() => {
    child.stdin.destroy();
  });
  return { chunks: child.stdout[Symbol.asyncIterator](), ended: child.ended, kill: child.kill };
}
