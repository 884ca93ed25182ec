import { rm } from 'node:fs/promises';
import type { ArchiveJob, Report, SealedFacts, SealJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import { PutBack } from '#kernel/queue-rules.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import type { Redis } from '#kernel/redis.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { archiveCall, forgetSpool } from './archive/archive.ts';
import { noteOfForgotten } from './archive/archived-note.ts';
import { bytesIn, within } from './deadline.ts';
import type { Peers } from './peers.ts';
import { fingerprintOf } from './seal/read-spool.ts';
import { Sealers } from './sealers.ts';
import { tellArchived } from './spool/forgetting.ts';
import { gather } from './spool/gather.ts';
import { missingCount, readExtent } from './spool/read-extents.ts';
import { callFolder, sealedPath } from './spool/spool-layout.ts';
import { asWorkerError } from './worker-error.ts';

export interface StagesOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly queues: Queues;
  readonly redis: Redis;
  readonly peers: Peers;
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
/** A holder of a part of the call that is away is waited for in so many tries (some four minutes). */
const triesForHolders = 10;
/** A worker that has the files already is left a job so many times. */
const maxPutBacks = 4;
const putBackMs = 60;

/**
 * How long a try of a stage may take: many times what it takes on a busy machine, and yet an end. A try that hangs
 * would keep its job from being done again for as long as its worker lives. ms
 */
const patience = {
  seal: (bytes: number) => 60_000 + bytes / 50,
  archive: (bytes: number) => 300_000 + bytes / 20,
};

/** What happens to a call after its capture, by the server's jobs: sealed, then archived. Each may be done again. */
export class Stages {
  readonly #options: StagesOptions;
  readonly #stopping = new AbortController();
  readonly #sealers: Sealers;

  constructor(options: StagesOptions) {
    this.#options = options;
    this.#sealers = new Sealers({ log: options.log });
  }

  start(): void {
    const { queues, seals } = this.#options;
    this.#sealers.warm(seals);
    queues.handle(
      'seal',
      (job, context) => this.#attempt('seal', job, context, () => this.#seal(job, context)),
      {
        concurrency: seals,
        onGivenUp: (job) => this.#givenUp('seal', job),
      },
    );
    queues.handle(
      'archive',
      (job, context) => this.#attempt('archive', job, context, () => this.#archive(job, context)),
      { concurrency: 2, onGivenUp: (job) => this.#givenUp('archive', job) },
    );
  }

  /** Breaks off what runs; another worker, or this one later, does it again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#sealers.stop();
  }

  async #seal(job: SealJob, context: JobContext): Promise<void> {
    const { spoolDir, peers } = this.#options;
    await this.#leaveTo(job.holders ?? [], context);
    const note = await noteOfForgotten(spoolDir, job);
    const facts = note?.facts ?? (await this.#gatherAndSeal(job, context));
    await this.#tell(job, { kind: 'sealed', facts, spoolId: peers.spoolId });
  }

  async #archive(job: ArchiveJob, context: JobContext): Promise<void> {
    const { spoolDir, store, key, log } = this.#options;
    await this.#leaveTo(job.sealedIn ? [job.sealedIn] : [], context);
    // Costs nothing when the spool has not changed; what grew since, or was lost with a disk's cache, is made good.
    if (!(await noteOfForgotten(spoolDir, job))) await this.#gatherAndSeal(job, context);
    const bytes = await bytesIn(sealedPath(spoolDir, job.callId));
    const archived = await within(patience.archive(bytes), 'Archiving', this.#stopping.signal, (signal) =>
      archiveCall(job, { spoolDir, store, key, signal, log }),
    );
    // First the word, then the deed: a spool is deleted only when the server is sure to hear of its archive.
    await this.#tell(job, { kind: 'archived', files: archived.files });
    const complete = await this.#tellHolders(job);
    const forgotten = await forgetSpool(job, archived, { spoolDir, log });
    // A second copy that came in late adds nothing to a call that is complete.
    if (!forgotten && complete) await rm(callFolder(spoolDir, job.callId), { recursive: true, force: true });
  }

  async #gatherAndSeal(job: SealJob, context: JobContext): Promise<SealedFacts> {
    const { spoolDir, peers, log } = this.#options;
    const stopping = this.#stopping.signal;
    const despiteAbsence = context.attempt >= triesForHolders || context.lastAttempt;
    await within(patience.seal(0), 'Fetching the parts of a call', stopping, (signal) =>
      gather(job, { spoolDir, peers, despiteAbsence, signal, log }),
    );
    const bytes = await bytesIn(callFolder(spoolDir, job.callId));
    return within(patience.seal(bytes), 'Sealing', stopping, (signal) =>
      this.#sealers.seal({ job, spoolDir }, signal),
    );
  }

  /** Where another living worker has in its spool what this one would have to fetch and make anew. */
  async #leaveTo(spoolIds: readonly string[], context: JobContext): Promise<void> {
    const { peers } = this.#options;
    if (context.attempt > maxPutBacks || spoolIds.length === 0 || spoolIds.includes(peers.spoolId)) return;
    for (const spoolId of spoolIds) {
      if ((await peers.of(spoolId)).length > 0) throw new PutBack('another worker has the files', putBackMs);
    }
  }

  /** The other spools that hold parts may drop them now. Answers whether every item of the call is in the archive. */
  async #tellHolders(job: SealJob): Promise<boolean> {
    const { spoolDir, redis, peers } = this.#options;
    const { recordingId, callId } = job;
    const folder = callFolder(spoolDir, callId);
    const extent = await readExtent(folder);
    const known = extent.end !== null || (job.items ?? null) !== null;
    const complete = known && missingCount(extent, job.items) === 0;
    const files = await fingerprintOf(folder).catch(() => '');
    const others = (job.holders ?? []).filter((holder) => holder !== peers.spoolId);
    // Nothing here: it was told before this job was done again.
    if (files === '') return complete;
    for (const holder of others) await tellArchived(redis, holder, { recordingId, callId, complete, files });
    return complete;
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
      if (this.#stopping.signal.aborted || thrown instanceof PutBack) throw thrown;
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
