import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '#contract/capture.ts';
import type { Codec, LegRole } from '#contract/primitives.ts';
import { type Copies, type CopiesWanted, createCopies } from '#domains/recordings/copies.ts';
import { livingRecorders } from '#domains/recordings/recorders.store.ts';
import { createLog } from '#kernel/log.ts';
import { Queues } from '#kernel/queues.ts';
import { createRedis, type Redis } from '#kernel/redis.ts';
import { createObjectStore, type ObjectStore } from '#kernel/s3.ts';
import { createTapServer, type TapCall, type TapServer } from '#media/tap/tap-server.ts';
import { type EmbeddedRedis, startRedis } from '#scripts/embedded/redis.ts';
import { type ObjectServer, startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { ManagedProcess } from '#scripts/processes.ts';
import { childEnv } from './child-env.ts';
import { eventually } from './eventually.ts';
import { captureLegOf, frameMs, LegFeed } from './leg-feed.ts';

const program = fileURLToPath(import.meta.resolve('../../recordings-worker/main.ts'));
const silent = createLog('test', 'silent');
const keys = { accessKey: 'test-access', secretKey: 'test-secret-key' };

export interface WorkerProcess {
  readonly id: string;
  readonly port: number;
  readonly pid: number;
  /** Its log, one JSON line each. */
  readonly lines: readonly string[];
  /** In order (SIGTERM). */
  stop(): Promise<void>;
  /** At once (SIGKILL), its ffmpeg included. */
  kill(): void;
}

type ReportOf<K extends Report['kind']> = Extract<Report, { kind: K }>;

/**
 * A tap, the queues, real Redis and a real object store in one place, with the part of the server that leads a
 * recording through its stages. Recorders are real worker processes.
 */
export class RecorderWorld {
  readonly tap: TapServer;
  readonly queues: Queues;
  readonly objects: ObjectServer;
  readonly store: ObjectStore;
  readonly spoolDir: string;
  readonly reports: Report[] = [];
  /** Set to false to keep a stage from being asked for. */
  readonly lead = { capture: true, seal: true, archive: true };
  /** Present where the world was started with `copies`. */
  readonly copies: Copies | undefined;
  readonly #redis: EmbeddedRedis;
  readonly #client: Redis;
  readonly #tending: NodeJS.Timeout | undefined;
  /** What the tap said at the end of a call: the seal's job. */
  readonly #finished = new Map<string, { holders: string[]; items: number }>();
  readonly #dir: string;
  readonly #workers: WorkerProcess[] = [];

  private constructor(
    dir: string,
    redis: EmbeddedRedis,
    objects: ObjectServer,
    tap: TapServer,
    copies: CopiesWanted | undefined,
  ) {
    this.#dir = dir;
    this.#redis = redis;
    this.objects = objects;
    this.tap = tap;
    this.spoolDir = join(dir, 'spool');
    this.queues = new Queues({ redisUrl: redis.url, log: silent });
    this.store = createObjectStore({ ...this.#s3, S3_FORCE_PATH_STYLE: true });
    this.queues.handle('reports', async (report) => this.#apply(report), { concurrency: 1 });
    this.#client = createRedis(redis.url, silent);
    if (copies) {
      this.copies = createCopies({
        tap,
        queues: this.queues,
        workers: () => livingRecorders(this.#client),
        copies,
        onUntaken: () => {},
        clock: Date.now,
        log: silent,
      });
      this.#tending = setInterval(() => void this.copies!.tend(), 200);
    }
    tap.on('recorder-lost', ({ callId, copy }) => {
      if (!this.lead.capture) return;
      return this.copies ? this.copies.lost(this.#ids(callId), copy) : this.capture(callId);
    });
    tap.on('recorder-finished', ({ callId, items, spoolIds }) => {
      this.#finished.set(callId, { items, holders: spoolIds });
      return this.lead.seal ? this.queues.enqueueSeal(this.job(callId)) : undefined;
    });
  }

  /** With `copies` the server's own rule decides how many recorders a call has; without, it is one. */
  static async start(options: { tapBufferMs?: number; copies?: CopiesWanted } = {}): Promise<RecorderWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'recorder-'));
    const [redis, objects, tap] = await Promise.all([
      startRedis({ dataDir: join(dir, 'redis') }),
      startObjectServer({ dataDir: join(dir, 's3'), port: 0, bucket: 'recordings', ...keys }),
      createTapServer({
        listenIp: '127.0.0.1',
        port: 0,
        bufferMs: options.tapBufferMs ?? 120_000,
        log: silent,
        clock: Date.now,
      }),
    ]);
    return new RecorderWorld(dir, redis, objects, tap, options.copies);
  }

  get redisUrl(): string {
    return this.#redis.url;
  }

  /** SIGKILLs Redis and starts it again on the same port; what was written is there again. */
  async restartRedis(whileAway: () => Promise<void>): Promise<void> {
    process.kill(this.#redis.process.pid!, 'SIGKILL');
    await eventually(() => this.#redis.process.pid === undefined);
    await whileAway();
    await this.#redis.process.restart();
  }

  /** Kills its workers, ends every fault and leads again, for the next test. */
  async calmDown(): Promise<void> {
    for (const worker of this.#workers.splice(0)) {
      worker.kill();
      // Its last word would count it among the living for seconds.
      await this.#client.del(`worker:${worker.id}`);
    }
    this.objects.faults.clear();
    await this.objects.faults.endOutage();
    Object.assign(this.lead, { capture: true, seal: true, archive: true });
  }

  /** Stops what it started. */
  async stop(): Promise<void> {
    for (const worker of this.#workers) worker.kill();
    clearInterval(this.#tending);
    this.#client.disconnect();
    await this.tap.close(0);
    await this.queues.close();
    await this.objects.stop();
    this.store.close();
    await this.#redis.stop();
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A real recordings worker; resolves when it takes jobs. */
  async startWorker(env: NodeJS.ProcessEnv = {}): Promise<WorkerProcess> {
    const lines: string[] = [];
    const id = env.WORKER_ID ?? `worker_${randomBytes(4).toString('hex')}`;
    const worker = new ManagedProcess<number>({
      name: id,
      command: process.execPath,
      args: [program],
      tied: true,
      env: {
        ...childEnv(),
        NODE_ENV: 'test',
        REDIS_URL: this.#redis.url,
        ...this.#s3,
        S3_FORCE_PATH_STYLE: 'true',
        SPOOL_DIR: this.spoolDir,
        WORKER_ID: id,
        SPOOL_FSYNC_MS: '200',
        ...env,
      },
      // Lines until it is ready come by `ready`, later ones by `show`, which is asked only where there is a listener.
      onNotice: () => {},
      show: (line) => {
        lines.push(line);
        return undefined;
      },
      ready: {
        line: (line) => {
          lines.push(line);
          return line.includes('"msg":"ready"') ? (JSON.parse(line) as { port: number }).port : undefined;
        },
      },
    });
    const port = await worker.start();
    const { pid } = worker;
    if (pid === undefined) throw new Error('the worker ended as soon as it was ready');
    const started = { id, port, pid, lines, stop: () => worker.stop(), kill: () => worker.kill() };
    this.#workers.push(started);
    return started;
  }

  job(callId: string): { recordingId: string; callId: string; holders?: string[]; items?: number } {
    return { recordingId: `rec_${callId}`, callId, ...this.#finished.get(callId) };
  }

  #ids(callId: string): { id: string; callId: string } {
    return { id: this.job(callId).recordingId, callId };
  }

  /** Leases the call and queues its capture; `through` is a port that leads to the tap. */
  async capture(callId: string, { through }: { through?: number } = {}): Promise<void> {
    const captureId = `cap_${randomBytes(6).toString('hex')}`;
    const tap = { ...this.tap.lease(callId), ...(through === undefined ? {} : { port: through }) };
    const { recordingId } = this.job(callId);
    await this.queues.enqueueCapture({ captureId, callId, recordingId, tap });
  }

  async openCall(callId: string, options: { through?: number } = {}): Promise<TestCall> {
    const call = new TestCall(callId, this.tap.openCall(callId));
    if (this.copies) await this.copies.begin(this.#ids(callId));
    else await this.capture(callId, options);
    return call;
  }

  /** The reports of one kind about a call, in the order in which they came. */
  reportsOf<K extends Report['kind']>(kind: K, callId: string): ReportOf<K>[] {
    return this.reports.filter(
      (report): report is ReportOf<K> => report.kind === kind && report.callId === callId,
    );
  }

  /** Waits for the report. */
  report<K extends Report['kind']>(kind: K, callId: string, within = 20_000): Promise<ReportOf<K>> {
    return eventually(
      () => {
        const [found] = this.reportsOf(kind, callId);
        const said = this.reports.map((one) => `${one.kind} ${'code' in one ? one.code : ''}`).join(', ');
        if (!found) throw new Error(`no report "${kind}" of ${callId}, only: ${said}`);
        return found;
      },
      { within },
    );
  }

  /** Where an archived file can be fetched. */
  urlOf(archived: ReportOf<'archived'>, kind: 'audio' | 'peaks' | 'manifest' = 'audio'): Promise<string> {
    const file = archived.files.find((one) => one.kind === kind)!;
    return this.store.presignGet(file.key, { expiresInSeconds: 600, contentType: file.contentType });
  }

  async spoolOf(callId: string, spoolDir = this.spoolDir): Promise<string[]> {
    return (await readdir(join(spoolDir, callId)).catch(() => [])).sort();
  }

  async #apply(report: Report): Promise<void> {
    this.reports.push(report);
    if (report.kind === 'sealed' && this.lead.archive) {
      const sealedIn = report.spoolId ?? null;
      await this.queues.enqueueArchive({ ...this.job(report.callId), sealedIn });
    }
  }

  get #s3() {
    return {
      S3_ENDPOINT: this.objects.endpoint,
      S3_PUBLIC_ENDPOINT: this.objects.endpoint,
      S3_REGION: 'us-east-1',
      S3_BUCKET: 'recordings',
      S3_ACCESS_KEY_ID: keys.accessKey,
      S3_SECRET_ACCESS_KEY: keys.secretKey,
    };
  }
}

/** A call whose legs are fed in real time or as fast as one likes. */
export class TestCall {
  readonly callId: string;
  readonly tapCall: TapCall;
  readonly feeds: LegFeed[] = [];
  readonly startMs = Date.now();

  constructor(callId: string, tapCall: TapCall) {
    this.callId = callId;
    this.tapCall = tapCall;
  }

  leg(role: LegRole, codec: Codec, startsAfterMs = 0): LegFeed {
    const leg = captureLegOf(`leg_${role}`, role, codec);
    const tapLeg = this.tapCall.addLeg(leg);
    const feed = new LegFeed(leg, this.startMs + startsAfterMs, (rtp, arrivalMs) =>
      tapLeg.packet(rtp, arrivalMs),
    );
    feed.ssrc = 1_000 + this.feeds.length;
    this.feeds.push(feed);
    return feed;
  }

  /** Packets given to the tap so far, all legs. */
  get packets(): number {
    return this.feeds.reduce((sum, feed) => sum + feed.packets, 0);
  }

  end(): void {
    this.tapCall.end(Math.max(...this.feeds.map(({ atMs }) => atMs)));
  }

  /** Feeds every leg its frames 20 ms apart by the clock, until they are used up or `until` says so. */
  async playInRealTime(
    frames: ReadonlyMap<LegFeed, readonly Buffer[]>,
    until: () => boolean = () => false,
  ): Promise<void> {
    const startedAt = performance.now();
    const longest = Math.max(...[...frames.values()].map(({ length }) => length));
    for (let i = 0; i < longest && !until(); ) {
      const due = Math.min(longest, Math.floor((performance.now() - startedAt) / frameMs) + 1);
      for (; i < due; i++) {
        for (const [feed, payloads] of frames) if (payloads[i]) feed.frame(payloads[i]!);
      }
      await new Promise((resolve) => setTimeout(resolve, frameMs));
    }
  }
}
