import { createHash } from 'node:crypto';
import Bull from 'bull';
import { Redis } from 'ioredis';
import { type AnalyseJob, type AnalysisReport, analysisReport } from '#contract/analysis.ts';
import {
  type ArchiveJob,
  type CaptureJob,
  type EraseJob,
  queueNames,
  type RenderJob,
  type Report,
  report,
  type SealJob,
} from '#contract/capture.ts';
import { type ClipJob, clipReport, type ToldClipReport, type WithdrawJob } from '#contract/clips.ts';
import type { TranscribeJob } from '#contract/transcripts.ts';
import type { Log } from './log.ts';
import {
  growingDelay,
  keyPrefix,
  lookForStalledEveryMs,
  type Payload,
  payloads,
  type QueueName,
  rules,
} from './queue-rules.ts';

export interface JobContext {
  /** 1 for the first try. */
  readonly attempt: number;
  /** True when a failure now is the last one. */
  readonly lastAttempt: boolean;
}

export interface HandlerOptions<N extends QueueName> {
  /** Jobs at a time in this process. */
  readonly concurrency: number;
  /** Called when a job lost its worker too often and will not be tried again. */
  readonly onGivenUp?: (payload: Payload<N>) => Promise<void>;
}

export interface QueueCounts {
  readonly name: QueueName;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/**
 * The durable queues between server and workers, over Redis. While Redis is away, adding waits for it.
 * Handlers may see a job twice and must not mind. Close once, after the work in progress has ended.
 */
export class Queues {
  readonly #url: string;
  readonly #log: Log;
  readonly #queues = new Map<QueueName, Bull.Queue>();
  readonly #shared = new Map<string, Redis>();
  readonly #clients = new Set<Redis>();

  constructor(options: { redisUrl: string; log: Log }) {
    this.#url = options.redisUrl;
    this.#log = options.log;
  }

  /** One job per capture id and number of times it was put back. */
  async enqueueCapture(job: CaptureJob, options: { delayMs?: number } = {}): Promise<void> {
    const jobId = job.declined ? `${job.captureId}.${job.declined}` : job.captureId;
    await this.#queue('capture').add(job, { jobId, delay: options.delayMs ?? 0 });
  }

  /** No-op while a seal of the same recording waits or runs; one that completed or failed is run again. */
  enqueueSeal(job: SealJob): Promise<void> {
    return this.#enqueueAgain('seal', job);
  }

  /** As `enqueueSeal`. */
  enqueueArchive(job: ArchiveJob): Promise<void> {
    return this.#enqueueAgain('archive', job);
  }

  /** As `enqueueSeal`. */
  enqueueRender(job: RenderJob): Promise<void> {
    return this.#enqueueAgain('render', job);
  }

  /** As `enqueueSeal`. */
  enqueueErase(job: EraseJob): Promise<void> {
    return this.#enqueueAgain('erase', job);
  }

  /** As `enqueueSeal`. */
  enqueueAnalysis(job: AnalyseJob): Promise<void> {
    return this.#enqueueAgain('analyse', job);
  }

  /** As `enqueueSeal`. */
  enqueueTranscript(job: TranscribeJob): Promise<void> {
    return this.#enqueueAgain('transcribe', job);
  }

  /** No-op while a job of the same clip waits or runs; one that completed or failed is run again. */
  enqueueClip(job: ClipJob): Promise<void> {
    // Silenced by another transcript it is another clip, and waits for none that is still on its way.
    const silenced = job.transcript ? `.${job.transcript.sha256.slice(0, 8)}` : '';
    return this.#enqueueAgain('clip', job, `${job.clipId}${silenced}`);
  }

  /** No-op while these objects of a clip wait to be withdrawn. */
  enqueueWithdrawal(job: WithdrawJob): Promise<void> {
    const objects = createHash('sha256')
      .update([...job.keys].sort().join('\n'))
      .digest('hex')
      .slice(0, 8);
    return this.#enqueueAgain('withdraw', job, `${job.clipId}.${objects}`);
  }

  /** Resolves when the report is in Redis. */
  async reportClip(payload: ToldClipReport): Promise<void> {
    await this.#queue('clip-reports').add(clipReport.parse(payload));
  }

  /** Resolves when the report is in Redis. */
  async reportAnalysis(payload: AnalysisReport): Promise<void> {
    await this.#queue('analysis-reports').add(analysisReport.parse(payload));
  }

  /** Resolves when the report is in Redis. */
  async report(payload: Report): Promise<void> {
    await this.#queue('reports').add(report.parse(payload));
  }

