import { businessesRoutes } from '#domains/businesses/businesses.routes.ts';
import { Businesses } from '#domains/businesses/businesses.service.ts';
import { createBusinessesStore } from '#domains/businesses/businesses.store.ts';
import { identityRoutes } from '#domains/identity/identity.routes.ts';
import { Identity } from '#domains/identity/identity.service.ts';
import { createPersonsStore } from '#domains/identity/identity.store.ts';
import { operationsRoutes } from '#domains/operations/operations.routes.ts';
import { Operations } from '#domains/operations/operations.service.ts';
import { livingRecorders } from '#domains/recordings/recorders.store.ts';
import { captureFigures } from '#domains/recordings/recordings.ts';
import { seatsRoutes } from '#domains/seats/seats.routes.ts';
import { Seats, type SeatsEvents } from '#domains/seats/seats.service.ts';
import { announceSlotChanges } from '#domains/seats/seats.sockets.ts';
import { createSeatsStore } from '#domains/seats/seats.store.ts';
import { createHttpApp } from '#http/app.ts';
import { closeHttpServer, createHttpServer, listen } from '#http/listen.ts';
import type { Route } from '#http/route.ts';
import { RedisSessionStore } from '#http/session-store.ts';
import { sessionIdOf, sessionMark } from '#http/sessions.ts';
import { systemClock } from '#kernel/clock.ts';
import { ConfigError, type ServerConfig, serverConfig } from '#kernel/config.ts';
import type { Probe } from '#kernel/health.ts';
import { Lifecycle } from '#kernel/lifecycle.ts';
import { createLog, type Log } from '#kernel/log.ts';
import { Metrics } from '#kernel/metrics.ts';
import { connectMongo, pingMongo } from '#kernel/mongo.ts';
import { exitWithParent } from '#kernel/parent.ts';
import { closeRedis, createRedis } from '#kernel/redis.ts';
import { repeat } from '#kernel/repeat.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { startOfDay } from '#kernel/zoned-days.ts';
import { Gateway } from '#realtime/gateway.ts';
import { startLive } from './live.ts';
import { registerLiveMetrics } from './live-metrics.ts';

/** How often slots that are over are looked at. Milliseconds. */
const settleEveryMs = 60_000;

/** The story of a start, top to bottom; every step says beside itself how it is undone. */
async function start(config: ServerConfig, log: Log, lifecycle: Lifecycle): Promise<void> {
  const clock = systemClock;
  const metrics = new Metrics();

  // The stores.
  const mongo = await connectMongo(config.MONGODB_URL, log);
  lifecycle.onStop('closeStores', 'mongodb', () => mongo.close());
  const redis = createRedis(config.REDIS_URL, log, { name: 'commands' });
  const subscriber = createRedis(config.REDIS_URL, log, { name: 'subscriber', use: 'subscriber' });
  lifecycle.onStop('closeStores', 'redis', async () => {
    await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
  });
  await Promise.all([redis.connect(), subscriber.connect()]);

  // Identity and businesses: who people are, and what the owner map gives them.
  const businesses = new Businesses(await createBusinessesStore(mongo), clock);
  const identity = new Identity({
    store: await createPersonsStore(mongo),
    ownerMap: (personId) => businesses.ownedBy(personId),
    authMode: config.AUTH_MODE,
    clock,
  });

  // The socket door exists before the domains that announce through it.
  const sessionStore = new RedisSessionStore(redis);
  const gateway = new Gateway({
    log,
    publisher: redis,
    subscriber,
    publicUrl: config.PUBLIC_URL,
    personOf: (personId) => identity.person(personId),
    linesOf: async (person) => (await businesses.linesFor(person)).map((line) => line.id),
    signedIn: async (cookie) => {
      const sid = sessionIdOf(cookie, config.SESSION_SECRET);
      const personId = sid === null ? undefined : (await sessionStore.read(sid))?.personId;
      const person = personId === undefined ? null : await identity.person(personId);
      return sid === null || person === null ? null : { person, sessionMark: sessionMark(sid) };
    },
  });
  lifecycle.onStop('drainSockets', 'sockets', () => gateway.close());

  // Seats: slots, and people's claims on them.
  const seatsEvents = new TypedEvents<SeatsEvents>((event, fault) =>
    log.error({ event, err: fault }, 'a seats event was not handled'),
  );
  const seats = new Seats({
    store: await createSeatsStore(mongo),
    identity,
    businesses,
    events: seatsEvents,
    clock,
  });
  const slotNews = announceSlotChanges(seats, seatsEvents, gateway, log);
  repeat('settling of slots', settleEveryMs, () => seats.settle(), { lifecycle, log });
  lifecycle.onStop('closeQueues', 'slot announcements', () => slotNews.stop());

  // The live plane, calls, listening and recordings.
  const live = await startLive({
    config,
    log,
    lifecycle,
    clock,
    mongo,
    redis,
    gateway,
    businesses,
    identity,
    seats,
  });
  const { media, ingress, tap, calls, recordings, queues } = live;

  const probes: Probe[] = [
    { name: 'mongodb', vital: true, check: () => pingMongo(mongo).then(() => undefined) },
    { name: 'redis', vital: true, check: () => redis.ping().then(() => undefined) },
    ...live.probes,
  ];
  const companyZone = async () => (await businesses.company()).lines[0]?.zone ?? 'UTC';
  const operations = new Operations(
    {
      probes,
      mediaWorkers: () => media.workers().map(({ pid, ...worker }) => ({ workerPid: pid, ...worker })),
      recorders: () => livingRecorders(redis),
      liveCalls: () => calls.live(null),
      captures: async () => captureFigures(await recordings.inProgress(), tap.status()),
      queues: () => queues.counts(),
      storage: () => recordings.totals(),
      coverageSince: (since) => recordings.coverageSince(since),
      failures: (limit) => recordings.failures(limit),
      zone: companyZone,
    },
    clock,
  );

  // The doors.
  const routes: Route[] = [
    ...identityRoutes(identity),
    ...businessesRoutes(businesses),
    ...seatsRoutes(seats, clock),
    ...live.routes,
    ...operationsRoutes(operations),
  ];
  const startOfToday = async () => startOfDay(clock(), await companyZone());
  registerLiveMetrics(metrics, {
    untaken: () => live.capture.untaken(),
    media,
    ingress,
    tap,
    listening: live.listening,
    listeningEvents: live.listeningEvents,
    recordings,
    queues: () => queues.counts(),
    startOfToday,
  });
  live.keeping.registerMetrics(metrics);
  live.convened.registerMetrics(metrics);
  metrics.gauge('sockets', 'Open socket.io connections of this instance', [], () => gateway.connected);

  const app = createHttpApp({
    config,
    log,
    redis,
    sessionStore,
    metrics,
    routes,
    probes,
    personOf: (personId) => identity.person(personId),
    onSessionEnd: (sid) => gateway.endSession(sessionMark(sid)),
    stopping: () => lifecycle.stopping,
  });
  const server = createHttpServer(app);
  gateway.open(server);
  lifecycle.onStop('stopAdmitting', 'http', () => closeHttpServer(server));
  const port = await listen(server, config.HOST, config.PORT);
  log.info({ host: config.HOST, port }, 'listening');
}

let config: ServerConfig;
try {
  config = serverConfig();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}

const log = createLog('server', config.LOG_LEVEL);
const lifecycle = new Lifecycle(log);
lifecycle.listenToSignals();
exitWithParent();
try {
  await start(config, log, lifecycle);
} catch (error) {
  log.fatal({ err: error }, 'the server did not start');
  await lifecycle.stop();
  process.exit(1);
}
