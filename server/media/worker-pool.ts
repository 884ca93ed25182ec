import type { types } from 'mediasoup';
import * as mediasoup from 'mediasoup';
import { ConfigError, type ServerConfig } from '#kernel/config.ts';
import type { Log } from '#kernel/log.ts';
import { processCpuTicks } from './process-cpu.ts';
import { routerCodecs } from './router-codecs.ts';
import { Turns } from './turns.ts';

/** One SFU worker process with all that calls need of it. A respawned worker is a new host at the same index. */
export interface MediaHost {
  readonly index: number;
  readonly pid: number;
  readonly router: types.Router;
  readonly webRtcServer: types.WebRtcServer;
  /** Hands packets to Node: the tap's way to what softphones send. */
  readonly tapTransport: types.DirectTransport;
  readonly lost: boolean;
  /** Of one core, over the last sample. */
  readonly cpuPercent: number;
  /** Newcomers open their transports on it in turn. */
  readonly turns: Turns;
}

export type WorkerPoolConfig = Pick<
  ServerConfig,
  'MEDIASOUP_WORKER_BIN' | 'MEDIA_WORKERS' | 'MEDIA_LISTEN_IP' | 'MEDIA_ANNOUNCED_ADDRESS' | 'MEDIA_PORT'
>;

/** Free ports are taken from here: below the kernel's ephemeral range and below the usual RTP range. */
export const freePorts = { min: 10_000, max: 19_999 } as const;

const wildcards = new Set(['0.0.0.0', '::']);

const cpuSampleMs = 1_000;
/** A worker at a standstill for this long hangs: its calls are better off elsewhere. */
export const standstillLimitMs = 10_000;
const closeWithinMs = 2_000;
const respawnFirstMs = 100;
const respawnMaxMs = 5_000;
/** A worker that lived this long did not die of its start. */
const stableAfterMs = 10_000;

class Host implements MediaHost {
  readonly turns = new Turns();
  lost = false;
  cpuPercent = 0;
  readonly bornAt = performance.now();
  #cpuMs: number | undefined;
  #asked = false;
  #standstill: { ticks: number; samples: number } | undefined;
  #sampledAt = 0;
  readonly index: number;
  readonly worker: types.Worker;
  readonly router: types.Router;
  readonly webRtcServer: types.WebRtcServer;
  readonly tapTransport: types.DirectTransport;

  constructor(
    index: number,
    worker: types.Worker,
    router: types.Router,
    webRtcServer: types.WebRtcServer,
    tapTransport: types.DirectTransport,
  ) {
    this.index = index;
    this.worker = worker;
    this.router = router;
    this.webRtcServer = webRtcServer;
    this.tapTransport = tapTransport;
  }

  get pid(): number {
    return this.worker.pid;
  }

