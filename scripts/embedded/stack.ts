import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ManagedProcess, type ProcessSpec } from '../processes.ts';
import { findOnPath } from '../setup/run.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import { freePort, JsonFile, tryPort } from './ports.ts';
import { endsWithParent, startRedis } from './redis.ts';
import { keptSecrets } from './secrets.ts';
import type { Supervision } from './supervision.ts';

const BUCKET = 'recordings';

/** Where the three stores are, as server and worker read it (see .env.example). */
export interface StackEnv {
  MONGODB_URL: string;
  REDIS_URL: string;
  S3_ENDPOINT: string;
  S3_REGION: string;
  S3_BUCKET: string;
  S3_ACCESS_KEY_ID: string;
  S3_SECRET_ACCESS_KEY: string;
  S3_FORCE_PATH_STYLE: string;
}

export interface StackService {
  name: 'mongodb' | 'redis' | 's3';
  /** Its own process, or undefined where the environment named one that runs elsewhere. */
  process: ManagedProcess<unknown> | undefined;
  /** What serves it: "mongod", "embedded server", "redis-server", or "given". */
  by: string;
}

export interface Stack {
  env: StackEnv;
  services: StackService[];
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Everything is kept below this folder and found again at the next start. */
  dataDir: string;
  /** MONGODB_URL, REDIS_URL and S3_ENDPOINT found here are used instead of the embedded servers. */
  env?: NodeJS.ProcessEnv;
  /** How the servers' processes are watched over; the name is the service's. Default: no restarts, no logs. */
  supervise?: (name: StackService['name']) => Supervision;
}

interface Ports {
  mongodb: number;
  redis: number;
  s3: number;
}

interface Running<Part extends Partial<StackEnv>> {
  env: Part;
  service: StackService;
}

/**
 * Starts what server and worker need: MongoDB, Redis and S3, each on loopback unless the environment names another.
 * Ports are kept over restarts where they are still free.
 * @throws SetUpError for an environment that is not usable, ProcessFailed for a server that does not get ready
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDir, env = process.env, supervise = () => ({}) } = options;
  const given = givenS3(env);
  await mkdir(dataDir, { recursive: true });
  const portsFile = new JsonFile<Ports>(join(dataDir, 'ports.json'));
  const ports = await portsFile.read();

  const started = await Promise.allSettled([
    env.MONGODB_URL
      ? givenService('mongodb', { MONGODB_URL: env.MONGODB_URL })
      : startMongo(join(dataDir, 'mongodb'), ports.mongodb, env, supervise('mongodb')),
    env.REDIS_URL
      ? givenService('redis', { REDIS_URL: env.REDIS_URL })
      : startOwnRedis(join(dataDir, 'redis'), ports.redis, env, supervise('redis')),
    given ? givenService('s3', given) : startS3(dataDir, ports.s3, env, supervise('s3')),
  ]);
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const services = running.map(({ service }) => service);
  const stop = async () => {
    await Promise.all(services.map((service) => service.process?.stop()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }

  const stackEnv = Object.assign({}, ...running.map((part) => part.env)) as StackEnv;
  await portsFile.write({
    ...ports,
    ...(env.MONGODB_URL ? {} : { mongodb: portOf(stackEnv.MONGODB_URL) }),
    ...(env.REDIS_URL ? {} : { redis: portOf(stackEnv.REDIS_URL) }),
    ...(given ? {} : { s3: portOf(stackEnv.S3_ENDPOINT) }),
  });
  return { env: stackEnv, services, stop };
}

type S3Env = Omit<StackEnv, 'MONGODB_URL' | 'REDIS_URL'>;

/** The S3 that the environment names, if it does. @throws SetUpError when it names only part of it */
function givenS3(env: NodeJS.ProcessEnv): S3Env | undefined {
  const { S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = env;
  if (!S3_ENDPOINT) return undefined;
  const needed = { S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value ? [] : [name]));
  if (missing.length > 0) throw new SetUpError(`S3_ENDPOINT is given without ${missing.join(', ')}`);
  return {
    S3_ENDPOINT,
    S3_REGION: env.S3_REGION || 'us-east-1',
    S3_BUCKET: S3_BUCKET as string,
    S3_ACCESS_KEY_ID: S3_ACCESS_KEY_ID as string,
    S3_SECRET_ACCESS_KEY: S3_SECRET_ACCESS_KEY as string,
    S3_FORCE_PATH_STYLE: env.S3_FORCE_PATH_STYLE || 'false',
  };
}

async function givenService<Part extends Partial<StackEnv>>(
  name: StackService['name'],
  env: Part,
): Promise<Running<Part>> {
  return { env, service: { name, process: undefined, by: 'given' } };
}

