import { statfs } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type SpoolListing, spoolListingKey, type WorkerHeartbeat } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Redis } from '#kernel/redis.ts';
import type { Load } from './capture/admission.ts';
import { type SpoolFindings, sweepSpool } from './sweep/sweep.ts';

const beatEveryMs = 2_000;
const lifetimeMs = 7_000;
const sweepEveryMs = 15_000;
const listingLifetimeMs = 60_000;
/** Timers are due this often while lateness is measured, ms; what is measured includes it. */
const resolutionMs = 20;

export interface HeartbeatOptions {
  readonly workerId: string;
  readonly spoolId: string;
  readonly spoolDir: string;
  readonly redis: Redis;
  readonly captures: () => number;
  /** Is given what each look found, just before it is told. */
  readonly onLook: (load: Load) => void;
  readonly refusing: () => WorkerHeartbeat['refusing'];
  readonly log: Log;
}

/**
 * Every 2 s: looks at the disk, at the process's own load and lateness, and tells Redis that this worker lives and how
 * it is. Looks through the spool now and then.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #startedAt = Date.now();
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  #findings: SpoolFindings = { unsealed: 0, sealed: 0, bytes: 0, calls: [] };
  #load: Load = { freeBytes: 0, cpuShare: 0, lagMs: 0, captures: 0 };
  #address: WorkerHeartbeat['address'];
  #cpu = process.threadCpuUsage();
  #cpuAt = performance.now();
  #timers: NodeJS.Timeout[] = [];

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  get findings(): SpoolFindings {
    return this.#findings;
  }
  get load(): Load {
    return this.#load;
  }

  /** The first look must succeed: a worker without a spool is of no use. */
  async start(): Promise<void> {
    await this.#sweep();
    const { unsealed, sealed, bytes } = this.#findings;
    this.#options.log.info({ unsealed, sealed, bytes }, 'spool at the start');
    this.#delay.enable();
    await this.#look();
    this.#timers = [
      setInterval(() => {
        this.#look()
          .then(() => this.#beat())
          .catch((err: unknown) => this.#options.log.error({ err }, 'the spool cannot be read'));
      }, beatEveryMs),
      setInterval(() => {
        this.#sweep().catch((err: unknown) => this.#options.log.error({ err }, 'the spool cannot be read'));
      }, sweepEveryMs),
    ];
  }

  /** From now on others know that this worker lives, and where they reach it. */
  async tell(address: NonNullable<WorkerHeartbeat['address']>): Promise<void> {
    this.#address = address;
    await this.#beat();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#delay.disable();
    await this.#options.redis.del(`worker:${this.#options.workerId}`).catch(() => {});
  }

  async #sweep(): Promise<void> {
    const { spoolDir, spoolId, redis, log } = this.#options;
    this.#findings = await sweepSpool(spoolDir, Date.now());
    const listing: SpoolListing = { spoolId, at: Date.now(), calls: this.#findings.calls };
    await redis
      .set(spoolListingKey(spoolId), JSON.stringify(listing), 'PX', listingLifetimeMs)
      .catch((err: unknown) => log.warn({ err }, 'the spool is not listed'));
  }

  async #look(): Promise<void> {
    const { spoolDir, captures, onLook } = this.#options;
    const disk = await statfs(spoolDir);
    // This thread alone: it is the one that captures. Sealing has threads and processes of its own.
    const used = process.threadCpuUsage(this.#cpu);
    const now = performance.now();
    const lateMs = this.#delay.percentile(99) / 1e6 - resolutionMs;
    this.#load = {
      freeBytes: disk.bavail * disk.bsize,
      cpuShare: (used.user + used.system) / 1_000 / Math.max(1, now - this.#cpuAt),
      lagMs: Number.isFinite(lateMs) ? Math.max(0, lateMs) : 0,
      captures: captures(),
    };
    this.#cpu = process.threadCpuUsage();
    this.#cpuAt = now;
    this.#delay.reset();
    onLook(this.#load);
  }

  async #beat(): Promise<void> {
    const { workerId, spoolId, redis, captures, refusing, log } = this.#options;
    if (!this.#address) return;
    const { user, system } = process.cpuUsage();
    const { freeBytes, cpuShare, lagMs } = this.#load;
    const beat: WorkerHeartbeat = {
      workerId,
      startedAt: this.#startedAt,
      at: Date.now(),
      captures: captures(),
      spoolBytes: this.#findings.bytes,
      spoolFreeBytes: freeBytes,
      spoolUnsealed: this.#findings.unsealed,
      spoolSealed: this.#findings.sealed,
      cpuSeconds: (user + system) / 1_000_000,
      spoolId,
      address: this.#address,
      refusing: refusing() ?? null,
      cpuShare: Math.round(cpuShare * 1_000) / 1_000,
      lagMs: Math.round(lagMs),
    };
    await redis
      .set(`worker:${workerId}`, JSON.stringify(beat), 'PX', lifetimeMs)
      .catch((err: unknown) => log.warn({ err }, 'heartbeat not written'));
  }
}