  /** Asks the worker for its CPU time, one question at a time. */
  async sampleCpu(): Promise<void> {
    if (this.#asked) {
      await this.#lookAtProcess();
      return;
    }
    this.#asked = true;
    const usage = await this.worker.getResourceUsage();
    this.#asked = false;
    this.#standstill = undefined;
    const now = performance.now();
    const cpuMs = usage.ru_utime + usage.ru_stime;
    // The first answer holds what the start has cost: taken as load, it would turn calls away for a second.
    if (this.#cpuMs !== undefined) {
      this.cpuPercent = Math.max(0, ((cpuMs - this.#cpuMs) / (now - this.#sampledAt)) * 100);
    }
    this.#cpuMs = cpuMs;
    this.#sampledAt = now;
  }

  /**
   * For how long it has neither answered nor used any CPU, in milliseconds: counted in samples, not by the clock, so
   * that a pause of this process is not held against its workers. An overloaded worker may owe answers for half a
   * minute while it forwards what it can; it is not at a standstill.
   */
  get standstillMs(): number {
    return (this.#standstill?.samples ?? 0) * cpuSampleMs;
  }

  async #lookAtProcess(): Promise<void> {
    const ticks = await processCpuTicks(this.pid);
    if (ticks === undefined) return;
    const before = this.#standstill;
    this.#standstill = { ticks, samples: before?.ticks === ticks ? before.samples + 1 : 0 };
  }
}

/** Keeps MEDIA_WORKERS SFU processes alive. */
export class WorkerPool {
  readonly #config: WorkerPoolConfig;
  readonly #log: Log;
  readonly #hangMs: number;
  readonly #slots: (Host | undefined)[];
  readonly #failures: number[];
  readonly #respawns = new Set<NodeJS.Timeout>();
  readonly #lostListeners = new Set<(host: MediaHost) => void>();
  readonly #readyListeners = new Set<(host: MediaHost) => void>();
  #sampler: NodeJS.Timeout | undefined;
  #closed = false;
  /** Workers that died since the start. */
  deaths = 0;

  /** `hangMs`: after which a worker that neither answers nor works is killed. */
  constructor(config: WorkerPoolConfig, log: Log, hangMs = standstillLimitMs) {
    if (wildcards.has(config.MEDIA_LISTEN_IP) && !config.MEDIA_ANNOUNCED_ADDRESS) {
      throw new ConfigError(
        'MEDIA_LISTEN_IP is every address: MEDIA_ANNOUNCED_ADDRESS must say which one browsers are to use.',
      );
    }
    this.#config = config;
    this.#log = log;
    this.#hangMs = hangMs;
    this.#slots = Array.from({ length: config.MEDIA_WORKERS }, () => undefined);
    this.#failures = this.#slots.map(() => 0);
  }

  /** Starts all workers. Throws when one cannot be started: a server without its SFU must not say that it is ready. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#slots.map((_, index) => this.#spawn(index)));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#sampler = setInterval(() => this.#sample(), cpuSampleMs);
    this.#sampler.unref();
  }

  /** The living ones. */
  get hosts(): readonly MediaHost[] {
    return this.#slots.filter((host): host is Host => host !== undefined && !host.lost);
  }

  onLost(listener: (host: MediaHost) => void): void {
    this.#lostListeners.add(listener);
  }

  onReady(listener: (host: MediaHost) => void): void {
    this.#readyListeners.add(listener);
  }

  /** Resolves when every worker process has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sampler);
    for (const timer of this.#respawns) clearTimeout(timer);
    const ends = this.#slots.map((host) => {
      if (host === undefined || host.worker.subprocessClosed) return undefined;
      const ended = new Promise<void>((resolve) => host.worker.once('subprocessclose', resolve));
      host.worker.close();
      // One that hangs would outlive us.
      const impatience = setTimeout(() => kill(host.pid), closeWithinMs);
      return ended.finally(() => clearTimeout(impatience));
    });
    await Promise.all(ends);
  }

  async #spawn(index: number): Promise<void> {
    const worker = await mediasoup.createWorker({
      logLevel: 'warn',
      ...(this.#config.MEDIASOUP_WORKER_BIN ? { workerBin: this.#config.MEDIASOUP_WORKER_BIN } : {}),
    });
    leaveSignalsToUs(worker);
    try {
      const [router, webRtcServer] = await Promise.all([
        worker.createRouter({ mediaCodecs: routerCodecs }),
        worker.createWebRtcServer({ listenInfos: this.#listenInfos(index) }),
      ]);
      const tapTransport = await router.createDirectTransport();
      if (this.#closed) throw new Error('the pool closed while a worker started');
      const host = new Host(index, worker, router, webRtcServer, tapTransport);
      this.#slots[index] = host;
      // Routers close before `died` is emitted: whoever waits for `died` uses dead routers in between.
      router.once('workerclose', () => this.#onLost(host));
      this.#log.info({ pid: worker.pid, worker: index }, 'media worker ready');
      for (const listener of this.#readyListeners) listener(host);
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  #listenInfos(index: number): types.TransportListenInfo[] {
    const where =
      this.#config.MEDIA_PORT === 0
        ? { portRange: { ...freePorts } }
        : { port: this.#config.MEDIA_PORT + index };
    return (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      ip: this.#config.MEDIA_LISTEN_IP,
      ...(this.#config.MEDIA_ANNOUNCED_ADDRESS
        ? { announcedAddress: this.#config.MEDIA_ANNOUNCED_ADDRESS }
        : {}),
      ...where,
    }));
  }

  #onLost(host: Host): void {
    host.lost = true;
    if (this.#closed) return;
    this.deaths += 1;
    this.#slots[host.index] = undefined;
    if (performance.now() - host.bornAt >= stableAfterMs) this.#failures[host.index] = 0;
    this.#log.error({ pid: host.pid, worker: host.index }, 'media worker died');
    this.#respawn(host.index);
    for (const listener of this.#lostListeners) listener(host);
  }

  /** At once the first time, then with a growing pause: a worker that dies at its start must not eat the machine. */
  #respawn(index: number): void {
    const failures = this.#failures[index] ?? 0;
    this.#failures[index] = failures + 1;
    const pauseMs = failures === 0 ? 0 : Math.min(respawnMaxMs, respawnFirstMs * 2 ** (failures - 1));
    const timer = setTimeout(() => {
      this.#respawns.delete(timer);
      this.#spawn(index).catch((error: unknown) => {
        if (this.#closed) return;
        this.#log.error({ worker: index, err: error }, 'media worker could not be started');
        this.#respawn(index);
      });
    }, pauseMs);
    this.#respawns.add(timer);
  }

  #sample(): void {
    for (const host of this.#slots) {
      if (host === undefined) continue;
      if (host.standstillMs >= this.#hangMs) {
        this.#log.error({ pid: host.pid, worker: host.index }, 'media worker hangs and is killed');
        kill(host.pid);
        continue;
      }
      // A worker that dies meanwhile is dealt with by its `workerclose`.
      host.sampleCpu().catch(() => undefined);
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/**
 * mediasoup closes its workers on SIGINT and SIGTERM by itself, which would cut every listener off before the
 * ordered stop has begun. The stop is ours: its handlers are taken off again.
 */
function leaveSignalsToUs(worker: types.Worker): void {
  const { onSignal } = worker as unknown as { onSignal?: (signal: NodeJS.Signals) => void };
  if (onSignal === undefined) return;
  process.removeListener('SIGINT', onSignal);
  process.removeListener('SIGTERM', onSignal);
}
