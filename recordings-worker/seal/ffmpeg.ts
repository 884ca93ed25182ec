import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { WorkerError, type WorkerErrorCode } from '../worker-error.ts';

export interface FfmpegOptions {
  /** What a failure is reported as. */
  readonly code: WorkerErrorCode;
  readonly signal: AbortSignal;
  /** The child is killed when it lives longer, ms. */
  readonly deadlineMs: number;
  /** How far it steps back behind others, 0–19; 0 unless told. */
  readonly niceness?: number;
}

/**
 * How long a child may take over audio of this length, ms: a machine that is a hundred times slower than an idle one
 * still gets there, and nobody waits for ever for a child that hangs.
 */
export const patienceFor = (audioMs: number): number => 30_000 + audioMs / 2;

/** How long a child's last words may take from its end to here, ms. */
const lastWordsMs = 250;

/** It may have ended already. */
function stepBack(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {}
}

const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error'];

/**
 * Debian's ffmpeg as a child process that reads from a pipe and writes to one. It ends well, or by its own fault, or
 * by the deadline, or by the signal; whoever waits for it hears of it in each case.
 */
export class Ffmpeg {
  /** Resolves when it has ended well; rejects with the last words it said. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #failure: unknown;
  #over = false;

  constructor(args: readonly string[], options: FfmpegOptions) {
    const { code, signal, deadlineMs, niceness = 0 } = options;
    const child = spawn('ffmpeg', [...quiet, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    if (niceness > 0 && child.pid !== undefined) stepBack(child.pid, niceness);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-500);
    });
    // A child that dies takes its pipes along; its exit tells why.
    child.stdin.on('error', () => {});
    child.stdout.on('error', () => {});
    this.ended = new Promise<void>((resolve, reject) => {
      const fail = (message: string, cause?: unknown) => reject(new WorkerError(code, message, { cause }));
      const deadline = setTimeout(() => {
        const seconds = Math.round(deadlineMs / 1_000);
        fail('ffmpeg did not come to an end.', new Error(`killed after ${seconds} s; it said: ${said}`));
        this.kill();
      }, deadlineMs);
      const onAbort = () => {
        fail('ffmpeg was stopped.', signal.reason);
        this.kill();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const over = () => {
        clearTimeout(deadline);
        signal.removeEventListener('abort', onAbort);
      };
      child.on('error', (cause: NodeJS.ErrnoException) => {
        over();
        fail(cause.code === 'ENOENT' ? 'ffmpeg is not installed.' : 'ffmpeg could not be run.', cause);
      });
      const told = (status: number | null, killedBy: NodeJS.Signals | null) => {
        over();
        if (status === 0) resolve();
        else fail(`ffmpeg failed (${killedBy ?? `exit ${status}`}).`, new Error(said.trim()));
      };
      child.on('close', told);
      // Somebody else may hold the pipes of one that failed open: its last words are not waited for much longer.
      child.on('exit', (...how) => {
        if (how[0] !== 0) setTimeout(told, lastWordsMs, ...how);
      });
      if (signal.aborted) onAbort();
    });
    this.ended
      .catch((error: unknown) => {
        this.#failure = error;
        // Readers and writers that wait for the pipes are let go.
        this.#letGo();
      })
      .finally(() => {
        this.#over = true;
      });
  }

  get stdin(): Writable {
    return this.#child.stdin!;
  }

  get stdout(): Readable {
    return this.#child.stdout!;
  }

  /** Resolves when the bytes have gone out: until then they must not change. Rejects when the child has failed. */
  async write(bytes: Buffer): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.stdin.write(bytes, () => resolve());
    });
    await Promise.race([gone, this.ended]);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What it writes, until its end; throws when the child failed. */
  async *output(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.stdout) yield chunk as Buffer;
    } catch (error) {
      // Destroyed because the child failed: that is what went wrong.
      await this.ended;
      throw error;
    }
    await this.ended;
  }

  kill(): void {
    if (!this.#over) this.#child.kill('SIGKILL');
    this.#letGo();
  }

  /** Pipes that a grandchild holds open must not keep anybody waiting. */
  #letGo(): void {
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe?.destroy();
  }
}
