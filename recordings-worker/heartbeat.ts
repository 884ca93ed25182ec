import { statfs } from 'node:fs/promises';
import type { WorkerHeartbeat } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Redis } from '#kernel/redis.ts';
import { type SpoolFindings, sweepSpool } from './sweep/sweep.ts';

const beatEveryMs = 2_000;
const lifetimeMs = 10_000;
const sweepEveryMs = 15_000;

/** Below this much free space the worker says that it is not ready, bytes. */
export const leastFreeBytes = 256 * 1_048_576;

export interface HeartbeatOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly redis: Redis;
  readonly captures: () => number;
  readonly log: Log;
}

/** Tells Redis every 2 s that this worker lives and how full its spool is; looks through the spool now and then. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #startedAt = Date.now();
  #findings: SpoolFindings = { unsealed: 0, sealed: 0, bytes: 0 };
  #freeBytes = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  get findings(): SpoolFindings {
    return this.#findings;
  }
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** The first look must succeed: a worker without a spool is of no use. */
  async start(): Promise<void> {
    await this.#look();
    const { unsealed, sealed, bytes } = this.#findings;
    this.#options.log.info({ unsealed, sealed, bytes }, 'spool at the start');
    await this.#beat();
    this.#timers = [
      setInterval(() => void this.#beat(), beatEveryMs),
      setInterval(() => {
        this.#look().catch((err: unknown) => this.#options.log.error({ err }, 'the spool cannot be read'));
      }, sweepEveryMs),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#options.redis.del(`worker:${this.#options.workerId}`).catch(() => {});
  }

  async #look(): Promise<void> {
    const { spoolDir } = this.#options;
    this.#findings = await sweepSpool(spoolDir, Date.now());
    const disk = await statfs(spoolDir);
    this.#freeBytes = disk.bavail * disk.bsize;
  }

  async #beat(): Promise<void> {
    const { workerId, redis, captures, log } = this.#options;
    const { user, system } = process.cpuUsage();
    const beat: WorkerHeartbeat = {
      workerId,
      startedAt: this.#startedAt,
      at: Date.now(),
      captures: captures(),
      spoolBytes: this.#findings.bytes,
      spoolFreeBytes: this.#freeBytes,
      cpuSeconds: (user + system) / 1_000_000,
    };
    await redis
      .set(`worker:${workerId}`, JSON.stringify(beat), 'PX', lifetimeMs)
      .catch((err: unknown) => log.warn({ err }, 'heartbeat not written'));
  }
}
