import type { EraseJob, Report } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import { asWorkerError } from '../worker-error.ts';
import { type EraseOptions, eraseRecording } from './erase.ts';

export interface ErasuresOptions extends Omit<EraseOptions, 'signal'> {
  readonly workerId: string;
  readonly queues: Queues;
  readonly log: Log;
  readonly onDone: (seconds: number) => void;
  readonly onFailed: (code: string) => void;
}

/** Deletions, by the server's jobs. Each may be done again, by any worker. */
export class Erasures {
  readonly #options: ErasuresOptions;
  readonly #stopping = new AbortController();

  constructor(options: ErasuresOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.queues.handle('erase', (job, context) => this.#erase(job, context), { concurrency: 2 });
  }

  /** Breaks off what runs; it is gone on with later. */
  stop(): void {
    this.#stopping.abort();
  }

  async #erase(job: EraseJob, context: JobContext): Promise<void> {
    const { log, queues, workerId, onDone, onFailed } = this.#options;
    const { recordingId, callId } = job;
    const common = { recordingId, callId, workerId };
    const startedAt = performance.now();
    try {
      const erased = await eraseRecording(job, { ...this.#options, signal: this.#stopping.signal });
      await queues.report({ kind: 'erased', ...common, at: Date.now(), ...erased } satisfies Report);
      onDone((performance.now() - startedAt) / 1_000);
      log.info({ recordingId, callId, objects: erased.files.length }, 'recording erased');
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const { code, message } = asWorkerError(thrown);
      log.error({ recordingId, callId, code, attempt: context.attempt, err: thrown }, 'erasing failed');
      onFailed(code);
      if (Number.isInteger(Math.log2(context.attempt))) {
        const failed = { kind: 'failed', stage: 'erase', code, message, final: false } as const;
        await queues.report({ ...failed, ...common, at: Date.now() });
      }
      throw thrown;
    }
  }
}
