import type { CaptureJob, Report } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Queues } from '#kernel/queues.ts';
import { Capture, type CaptureOutcome } from './capture.ts';

/** After the spool failed (full, read-only) this worker takes no captures for a while, so that another one may. ms */
const spoolFaultPauseMs = 5_000;
/** Where server and worker stop together the calls end by themselves: they are given this long, ms. */
const endByThemselvesMs = 4_000;
const connectTries = 3;
const betweenTriesMs = 300;

export interface CapturesOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly fsyncMs: number;
  /** Captures at a time. */
  readonly max: number;
  readonly queues: Queues;
  readonly log: Log;
  /** For figures: how a capture ended, and bytes as they reach the disk. */
  readonly onEnded: (outcome: CaptureOutcome['kind']) => void;
  readonly onWritten: (bytes: number) => void;
}

/** The captures of this worker: takes jobs, tells the server what becomes of them. */
export class Captures {
  readonly #options: CapturesOptions;
  readonly #running = new Set<Capture>();
  #stopping = false;
  #resumeTimer: NodeJS.Timeout | undefined;
  #rested: PromiseWithResolvers<void> | undefined;

  constructor(options: CapturesOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  start(): void {
    this.#options.queues.handle('capture', (job) => this.#run(job), { concurrency: this.#options.max });
  }

  /** Lets every call go with all of it on disk; the tap gives what follows to another worker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#resumeTimer);
    this.#rested?.resolve();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all([...this.#running].map((capture) => capture.outcome)),
      new Promise((resolve) => {
        timer = setTimeout(resolve, endByThemselvesMs);
      }),
    ]);
    clearTimeout(timer);
    await Promise.all([...this.#running].map((capture) => capture.stop()));
  }

  async #run(job: CaptureJob): Promise<void> {
    // A pause does not call back a queue that is already waiting for its next job.
    await this.#rested?.promise;
    const { queues, workerId, log } = this.#options;
    const ids = { captureId: job.captureId, recordingId: job.recordingId, callId: job.callId, workerId };
    // One after the other, so that the start is never told after the end.
    let told: Promise<void> = Promise.resolve();
    const tell = (report: Report): Promise<void> => {
      told = told.then(() => queues.report(report));
      return told;
    };

    const outcome = await this.#capture(job, () => {
      log.info(ids, 'capture started');
      tell({ kind: 'capture-started', ...ids, at: Date.now() }).catch((err: unknown) =>
        log.warn({ err, ...ids }, 'report not sent'),
      );
    });
    this.#options.onEnded(outcome.kind);
    if (outcome.kind === 'superseded') return;
    if (outcome.kind === 'captured') {
      log.info({ ...ids, packets: outcome.packets }, 'captured');
      await tell({ kind: 'captured', ...ids, at: Date.now(), packets: outcome.packets });
      return;
    }
    log.warn({ ...ids, reason: outcome.reason, err: outcome.cause }, 'capture lost');
    if (outcome.reason === 'spool') await this.#rest();
    await tell({ kind: 'capture-lost', ...ids, at: Date.now(), reason: outcome.reason });
  }

  async #capture(job: CaptureJob, onStarted: () => void): Promise<CaptureOutcome> {
    const { workerId, spoolDir, fsyncMs, log, onWritten } = this.#options;
    let outcome: CaptureOutcome = { kind: 'lost', reason: 'stopping' };
    for (let attempt = 1; attempt <= connectTries && !this.#stopping; attempt++) {
      const capture = new Capture({
        job,
        workerId,
        spoolDir,
        fsyncMs,
        log,
        onStarted,
        onWritten,
      });
      this.#running.add(capture);
      outcome = await capture.outcome;
      this.#running.delete(capture);
      if (outcome.kind !== 'lost' || outcome.reason !== 'tap-unreachable') break;
      await new Promise((resolve) => setTimeout(resolve, betweenTriesMs * attempt));
    }
    return outcome;
  }

  async #rest(): Promise<void> {
    const { queues, log } = this.#options;
    if (this.#resumeTimer || this.#stopping) return;
    const rested = Promise.withResolvers<void>();
    this.#rested = rested;
    this.#resumeTimer = setTimeout(() => {
      this.#resumeTimer = undefined;
      this.#rested = undefined;
      rested.resolve();
      queues.resumeHere('capture').catch((err: unknown) => log.error({ err }, 'captures stay paused'));
    }, spoolFaultPauseMs);
    await queues.pauseHere('capture');
  }
}
