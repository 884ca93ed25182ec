import type { CaptureJob, Report } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Queues } from '#kernel/queues.ts';
import type { Admission } from './admission.ts';
import { Capture, type CaptureOutcome } from './capture.ts';

/** After the spool failed (full, read-only) this worker takes no captures for a while, so that another one may. ms */
const spoolFaultPauseMs = 5_000;
/** Where server and worker stop together the calls end by themselves: they are given this long, ms. */
const endByThemselvesMs = 4_000;
const connectTries = 3;
const betweenTriesMs = 300;
/** A job that this worker may not take waits this long for another one, then twice as long, up to a second. ms */
const putBackMs = 50;
const putBackAtMostMs = 1_000;
/** After so many times (about a quarter of a minute) nobody takes it: the server hears of it and asks anew. */
const putBackAtMost = 20;

export interface CapturesOptions {
  readonly workerId: string;
  readonly spoolId: string;
  readonly spoolDir: string;
  readonly fsyncMs: number;
  /** Captures at a time. */
  readonly max: number;
  readonly admission: Admission;
  readonly queues: Queues;
  readonly log: Log;
  /** For figures: how a capture ended, and bytes as they reach the disk. */
  readonly onEnded: (outcome: CaptureOutcome['kind'] | 'put-back') => void;
  readonly onWritten: (bytes: number) => void;
}

/** The captures of this worker: takes jobs, tells the server what becomes of them. */
export class Captures {
  readonly #options: CapturesOptions;
  /** By call: this worker records one copy of a call at most. */
  readonly #running = new Map<string, Capture>();
  /** Calls that are recorded here, or about to be. */
  readonly #calls = new Set<string>();
  #stopping = false;
  #paused = false;
  #turning: Promise<void> = Promise.resolve();
  #restTimer: NodeJS.Timeout | undefined;

  constructor(options: CapturesOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  /** UTC ms, by the tap's clock, up to which all that came of a call is on disk; undefined if it is not recorded here. */
  writtenThrough(callId: string): number | undefined {
    return this.#running.get(callId)?.writtenThroughMs;
  }

  start(): void {
    this.#options.queues.handle('capture', (job) => this.#run(job), { concurrency: this.#options.max });
  }

  /** Lets every call go with all of it on disk; the tap gives what follows to another worker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restTimer);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all([...this.#running.values()].map((capture) => capture.outcome)),
      new Promise((resolve) => {
        timer = setTimeout(resolve, endByThemselvesMs);
      }),
    ]);
    clearTimeout(timer);
    await Promise.all([...this.#running.values()].map((capture) => capture.stop()));
  }

  /** Takes no jobs while this worker may not take calls, so that others get them at once. Call after every look. */
  admit(): void {
    const { admission, queues, log } = this.#options;
    const refusing = admission.refusing;
    if (this.#stopping || this.#paused === (refusing !== null)) return;
    this.#paused = refusing !== null;
    if (refusing === null) log.info('captures are taken again');
    else log.warn({ refusing }, 'no further captures are taken');
    const turn = this.#paused ? () => queues.pauseHere('capture') : () => queues.resumeHere('capture');
    this.#turning = this.#turning
      .then(turn)
      .catch((err: unknown) => log.error({ err, refusing }, 'captures could not be paused or resumed'));
  }

  async #run(job: CaptureJob): Promise<void> {
    const { admission } = this.#options;
    // A pause does not call back a queue that is about to be given its next job.
    const why = this.#calls.has(job.callId) ? 'other-copy' : admission.refusing;
    if (why !== null || this.#stopping) return this.#putBack(job, why ?? 'stopping');
    this.#calls.add(job.callId);
    admission.taken();
    this.admit();
    try {
      await this.#record(job);
    } finally {
      this.#calls.delete(job.callId);
      admission.ended();
      this.admit();
    }
  }

  /** Another worker is to take it: one that does not record this very call, or that has room. */
  async #putBack(job: CaptureJob, why: string): Promise<void> {
    const { queues, log, workerId, onEnded } = this.#options;
    const { captureId, recordingId, callId } = job;
    const declined = (job.declined ?? 0) + 1;
    onEnded('put-back');
    if (declined <= putBackAtMost) {
      const delayMs = Math.min(putBackAtMostMs, putBackMs * 2 ** (declined - 1));
      log.debug({ captureId, callId, why, declined, delayMs }, 'capture put back');
      return queues.enqueueCapture({ ...job, declined }, { delayMs });
    }
    log.warn({ captureId, callId, why }, 'nobody takes this capture');
    const at = Date.now();
    return queues.report({ kind: 'capture-lost', captureId, recordingId, callId, workerId, at, reason: why });
  }

  async #record(job: CaptureJob): Promise<void> {
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
    if (outcome.reason === 'spool') this.#rest();
    await tell({ kind: 'capture-lost', ...ids, at: Date.now(), reason: outcome.reason });
  }

  async #capture(job: CaptureJob, onStarted: () => void): Promise<CaptureOutcome> {
    const { workerId, spoolId, spoolDir, fsyncMs, log, onWritten } = this.#options;
    let outcome: CaptureOutcome = { kind: 'lost', reason: 'stopping' };
    for (let attempt = 1; attempt <= connectTries && !this.#stopping; attempt++) {
      const capture = new Capture({
        job,
        workerId,
        spoolId,
        spoolDir,
        fsyncMs,
        log,
        onStarted,
        onWritten,
      });
      this.#running.set(job.callId, capture);
      outcome = await capture.outcome;
      this.#running.delete(job.callId);
      if (outcome.kind !== 'lost' || outcome.reason !== 'tap-unreachable') break;
      await new Promise((resolve) => setTimeout(resolve, betweenTriesMs * attempt));
    }
    return outcome;
  }

  #rest(): void {
    const { admission } = this.#options;
    if (this.#restTimer || this.#stopping) return;
    admission.spoolFails();
    this.admit();
    this.#restTimer = setTimeout(() => {
      this.#restTimer = undefined;
      admission.spoolRested();
      this.admit();
    }, spoolFaultPauseMs);
  }
}
