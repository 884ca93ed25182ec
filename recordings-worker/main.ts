import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { ConfigError, type WorkerConfig, workerConfig } from '#kernel/config.ts';
import { newId } from '#kernel/ids.ts';
import { Lifecycle } from '#kernel/lifecycle.ts';
import { createLog, type Log } from '#kernel/log.ts';
import { Metrics } from '#kernel/metrics.ts';
import { exitWithParent } from '#kernel/parent.ts';
import { Queues } from '#kernel/queues.ts';
import { closeRedis, createRedis } from '#kernel/redis.ts';
import { createObjectStore } from '#kernel/s3.ts';
import { analyses } from './analyse/analyses.ts';
import { FollowUps } from './analyse/follow-ups.ts';
import { Erasures } from './archive/erasures.ts';
import { openSigningKey } from './archive/signing-key.ts';
import { Withdrawals } from './archive/withdrawals.ts';
import { Admission } from './capture/admission.ts';
import { Captures } from './capture/captures.ts';
import { Clips } from './clip/clips.ts';
import { createFollowDoor } from './follow/follow-door.ts';
import { FollowedCalls } from './follow/followed-calls.ts';
import { startHealthServer } from './health-server.ts';
import { Heartbeat } from './heartbeat.ts';
import { createPeers } from './peers.ts';
import { Renderings } from './render/renderings.ts';
import { Forgetting } from './spool/forgetting.ts';
import { createSpoolDoor } from './spool/spool-door.ts';
import { spoolIdOf } from './spool/spool-id.ts';
import { Stages } from './stages.ts';
import { transcripts } from './transcribe/transcripts.ts';

/** Sealing keeps a core busy: one is left for the captures. */
const sealsAtATime = Math.max(1, cpus().length - 1);