async function startOwnRedis(
  dataDir: string,
  port: number | undefined,
  env: NodeJS.ProcessEnv,
  supervision: Supervision,
): Promise<Running<Pick<StackEnv, 'REDIS_URL'>>> {
  const redis = await startRedis({ dataDir, env, supervision, ...(port ? { port } : {}) });
  return {
    env: { REDIS_URL: redis.url },
    service: { name: 'redis', process: redis.process, by: 'redis-server' },
  };
}

async function startMongo(
  dataDir: string,
  port: number | undefined,
  env: NodeJS.ProcessEnv,
  supervision: Supervision,
): Promise<Running<Pick<StackEnv, 'MONGODB_URL'>>> {
  const mongod = await findOnPath('mongod', env);
  if (mongod) return await startMongod(mongod, dataDir, port, env, supervision);
  const own = embeddedServer<{ url: string }>('mongodb', 'mongo/main.ts', dataDir, env, supervision);
  const { process: server, answer } = await own(await keptPort(port), []);
  return {
    // The database's name goes before the query, if there is one.
    env: { MONGODB_URL: withDatabase(answer.url) },
    service: { name: 'mongodb', process: server, by: 'embedded server' },
  };
}

async function startMongod(
  program: string,
  folder: string,
  kept: number | undefined,
  env: NodeJS.ProcessEnv,
  supervision: Supervision,
): Promise<Running<Pick<StackEnv, 'MONGODB_URL'>>> {
  // Its files and the small server's have nothing in common.
  const dataDir = `${folder}-mongod`;
  await mkdir(dataDir, { recursive: true });
  const port = await freePort(kept);
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const args = ['--dbpath', dataDir, '--port', String(port), '--bind_ip', '127.0.0.1'];
  const { MongoClient } = await import('mongodb');
  const server = new ManagedProcess({
    name: 'mongodb',
    ...(await endsWithParent(program, args, env)),
    env,
    ready: {
      probe: async () => {
        const client = new MongoClient(url, { serverSelectionTimeoutMS: 500 });
        await client
          .db('admin')
          .command({ ping: 1 })
          .finally(() => client.close());
      },
    },
    readyWithinMs: 60_000,
    // Its log, JSON of another kind, is for the file.
    show: () => undefined,
    ...supervision,
  });
  await server.start();
  return {
    env: { MONGODB_URL: withDatabase(url) },
    service: { name: 'mongodb', process: server, by: 'mongod' },
  };
}

async function startS3(
  dataDir: string,
  port: number | undefined,
  env: NodeJS.ProcessEnv,
  supervision: Supervision,
): Promise<Running<S3Env>> {
  const secrets = await keptSecrets(dataDir);
  const accessKey = env.S3_ACCESS_KEY_ID || secrets.s3AccessKeyId;
  const secretKey = env.S3_SECRET_ACCESS_KEY || secrets.s3SecretAccessKey;
  const bucket = env.S3_BUCKET || BUCKET;
  const own = embeddedServer<{ endpoint: string }>('s3', 's3/main.ts', join(dataDir, 's3'), env, supervision);
  const { process: server, answer } = await own(await keptPort(port), [
    '--bucket',
    bucket,
    '--access-key',
    accessKey,
    '--secret-key',
    secretKey,
  ]);
  return {
    env: {
      S3_ENDPOINT: answer.endpoint,
      S3_REGION: env.S3_REGION || 'us-east-1',
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: accessKey,
      S3_SECRET_ACCESS_KEY: secretKey,
      S3_FORCE_PATH_STYLE: 'true',
    },
    service: { name: 's3', process: server, by: 'embedded server' },
  };
}

/** One of the small servers beside this file: a Node program that prints {"ready":true,…} when it listens. */
function embeddedServer<Answer extends object>(
  name: StackService['name'],
  program: string,
  dataDir: string,
  env: NodeJS.ProcessEnv,
  supervision: Supervision,
) {
  return async (port: number, args: string[]) => {
    const path = join(import.meta.dirname, program);
    if (!existsSync(path)) throw new SetUpError(`there is no embedded ${name} server (${program})`);
    await mkdir(dataDir, { recursive: true });
    const spec: ProcessSpec<Answer> = {
      name,
      command: process.execPath,
      args: [path, '--port', String(port), '--data', dataDir, ...args],
      env,
      tied: true,
      ready: { line: (line) => readyAnswer<Answer>(line) },
      ...supervision,
    };
    const server = new ManagedProcess<Answer>(spec);
    return { process: server as ManagedProcess<unknown>, answer: await server.start() };
  };
}

function readyAnswer<Answer extends object>(line: string): Answer | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const answer = JSON.parse(line) as Answer & { ready?: unknown };
    return answer.ready === true ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** The kept port if it is free, else a free one: chosen here and not by the server, so that a restart finds it again. */
async function keptPort(port: number | undefined): Promise<number> {
  return (port && (await tryPort(port))) || (await freePort());
}

const portOf = (url: string): number => Number(new URL(url).port);

/** Puts this product's database into a URL that names none. */
function withDatabase(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname.length <= 1) parsed.pathname = '/cloud-listening';
  return parsed.href;
}
