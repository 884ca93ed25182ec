import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnalyseJob, AnalysisReport } from '#contract/analysis.ts';
import type { ArchivedFile } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { addToArchive } from '../archive/add-to-archive.ts';
import { splitKey } from '../archive/archive-documents.ts';
import { readMaster } from '../archive/read-master.ts';
import { asWorkerError } from '../worker-error.ts';
import { analyse } from './analyst-process.ts';

/** Raised when the same sound would give another track. */
export const analyserVersion = 1;

export interface AnalysesOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly queues: Queues;
  readonly store: ObjectStore;
  readonly key: SigningKey;
  /** Recordings at a time; 0: this worker takes none. */
  readonly atATime: number;
  readonly log: Log;
  /** Seconds that one took. */
  readonly onDone: (seconds: number) => void;
  readonly onFailed: (code: string) => void;
}

type Common = 'recordingId' | 'callId' | 'workerId' | 'at';
type Told =
  | Omit<Extract<AnalysisReport, { kind: 'analysed' }>, Common>
  | Omit<Extract<AnalysisReport, { kind: 'failed' }>, Common>;

/** Analyses archived recordings, by the server's jobs. Each may be done again, by any worker, with the same result. */
export class Analyses {
  readonly #options: AnalysesOptions;
  readonly #stopping = new AbortController();

  constructor(options: AnalysesOptions) {
    this.#options = options;
  }

  start(): void {
    const { queues, atATime } = this.#options;
    if (atATime === 0) return;
    queues.handle('analyse', (job, context) => this.#attempt(job, context), {
      concurrency: atATime,
      onGivenUp: (job) =>
        this.#tell(job, {
          kind: 'failed',
          code: 'job.given-up',
          message: 'The workers that took this job died over it, again and again.',
          final: true,
        }),
    });
  }

  /** Breaks off what runs; another worker, or this one later, does it again. */
  stop(): void {
    this.#stopping.abort();
  }

  async #attempt(job: AnalyseJob, context: JobContext): Promise<void> {
    const { log, onDone, onFailed } = this.#options;
    const ids = { recordingId: job.recordingId, callId: job.callId };
    const startedAt = performance.now();
    try {
      await this.#analyse(job);
      const seconds = (performance.now() - startedAt) / 1_000;
      onDone(seconds);
      log.info({ ...ids, seconds: Math.round(seconds * 1_000) / 1_000 }, 'analysed');
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const error = asWorkerError(thrown);
      const final = error.final || context.lastAttempt;
      log.error({ ...ids, code: error.code, attempt: context.attempt, final, err: thrown }, 'not analysed');
      onFailed(error.code);
      await this.#tell(job, { kind: 'failed', code: error.code, message: error.message, final });
      if (!error.final) throw thrown;
    }
  }

  async #analyse(job: AnalyseJob): Promise<void> {
    const { spoolDir, store, queues, workerId } = this.#options;
    const { recordingId, callId, durationMs } = job;
    const { signal } = this.#stopping;
    const master = await readMaster(job, { spoolDir, store, signal });
    const holds = job.holds.map(([fromMs, toMs]) => ({ fromMs, toMs }));
    const track = await analyse({ master, durationMs, holds }, signal);
    const files = await this.#archive(job, JSON.stringify(track));
    await queues.report({ kind: 'files-added', recordingId, callId, workerId, at: Date.now(), files });
    const file = files.find(({ kind }) => kind === 'analysis')!;
    await this.#tell(job, { kind: 'analysed', file, summary: track.summary });
  }

  async #archive(job: AnalyseJob, track: string): Promise<ArchivedFile[]> {
    const { store, key } = this.#options;
    const { recordingId, callId, audio } = job;
    const folder = await mkdtemp(join(tmpdir(), 'analysis-'));
    try {
      const path = join(folder, 'analysis.json');
      await writeFile(path, track);
      const addition = {
        recordingId,
        callId,
        folder: splitKey(audio.key).folder,
        made: 'analysis',
        facts: { analyserVersion, audioSha256: audio.sha256 },
        files: [{ path, name: 'analysis.json', kind: 'analysis' as const, contentType: 'application/json' }],
      };
      return await addToArchive(addition, { store, key, signal: this.#stopping.signal });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #tell(job: AnalyseJob, told: Told): Promise<void> {
    const { queues, workerId } = this.#options;
    const { recordingId, callId } = job;
    return queues.reportAnalysis({
      ...told,
      recordingId,
      callId,
      workerId,
      at: Date.now(),
    } as AnalysisReport);
  }
}
