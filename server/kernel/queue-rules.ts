import type { z } from 'zod';
import { analyseJob, analysisReport } from '#contract/analysis.ts';
import {
  archiveJob,
  captureJob,
  eraseJob,
  queueNames,
  renderJob,
  report,
  sealJob,
} from '#contract/capture.ts';
import { clipJob, clipReport, withdrawJob } from '#contract/clips.ts';
import { transcribeJob } from '#contract/transcripts.ts';

/** The one place that names the queues, their options and their keys in Redis; used by server and workers. */
export const payloads = {
  [queueNames.capture]: captureJob,
  [queueNames.seal]: sealJob,
  [queueNames.archive]: archiveJob,
  [queueNames.render]: renderJob,
  [queueNames.erase]: eraseJob,
  [queueNames.reports]: report,
  [queueNames.analyse]: analyseJob,
  [queueNames.transcribe]: transcribeJob,
  [queueNames.analysisReports]: analysisReport,
  [queueNames.clip]: clipJob,
  [queueNames.clipReports]: clipReport,
  [queueNames.withdraw]: withdrawJob,
} as const;

export type QueueName = keyof typeof payloads;
export type Payload<N extends QueueName> = z.output<(typeof payloads)[N]>;

/** In braces, so that in a cluster all keys of the queues share a slot. */
export const keyPrefix = '{cloud-listening}';

export interface QueueRules {
  readonly attempts: number;
  /**
   * A job whose worker died is given to another one after about this and two looks. Long enough that a worker which
   * only waited for its turn on a busy machine is not taken for dead: it renews five times in this time.
   */
  readonly lockMs: number;
  /** How often a job may lose its worker before it counts as failed: it may be the one that kills them. */
  readonly maxStalled: number;
  readonly keepCompleted: number;
}

export const rules: Record<QueueName, QueueRules> = {
  // A lost recorder is noticed by the tap, at once; the queue's own notice only tidies up.
  capture: { attempts: 1, lockMs: 60_000, maxStalled: 5, keepCompleted: 200 },
  seal: { attempts: 16, lockMs: 10_000, maxStalled: 5, keepCompleted: 200 },
  // Nothing is lost by waiting for the object store: with a minute between tries this is a week.
  archive: { attempts: 10_000, lockMs: 10_000, maxStalled: 20, keepCompleted: 200 },
  // A second form of what is safe already; asked for again by the server while it is lacking.
  render: { attempts: 12, lockMs: 10_000, maxStalled: 5, keepCompleted: 200 },
  erase: { attempts: 10_000, lockMs: 5_000, maxStalled: 20, keepCompleted: 0 },
  reports: { attempts: 10_000, lockMs: 5_000, maxStalled: 20, keepCompleted: 0 },
  // The recording is safe: what cannot be analysed today is asked for again by the server's sweep.
  analyse: { attempts: 12, lockMs: 5_000, maxStalled: 5, keepCompleted: 200 },
  transcribe: { attempts: 12, lockMs: 5_000, maxStalled: 5, keepCompleted: 200 },
  'analysis-reports': { attempts: 10_000, lockMs: 5_000, maxStalled: 20, keepCompleted: 0 },
  // Somebody waits for it; what fails for good they may ask for again.
  clip: { attempts: 10, lockMs: 5_000, maxStalled: 5, keepCompleted: 200 },
  'clip-reports': { attempts: 10_000, lockMs: 5_000, maxStalled: 20, keepCompleted: 0 },
  withdraw: { attempts: 10_000, lockMs: 5_000, maxStalled: 20, keepCompleted: 0 },
};

/**
 * How often jobs without a living worker are looked for. A worker that is killed may still be given a job: Redis
 * hands it to the dead connection before it hears of the death. Such a job waits for two of these looks.
 */
export const lookForStalledEveryMs = 1_000;

/** Thrown by a handler that leaves the job to another process: it waits a moment, and nothing has failed. */
export class PutBack extends Error {
  override readonly name = 'PutBack';
  readonly delayMs: number;

  constructor(why: string, delayMs: number) {
    super(why);
    this.delayMs = delayMs;
  }
}

/** 0.5 s, 1 s, 2 s … 60 s, a fifth more or less: the wait before try `attempts + 1`, ms. */
export function growingDelay(attempts: number, error?: unknown): number {
  if (error instanceof PutBack) return error.delayMs;
  return Math.round(Math.min(60_000, 500 * 2 ** (attempts - 1)) * (0.8 + Math.random() * 0.4));
}