/** The story of a start, top to bottom; every step says beside itself how it is undone. */
async function start(config: WorkerConfig, log: Log, lifecycle: Lifecycle): Promise<void> {
  const workerId = config.WORKER_ID ?? newId('worker');
  const spoolDir = config.SPOOL_DIR;
  await mkdir(spoolDir, { recursive: true });
  const spoolId = await spoolIdOf(spoolDir);
  const metrics = new Metrics();

  // The stores.
  const redis = createRedis(config.REDIS_URL, log, { name: 'worker' });
  lifecycle.onStop('closeStores', 'redis', () => closeRedis(redis));
  await redis.connect();
  const key = await openSigningKey({ configured: config.ARCHIVE_SIGNING_KEY, folder: spoolDir });
  log.info({ keyId: key.keyId }, 'the archive is signed with this key');
  const store = createObjectStore(config);
  lifecycle.onStop('closeStores', 'object store', () => store.close());
  const queues = new Queues({ redisUrl: config.REDIS_URL, log });
  lifecycle.onStop('closeQueues', 'queues', () => queues.close());

  // The work.
  const capturesEnded = metrics.counter('captures_ended_total', 'Captures by how they ended', ['outcome']);
  const writtenBytes = metrics.counter('spool_written_bytes_total', 'Bytes brought to disk by captures');
  const leastFreeBytes = config.SPOOL_LEAST_FREE_MB * 1_048_576;
  const admission = new Admission({
    leastFreeBytes,
    cpuShare: config.WORKER_CPU_MAX,
    lagMs: config.WORKER_LAG_MAX_MS,
    captures: config.WORKER_CAPTURES_MAX,
  });
  const captures = new Captures({
    workerId,
    spoolId,
    spoolDir,
    fsyncMs: config.SPOOL_FSYNC_MS,
    max: config.WORKER_CAPTURES_MAX,
    admission,
    queues,
    log,
    onEnded: (outcome) => capturesEnded.inc({ outcome }),
    onWritten: (bytes) => writtenBytes.inc(bytes),
  });
  const stageSeconds = metrics.histogram(
    'stage_seconds',
    'Time a call took in a stage',
    ['stage'],
    [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300],
  );
  const stageFailures = metrics.counter('stage_failures_total', 'Tries of a stage that failed', [
    'stage',
    'code',
  ]);
  const peers = createPeers(redis, { spoolId });
  const stages = new Stages({
    workerId,
    spoolDir,
    queues,
    redis,
    peers,
    store,
    key,
    seals: sealsAtATime,
    log,
    onDone: (stage, seconds) => stageSeconds.observe({ stage }, seconds),
    onFailed: (stage, code) => stageFailures.inc({ stage, code }),
  });
  const renderings = new Renderings({
    ...{ workerId, spoolDir, queues, store, key, log },
    onDone: (seconds) => stageSeconds.observe({ stage: 'render' }, seconds),
    onFailed: (code) => stageFailures.inc({ stage: 'render', code }),
  });
  const clips = new Clips({
    ...{ workerId, spoolDir, queues, store, key, log },
    onDone: (seconds) => stageSeconds.observe({ stage: 'clip' }, seconds),
    onFailed: (code) => stageFailures.inc({ stage: 'clip', code }),
  });
  const followUps = new FollowUps({
    workerId,
    spoolDir,
    queues,
    store,
    key,
    log,
    onDone: (what, seconds) => stageSeconds.observe({ stage: what }, seconds),
    onFailed: (what, code) => stageFailures.inc({ stage: what, code }),
  });

  const erasures = new Erasures({
    ...{ workerId, spoolId, spoolDir, queues, redis, store, key, log },
    onDone: (seconds) => stageSeconds.observe({ stage: 'erase' }, seconds),
    onFailed: (code) => stageFailures.inc({ stage: 'erase', code }),
  });

  const withdrawals = new Withdrawals({
    ...{ workerId, queues, store, key, log },
    onDone: (seconds) => stageSeconds.observe({ stage: 'withdraw' }, seconds),
    onFailed: (code) => stageFailures.inc({ stage: 'withdraw', code }),
  });

  const heartbeat = new Heartbeat({
    workerId,
    spoolId,
    spoolDir,
    redis,
    captures: () => captures.running,
    onLook: (load) => {
      admission.look(load);
      captures.admit();
    },
    refusing: () => (lifecycle.stopping ? 'stopping' : admission.refusing),
    log,
  });
  await heartbeat.start();
  lifecycle.onStop('closeQueues', 'heartbeat', () => heartbeat.stop());
  const forgetting = new Forgetting({ spoolId, spoolDir, redis, log });
  lifecycle.onStop('closeQueues', 'forgetting', () => forgetting.stop());

  // Listeners who go back in a call that is live hear it from the spool.
  const followed = new FollowedCalls({
    spoolDir,
    writtenThrough: (callId) => captures.writtenThrough(callId),
    log,
  });
  lifecycle.onStop('closeStores', 'followed calls', () => followed.close());

  // The doors.
  metrics.gauge('followed_calls', 'Calls that listeners hear from the spool', [], () => followed.size);
  metrics.gauge('captures_running', 'Calls being captured', [], () => captures.running);
  metrics.gauge('spool_calls', 'Calls whose audio lies in the spool', ['state'], () => {
    const { unsealed, sealed } = heartbeat.findings;
    return Object.entries({ unsealed, sealed }).map(([state, value]) => ({ labels: { state }, value }));
  });
  metrics.gauge('spool_bytes', 'Size of the spool', [], () => heartbeat.findings.bytes);
  metrics.gauge('spool_free_bytes', 'Free space where the spool is', [], () => heartbeat.load.freeBytes);
  metrics.gauge('captures_refused', 'Why no further captures are taken', ['reason'], () =>
    admission.refusing === null ? [] : [{ labels: { reason: admission.refusing }, value: 1 }],
  );
  metrics.gauge(
    'capture_thread_cpu_ratio',
    'Share of a core taken by the thread that captures',
    [],
    () => heartbeat.load.cpuShare,
  );
  const health = await startHealthServer({
    host: config.WORKER_HOST,
    port: config.WORKER_PORT,
    metrics,
    problems: async () => {
      const problems: string[] = [];
      if (lifecycle.stopping) problems.push('stopping');
      if (heartbeat.load.freeBytes < leastFreeBytes) problems.push('the disk of the spool is almost full');
      await redis.ping().catch(() => problems.push('redis is not reachable'));
      return problems;
    },
    spool: createSpoolDoor({
      spoolDir,
      spoolId,
      secret: () => peers.secret(),
      follow: createFollowDoor({
        spoolId,
        calls: followed,
        capturing: (callId) => captures.writtenThrough(callId) !== undefined,
      }),
    }),
  });
  lifecycle.onStop('closeStores', 'health', () => health.close());

  // Jobs come last: whoever takes one is ready for it.
  lifecycle.onStop('stopAdmitting', 'captures', () => queues.pauseHere('capture'));
  lifecycle.onStop('handOverCaptures', 'captures', () => captures.stop());
  lifecycle.onStop('closeQueues', 'stages', () => stages.stop());
  lifecycle.onStop('closeQueues', 'renderings', () => renderings.stop());
  lifecycle.onStop('closeQueues', 'clips', () => clips.stop());
  lifecycle.onStop('closeQueues', 'follow-ups', () => followUps.stop());
  lifecycle.onStop('closeQueues', 'erasures', () => erasures.stop());
  lifecycle.onStop('closeQueues', 'withdrawals', () => withdrawals.stop());
  await heartbeat.tell({ host: config.WORKER_ADVERTISED_HOST ?? config.WORKER_HOST, port: health.port });
  captures.start();
  stages.start();
  clips.start();
  renderings.start();
  followUps.take(analyses(config.ANALYSIS_AT_A_TIME));
  if (config.TRANSCRIBER !== 'none') followUps.take(transcripts(config.TRANSCRIPTS_AT_A_TIME));
  erasures.start();
  withdrawals.start();
  forgetting.start();
  log.info({ workerId, spoolId, host: config.WORKER_HOST, port: health.port }, 'ready');
}

let config: WorkerConfig;
try {
  config = workerConfig();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}

const log = createLog('recordings-worker', config.LOG_LEVEL);
const lifecycle = new Lifecycle(log);
lifecycle.listenToSignals();
exitWithParent();
try {
  await start(config, log, lifecycle);
} catch (error) {
  log.fatal({ err: error }, 'the recordings worker did not start');
  await lifecycle.stop();
  process.exit(1);
}
