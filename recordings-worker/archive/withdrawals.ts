import type { WithdrawJob } from '#contract/clips.ts';
import type { Log } from '#kernel/log.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import { asWorkerError } from '../worker-error.ts';
import { type WithdrawOptions, withdrawFromArchive } from './withdraw.ts';

export interface WithdrawalsOptions extends Omit<WithdrawOptions, 'signal'> {
  readonly workerId: string;
  readonly queues: Queues;
  readonly log: Log;
  readonly onDone: (seconds: number) => void;
  readonly onFailed: (code: string) => void;
}

/** Clips that are taken back, by the server's jobs. Each may be done again, by any worker. */
export class Withdrawals {
  readonly #options: WithdrawalsOptions;
  readonly #stopping = new AbortController();

  constructor(options: WithdrawalsOptions) {
    this.#options = options;
  }

  start(): void {
    const { queues } = this.#options;
    queues.handle('withdraw', (job, context) => this.#withdraw(job, context), { concurrency: 2 });
  }

  /** Breaks off what runs; it is gone on with later. */
  stop(): void {
    this.#stopping.abort();
  }

  async #withdraw(job: WithdrawJob, context: JobContext): Promise<void> {
    const { log, queues, workerId, onDone, onFailed } = this.#options;
    const { recordingId, callId, clipId, keys } = job;
    const common = { recordingId, callId, workerId };
    const startedAt = performance.now();
    try {
      const { signal } = this.#stopping;
      const addendum = await withdrawFromArchive(job, { ...this.#options, signal });
      if (addendum) {
        await queues.report({ kind: 'files-withdrawn', ...common, at: Date.now(), keys, addendum });
      }
      await queues.reportClip({ kind: 'withdrawn', ...common, clipId, at: Date.now(), keys });
      onDone((performance.now() - startedAt) / 1_000);
      log.info({ recordingId, clipId, objects: keys.length }, 'clip withdrawn');
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const { code, final } = asWorkerError(thrown);
      log.error({ recordingId, clipId, code, attempt: context.attempt, err: thrown }, 'not withdrawn');
      onFailed(code);
      // The recording was deleted, and its clips with it.
      if (!final) throw thrown;
    }
  }
}
