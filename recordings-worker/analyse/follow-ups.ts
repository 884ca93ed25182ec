import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnalyseJob, AnalysisReport } from '#contract/analysis.ts';
import type { ArchivedFile } from '#contract/capture.ts';
import type { TranscribeJob } from '#contract/transcripts.ts';
import type { Log } from '#kernel/log.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { type Addition, addToArchive } from '../archive/add-to-archive.ts';
import { splitKey } from '../archive/archive-documents.ts';
import { readMaster } from '../archive/read-master.ts';
import { asWorkerError } from '../worker-error.ts';

interface Jobs {
  readonly analyse: AnalyseJob;
  readonly transcribe: TranscribeJob;
}

/** What is made of an archived recording: one small file beside it, and some figures for the database. */
export interface FollowUp<N extends keyof Jobs> {
  readonly queue: N;
  readonly what: 'analysis' | 'transcript';
  /** Recordings at a time; 0: this worker takes none. */
  readonly atATime: number;
  /** The file as JSON, what is signed with it, and what the server is told of it. Throws WorkerError. */
  make(job: Jobs[N], master: Buffer, signal: AbortSignal): Promise<Made>;
  /** More files beside it, written into a folder that is cleared away: they are signed together. Throws WorkerError. */
  also?(job: Jobs[N], made: Made, master: Buffer, folder: string, signal: AbortSignal): Promise<AlsoMade[]>;
}

export type AlsoMade = Addition['files'][number];

export interface Made {
  readonly json: string;
  /** Ids, versions, counts; never words that were spoken. */
  readonly facts: Record<string, unknown>;
  readonly tell: (file: ArchivedFile) => Told;
}

type Common = 'recordingId' | 'callId' | 'workerId' | 'at';
type Without<K extends AnalysisReport['kind']> = Omit<Extract<AnalysisReport, { kind: K }>, Common>;
type Told = Without<'analysed'> | Without<'transcribed'> | Without<'failed'>;

export interface FollowUpsOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly queues: Queues;
  readonly store: ObjectStore;
  readonly key: SigningKey;
  readonly log: Log;
  /** Seconds that one took. */
  readonly onDone: (what: string, seconds: number) => void;
  readonly onFailed: (what: string, code: string) => void;
}

/** Follows archived recordings up, by the server's jobs. Each may be done again, by any worker. */
export class FollowUps {
  readonly #options: FollowUpsOptions;
  readonly #stopping = new AbortController();

  constructor(options: FollowUpsOptions) {
    this.#options = options;
  }

  take<N extends keyof Jobs>(followUp: FollowUp<N>): void {
    const { what, atATime } = followUp;
    if (atATime === 0) return;
    this.#options.queues.handle(
      followUp.queue,
      (job, context) => this.#attempt(followUp, job as Jobs[N], context),
      {
        concurrency: atATime,
        onGivenUp: (job) => {
          const message = 'The workers that took this job died over it, again and again.';
          return this.#tell(job, { kind: 'failed', what, code: 'job.given-up', message, final: true });
        },
      },
    );
  }

  /** Breaks off what runs; another worker, or this one later, does it again. */
  stop(): void {
    this.#stopping.abort();
  }

  async #attempt<N extends keyof Jobs>(
    followUp: FollowUp<N>,
    job: Jobs[N],
    context: JobContext,
  ): Promise<void> {
    const { log, onDone, onFailed } = this.#options;
    const { what } = followUp;
    const ids = { recordingId: job.recordingId, callId: job.callId, what };
    const startedAt = performance.now();
    try {
      await this.#follow(followUp, job);
      const seconds = (performance.now() - startedAt) / 1_000;
      onDone(what, seconds);
      log.info({ ...ids, seconds: Math.round(seconds * 1_000) / 1_000 }, 'followed up');
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const error = asWorkerError(thrown);
      const final = error.final || context.lastAttempt;
      log.error(
        { ...ids, code: error.code, attempt: context.attempt, final, err: thrown },
        'not followed up',
      );
      onFailed(what, error.code);
      await this.#tell(job, { kind: 'failed', what, code: error.code, message: error.message, final });
      if (!error.final) throw thrown;
    }
  }

  async #follow<N extends keyof Jobs>(followUp: FollowUp<N>, job: Jobs[N]): Promise<void> {
    const { spoolDir, store, queues, workerId } = this.#options;
    const { recordingId, callId } = job;
    const { signal } = this.#stopping;
    const master = await readMaster(job, { spoolDir, store, signal });
    const made = await followUp.make(job, master, signal);
    const files = await this.#archive(followUp, job, made, master);
    await queues.report({ kind: 'files-added', recordingId, callId, workerId, at: Date.now(), files });
    await this.#tell(job, made.tell(files.find(({ kind }) => kind === followUp.what)!));
  }

  async #archive<N extends keyof Jobs>(
    followUp: FollowUp<N>,
    job: Jobs[N],
    made: Made,
    master: Buffer,
  ): Promise<ArchivedFile[]> {
    const { store, key } = this.#options;
    const { what } = followUp;
    const { signal } = this.#stopping;
    const { recordingId, callId, audio } = job;
    const folder = await mkdtemp(join(tmpdir(), `${what}-`));
    try {
      const name = `${what}.json`;
      const path = join(folder, name);
      await writeFile(path, made.json, { mode: 0o600 });
      const also = (await followUp.also?.(job, made, master, folder, signal)) ?? [];
      const addition = {
        recordingId,
        callId,
        folder: splitKey(audio.key).folder,
        made: what,
        facts: { ...made.facts, audioSha256: audio.sha256 },
        files: [{ path, name, kind: what, contentType: 'application/json' }, ...also],
      };
      return await addToArchive(addition, { store, key, signal });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #tell(job: { recordingId: string; callId: string }, told: Told): Promise<void> {
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
