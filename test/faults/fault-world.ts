import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { MongoClient } from 'mongodb';
import type { ArchivedFile } from '#contract/capture.ts';
import { storesConfig } from '#kernel/config.ts';
import { createObjectStore, type ObjectStore } from '#kernel/s3.ts';
import { type ObjectServer, startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { type Stack, type StackService, startStack } from '#scripts/embedded/stack.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { recordingManifest } from '#worker/archive/archive-documents.ts';

const s3Keys = { accessKey: 'fault-access', secretKey: 'fault-secret-key' };

/** A recordings worker with a disk of its own, as on another host, that can be killed and started again. */
export class Recorder {
  readonly id: string;
  readonly spoolDir: string;
  readonly #start: () => Promise<RecorderProcess>;
  #process: RecorderProcess | undefined;

  constructor(id: string, spoolDir: string, start: () => Promise<RecorderProcess>) {
    this.id = id;
    this.spoolDir = spoolDir;
    this.#start = start;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }
  get lines(): readonly string[] {
    return this.#process?.lines ?? [];
  }

  async start(): Promise<void> {
    this.#process ??= await this.#start();
  }

  /** SIGKILL, its children included. */
  kill(): void {
    this.#process?.kill();
    this.#process = undefined;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
  }

  /** Names in the call's folder of this worker's spool. */
  spoolOf(callId: string): Promise<string[]> {
    return readdir(join(this.spoolDir, callId)).catch(() => []);
  }
}

/** What the books and the bucket say of a call's recording. */
export interface Kept {
  readonly state: string;
  readonly packets: number;
  readonly coverage: number;
  /** Gaps that are not the call's own (loss, no recorder), the longest in ms. */
  readonly gaps: number;
  readonly longestGapMs: number;
  readonly durationMs: number;
}

interface BookEntry {
  readonly state: string;
  readonly coverage: number | null;
  readonly durationMs: number | null;
  readonly gaps: { fromMs: number; toMs: number; cause: string }[];
  readonly files: ArchivedFile[];
  readonly failure: { code: string } | null;
}

export interface FaultWorldOptions {
  readonly copies: '1' | '2' | 'auto';
  readonly workers: number;
  readonly serverEnv?: NodeJS.ProcessEnv;
  /** For worker `index`. */
  readonly workerEnv?: (index: number) => NodeJS.ProcessEnv;
  /** Where worker `index` keeps its spool; a folder of the world's unless told. */
  readonly spoolDir?: (index: number) => string | undefined;
}

/** Everything of the product that runs, real processes all, each of which can be hurt. */
export class FaultWorld {
  readonly objects: ObjectServer;
  readonly recorders: Recorder[];
  readonly #dir: string;
  readonly #stack: Stack;
  readonly #options: FaultWorldOptions;
  readonly #store: ObjectStore;
  readonly #mongo: MongoClient;
  server: ServerProcess;

  private constructor(parts: {
    dir: string;
    stack: Stack;
    objects: ObjectServer;
    options: FaultWorldOptions;
    server: ServerProcess;
    recorders: Recorder[];
  }) {
    this.#dir = parts.dir;
    this.#stack = parts.stack;
    this.objects = parts.objects;
    this.#options = parts.options;
    this.server = parts.server;
    this.recorders = parts.recorders;
    this.#store = createObjectStore(storesConfig({ ...parts.stack.env }));
    this.#mongo = new MongoClient(parts.stack.env.MONGODB_URL, { serverSelectionTimeoutMS: 20_000 });
  }

  static async start(options: FaultWorldOptions): Promise<FaultWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'faults-'));
    const objects = await startObjectServer({
      dataDir: join(dir, 's3'),
      port: 0,
      bucket: 'recordings',
      ...s3Keys,
    });
    const stack = await startStack({
      dataDir: dir,
      env: {
        ...process.env,
        S3_ENDPOINT: objects.endpoint,
        S3_BUCKET: 'recordings',
        S3_ACCESS_KEY_ID: s3Keys.accessKey,
        S3_SECRET_ACCESS_KEY: s3Keys.secretKey,
        S3_FORCE_PATH_STYLE: 'true',
      },
    });
    await seedCompany(stack.env.MONGODB_URL);
    const server = await startServer(stack.env, serverEnvOf(options));
    const recorders = await Promise.all(
      Array.from({ length: options.workers }, async (_, index) => {
        const id = `worker_${index + 1}`;
        const spoolDir = options.spoolDir?.(index) ?? join(dir, `spool-${index + 1}`);
        await mkdir(spoolDir, { recursive: true });
        const env = {
          WORKER_ID: id,
          SPOOL_FSYNC_MS: '200',
          ANALYSIS_AT_A_TIME: '0',
          ...options.workerEnv?.(index),
        };
        const recorder = new Recorder(id, spoolDir, () => startRecorder(stack.env, spoolDir, env));
        await recorder.start();
        return recorder;
      }),
    );
    return new FaultWorld({ dir, stack, objects, options, server, recorders });
  }

  get telephony(): TelephonyClient {
    return new TelephonyClient(this.server.url, testTelephonyKey);
  }

  /** The process of one of the stores: SIGKILL, a while without it, and the same again on the same port. */
  async restartStore(name: StackService['name'], awayMs: number): Promise<void> {
    const store = this.#stack.services.find((service) => service.name === name)?.process;
    if (store?.pid === undefined) throw new Error(`${name} is not ours to restart`);
    process.kill(store.pid, 'SIGKILL');
    await eventually(() => store.pid === undefined);
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await store.restart();
  }

  /** SIGKILL, its media workers included, and a new one on the same stores. */
  async restartServer(): Promise<void> {
    this.server.kill();
    this.server = await startServer(this.#stack.env, serverEnvOf(this.#options));
  }

  /** What became of the call; undefined as long as it is on its way. */
  async kept(callId: string): Promise<Kept | undefined> {
    const entry = await this.book(callId);
    if (!entry || !['archived', 'failed'].includes(entry.state)) return undefined;
    const file = entry.files.find(({ kind }) => kind === 'manifest');
    const packets = file ? await this.#packetsIn(file.key) : 0;
    const gaps = entry.gaps.filter(({ cause }) => cause === 'no-recorder' || cause === 'loss');
    return {
      state: entry.failure ? `${entry.state}: ${entry.failure.code}` : entry.state,
      packets,
      coverage: entry.coverage ?? 0,
      gaps: gaps.length,
      longestGapMs: Math.max(0, ...gaps.map(({ fromMs, toMs }) => toMs - fromMs)),
      durationMs: entry.durationMs ?? 0,
    };
  }

  book(callId: string): Promise<BookEntry | null> {
    return this.#mongo
      .db()
      .collection<BookEntry>('recordings')
      .findOne({ callId }) as Promise<BookEntry | null>;
  }

  /** What server and workers said of a call: to understand one that did not arrive. */
  said(callId: string): string[] {
    const lines = [...this.server.lines, ...this.recorders.flatMap((recorder) => recorder.lines)];
    return lines.filter((line) => line.includes(callId));
  }

  async stop(): Promise<void> {
    await this.#mongo.close().catch(() => {});
    this.#store.close();
    await this.server.stop();
    await Promise.all(this.recorders.map((recorder) => recorder.stop()));
    await this.#stack.stop();
    await this.objects.stop();
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #packetsIn(key: string): Promise<number> {
    const { client, bucket } = this.#store;
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const { legs } = recordingManifest.parse(JSON.parse((await object.Body?.transformToString()) ?? ''));
    return legs.reduce((sum, leg) => sum + leg.packets, 0);
  }
}

function serverEnvOf(options: FaultWorldOptions): NodeJS.ProcessEnv {
  return { LOG_LEVEL: 'info', CAPTURE_COPIES: options.copies, ...options.serverEnv };
}
