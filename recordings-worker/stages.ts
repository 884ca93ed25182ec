import type { ArchiveJob, Report, SealJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { archiveCall, forgetSpool } from './archive/archive.ts';
import { noteOfForgotten } from './archive/archived-note.ts';
import { sealCall } from './seal/seal.ts';
import { asWorkerError } from './worker-error.ts';

export interface StagesOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly queues: Queues;
  readonly store: ObjectStore;
  /** Signs what is archived. */
  readonly key: SigningKey;
  /** Calls sealed at a time: each one keeps a core busy. */
  readonly seals: number;
  readonly log: Log;
  /** Seconds that a stage took. */
  readonly onDone: (stage: 'seal' | 'archive', seconds: number) => void;
  readonly onFailed: (stage: 'seal' | 'archive', code: string) => void;
}

type Stage = 'seal' | 'archive';

/** A spool that is not here may be on a disk that another worker has; after this many tries none has. */
const maxTriesWithoutSpool = 8;

/** What happens to a call after its capture, by the server's jobs: sealed, then archived. Each may be done again. */
export class Stages {
  readonly #options: StagesOptions;
  readonly #stopping = new AbortController();

  constructor(options: StagesOptions) {
    this.#options = options;
  }

  start(): void {
    const { queues, seals } = this.#options;
    queues.handle('seal', (job, context) => this.#attempt('seal', job, context, () => this.#seal(job)), {
      concurrency: seals,
      onGivenUp: (job) => this.#givenUp('seal', job),
    });
    queues.handle(
      'archive',
      (job, context) => this.#attempt('archive', job, context, () => this.#archive(job)),
      { concurrency: 2, onGivenUp: (job) => this.#givenUp('archive', job) },
    );
  }

  /** Breaks off what runs; another worker, or this one later, does it again. */
  stop(): void {
    this.#stopping.abort();
  }

  async #seal(job: SealJob): Promise<void> {
    const { spoolDir, log } = this.#options;
    const note = await noteOfForgotten(spoolDir, job);
    const facts = note?.facts ?? (await sealCall(job, { spoolDir, signal: this.#stopping.signal, log }));
    await this.#tell(job, { kind: 'sealed', facts });
  }

  async #archive(job: ArchiveJob): Promise<void> {
    const { spoolDir, store, key, log } = this.#options;
    const { signal } = this.#stopping;
    // Costs nothing when the spool has not changed; what grew since, or was lost with a disk's cache, is made good.
    if (!(await noteOfForgotten(spoolDir, job))) await sealCall(job, { spoolDir, signal, log });
    const archived = await archiveCall(job, { spoolDir, store, key, signal, log });
    // First the word, then the deed: a spool is deleted only when the server is sure to hear of its archive.
    await this.#tell(job, { kind: 'archived', files: archived.files });
    await forgetSpool(job, archived, { spoolDir, log });
  }

  async #attempt(stage: Stage, job: SealJob, context: JobContext, work: () => Promise<void>): Promise<void> {
    const { log, onDone, onFailed } = this.#options;
    const ids = { recordingId: job.recordingId, callId: job.callId };
    const startedAt = performance.now();
    try {
      await work();
      const seconds = (performance.now() - startedAt) / 1_000;
      onDone(stage, seconds);
      log.info({ ...ids, stage, seconds: Math.round(seconds * 1_000) / 1_000 }, 'stage done');
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const error = asWorkerError(thrown);
      const hopeless = error.code === 'seal.no-spool' && context.attempt >= maxTriesWithoutSpool;
      const final = error.final || hopeless || context.lastAttempt;
      log.error(
        { ...ids, stage, code: error.code, attempt: context.attempt, final, err: thrown },
        'stage failed',
      );
      onFailed(stage, error.code);
      // A store that is away for a day fails a thousand times: the first, second, fourth, eighth … are told.
      if (final || Number.isInteger(Math.log2(context.attempt))) {
        await this.#tell(job, { kind: 'failed', stage, code: error.code, message: error.message, final });
      }
      if (!error.final && !hopeless) throw thrown;
    }
  }

  async #givenUp(stage: Stage, job: SealJob): Promise<void> {
    const message = 'The workers that took this job died over it, again and again.';
    await this.#tell(job, { kind: 'failed', stage, code: 'job.given-up', message, final: true });
  }

  #tell(job: SealJob, report: StageReport): Promise<void> {
    const { queues, workerId } = this.#options;
    const { recordingId, callId } = job;
    return queues.report({ ...report, recordingId, callId, workerId, at: Date.now() } as Report);
  }
}

type Common = 'recordingId' | 'callId' | 'workerId' | 'at';
type StageReport =
  | Omit<Extract<Report, { kind: 'sealed' }>, Common>
  | Omit<Extract<Report, { kind: 'archived' }>, Common>
  | Omit<Extract<Report, { kind: 'failed' }>, Common>;