  /**
   * Takes jobs of one queue; call once per queue and process. A payload that does not fit the contract is
   * failed for good. A handler that throws makes the job wait and be tried again.
   */
  handle<N extends QueueName>(
    name: N,
    handler: (payload: Payload<N>, context: JobContext) => Promise<void>,
    options: HandlerOptions<N>,
  ): void {
    const queue = this.#queue(name);
    queue.on('failed', (job: Bull.Job, error: Error) => {
      // Bull's own words; the only failure that the handler does not see.
      if (!error.message.startsWith('job stalled more than')) return;
      this.#log.error({ queue: name, jobId: job.id }, 'job lost its worker too often');
      const payload = payloads[name].safeParse(job.data);
      if (payload.success) {
        options
          .onGivenUp?.(payload.data as Payload<N>)
          .catch((err: unknown) => this.#log.error({ err, queue: name }, 'job given up'));
      }
    });
    queue.on('stalled', (job: Bull.Job) => {
      this.#log.warn({ queue: name, jobId: job.id }, 'job lost its worker and will be done again');
    });
    queue
      .process(options.concurrency, async (job: Bull.Job) => {
        const payload = payloads[name].safeParse(job.data);
        if (!payload.success) {
          await job.discard();
          this.#log.error(
            { queue: name, jobId: job.id, err: payload.error },
            'job does not fit the contract',
          );
          throw payload.error;
        }
        const attempt = job.attemptsMade + 1;
        await handler(payload.data as Payload<N>, {
          attempt,
          lastAttempt: attempt >= (job.opts.attempts ?? 1),
        });
      })
      .catch((err: unknown) => this.#log.error({ err, queue: name }, 'queue stopped'));
  }

  /** This process takes no further jobs of the queue; what runs goes on. */
  async pauseHere(name: QueueName): Promise<void> {
    await this.#queue(name).pause(true, true);
  }

  async resumeHere(name: QueueName): Promise<void> {
    await this.#queue(name).resume(true);
  }

  counts(): Promise<QueueCounts[]> {
    return Promise.all(
      Object.values(queueNames).map(async (name) => {
        const { waiting, active, delayed, failed } = await this.#queue(name).getJobCounts();
        return { name, waiting, active, delayed, failed };
      }),
    );
  }

  /** Takes no further jobs, waits for those that run, and disconnects. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    // Bull opens its blocking connections anew while it closes, and may leave one behind.
    for (const redis of this.#clients) redis.disconnect();
  }

  async #enqueueAgain(
    name: QueueName,
    job: { readonly recordingId: string },
    jobId = job.recordingId,
  ): Promise<void> {
    const queue = this.#queue(name);
    const earlier = await queue.getJob(jobId);
    if (earlier && ((await earlier.isCompleted()) || (await earlier.isFailed()))) {
      await earlier.remove().catch((err: unknown) => {
        this.#log.debug({ err, queue: name, jobId: earlier.id }, 'job moved on by itself');
      });
    }
    await queue.add(job, { jobId });
  }

  #queue(name: QueueName): Bull.Queue {
    const made = this.#queues.get(name);
    if (made) return made;
    const { attempts, lockMs, maxStalled, keepCompleted } = rules[name];
    const queue = new Bull(name, {
      prefix: keyPrefix,
      createClient: (type) => this.#client(type),
      settings: {
        lockDuration: lockMs,
        lockRenewTime: lockMs / 5,
        // After a fault of Redis, or a lock that was lost all the same, this slot takes work again so soon.
        retryProcessDelay: 500,
        stalledInterval: lookForStalledEveryMs,
        maxStalledCount: maxStalled,
        drainDelay: 5,
        backoffStrategies: { growing: growingDelay },
      },
      defaultJobOptions: {
        attempts,
        backoff: { type: 'growing' },
        removeOnComplete: keepCompleted === 0 ? true : keepCompleted,
        removeOnFail: 1_000,
      },
    });
    queue.on('error', (err: Error) => this.#log.warn({ err, queue: name }, 'queue error'));
    this.#queues.set(name, queue);
    return queue;
  }

  /** Bull's queues of one process share the clients for commands and subscriptions; blocking ones are their own. */
  #client(type: 'client' | 'subscriber' | 'bclient'): Redis {
    const shared = this.#shared.get(type);
    if (shared) return shared;
    const redis = new Redis(this.#url, {
      maxRetriesPerRequest: null,
      // One that has just come back refuses every command while it still reads its data: adding waits for that too.
      // Bull forbids it for the others, which take a refusal and ask again.
      enableReadyCheck: type === 'client',
      connectionName: `cloud-listening-queues-${type}`,
      retryStrategy: (tries) => Math.min(50 * 2 ** Math.min(tries, 6), 2_000),
    });
    redis.setMaxListeners(50);
    this.#clients.add(redis);
    let down = false;
    redis.on('error', (err: Error) => {
      if (!down) this.#log.error({ err, redis: type }, 'queue connection failed');
      down = true;
    });
    redis.on('ready', () => {
      down = false;
    });
    if (type !== 'bclient') this.#shared.set(type, redis);
    return redis;
  }
}
