import { Worker } from 'node:worker_threads';
import type { SealedFacts, SealJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import { WorkerError, type WorkerErrorCode } from './worker-error.ts';

/** How long a thread that was told to break off may take, ms; then it is ended. */
const breakOffWithinMs = 2_000;

export interface SealerTask {
  readonly job: SealJob;
  readonly spoolDir: string;
}
/** What a sealing thread answers. */
export type SealerAnswer =
  | { kind: 'sealed'; facts: SealedFacts }
  | { kind: 'failed'; code: WorkerErrorCode; message: string; final: boolean; stack: string };

/**
 * Seals in threads of their own, so that captures never wait for it: an hour's index and timeline take their time.
 * A thread that does not answer is ended and another one takes its place: nothing that happens in one can hold up the
 * calls behind it.
 */
export class Sealers {
  readonly #program: URL;
  readonly #level: string;
  readonly #log: Log;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();

  /** `program`: another one than the sealer's own, for tests. */
  constructor(options: { log: Log; program?: URL }) {
    this.#log = options.log;
    this.#level = options.log.level;
    this.#program = options.program ?? new URL('./sealer-thread.ts', import.meta.url);
  }

  /** Makes threads before they are needed. */
  warm(threads: number): void {
    while (this.#all.size < threads) this.#idle.push(this.#start());
  }

  /** Errors: as sealing's own; `signal`'s reason; WorkerError `worker.internal` when the thread ended by itself. */
  async seal(task: SealerTask, signal: AbortSignal): Promise<SealedFacts> {
    signal.throwIfAborted();
    const thread = this.#idle.pop() ?? this.#start();
    thread.ref();
    const done = Promise.withResolvers<SealedFacts>();
    let breakOff: NodeJS.Timeout | undefined;
    const onAnswer = (answer: SealerAnswer) => {
      if (answer.kind === 'sealed') return done.resolve(answer.facts);
      const { code, message, final, stack } = answer;
      // An error does not cross threads whole: its stack comes as text.
      done.reject(
        new WorkerError(code, message, { final, cause: Object.assign(new Error(message), { stack }) }),
      );
    };
    const onEnd = (fault: unknown) =>
      done.reject(
        new WorkerError('worker.internal', 'The thread that sealed ended by itself.', { cause: fault }),
      );
    const onAbort = () => {
      thread.postMessage('break-off');
      breakOff = setTimeout(() => done.reject(signal.reason), breakOffWithinMs);
    };
    thread.once('message', onAnswer);
    thread.once('error', onEnd);
    thread.once('exit', onEnd);
    signal.addEventListener('abort', onAbort, { once: true });
    let answered = false;
    try {
      thread.postMessage(task);
      const facts = await done.promise;
      answered = true;
      return facts;
    } catch (error) {
      answered = error instanceof WorkerError && error.code !== 'worker.internal';
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      clearTimeout(breakOff);
      signal.removeEventListener('abort', onAbort);
      thread.off('message', onAnswer).off('error', onEnd).off('exit', onEnd);
      if (answered && this.#all.has(thread)) {
        thread.unref();
        this.#idle.push(thread);
      } else {
        // A late answer must not be taken for that of the next call.
        this.#all.delete(thread);
        this.#log.warn({ callId: task.job.callId }, 'a sealing thread is ended');
        void thread.terminate();
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => thread.terminate()));
  }

  #start(): Worker {
    const thread = new Worker(this.#program, { workerData: { level: this.#level } });
    thread.unref();
    this.#all.add(thread);
    thread.on('exit', () => {
      this.#all.delete(thread);
      const at = this.#idle.indexOf(thread);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    // Said where it is waited for; an idle one's fault must not end the process.
    thread.on('error', (err) => this.#log.error({ err }, 'a sealing thread failed'));
    return thread;
  }
}
