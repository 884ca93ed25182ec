import { randomUUID } from 'node:crypto';
import { businessesRoutes } from '#domains/businesses/businesses.routes.ts';
import { Businesses } from '#domains/businesses/businesses.service.ts';
import { createBusinessesStore } from '#domains/businesses/businesses.store.ts';
import { callsRoutes } from '#domains/calls/calls.routes.ts';
import { createCallsService } from '#domains/calls/calls.service.ts';
import { createCallsStore } from '#domains/calls/calls.store.ts';
import type { CallEvents } from '#domains/calls/calls.ts';
import { softphoneRoutes } from '#domains/calls/softphone.routes.ts';
import { createSoftphoneService } from '#domains/calls/softphone.service.ts';
import { softphoneSockets } from '#domains/calls/softphone.sockets.ts';
import { identityRoutes } from '#domains/identity/identity.routes.ts';
import { Identity } from '#domains/identity/identity.service.ts';
import { createPersonsStore } from '#domains/identity/identity.store.ts';
import { createHearingsService } from '#domains/listening/hearings.service.ts';
import { createHearingsStore } from '#domains/listening/hearings.store.ts';
import { listeningRoutes } from '#domains/listening/listening.routes.ts';
import { createListeningService, type ListeningEvents } from '#domains/listening/listening.service.ts';
import { listeningSockets } from '#domains/listening/listening.sockets.ts';
import { createRosterStore } from '#domains/listening/roster.store.ts';
import { operationsRoutes } from '#domains/operations/operations.routes.ts';
import { Operations } from '#domains/operations/operations.service.ts';
import { startOfDay } from '#domains/operations/operations.ts';
import { createCaptureService, type RecordingEvents } from '#domains/recordings/capture.service.ts';
import { livingRecorders } from '#domains/recordings/recorders.store.ts';
import { handleReports } from '#domains/recordings/recordings.jobs.ts';
import { recordingsRoutes } from '#domains/recordings/recordings.routes.ts';
import { createRecordingsService } from '#domains/recordings/recordings.service.ts';
import { createRecordingsStore } from '#domains/recordings/recordings.store.ts';
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
import { registerInstance } from '#kernel/instances.ts';
import { Lifecycle } from '#kernel/lifecycle.ts';
import { createLog, type Log } from '#kernel/log.ts';
import { Metrics } from '#kernel/metrics.ts';
import { connectMongo, pingMongo } from '#kernel/mongo.ts';
import { exitWithParent } from '#kernel/parent.ts';
import { Queues } from '#kernel/queues.ts';
import { closeRedis, createRedis } from '#kernel/redis.ts';
import { repeat } from '#kernel/repeat.ts';
import { createObjectStore } from '#kernel/s3.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { createMediaPlane } from '#media/media-plane.ts';
import { createTapServer } from '#media/tap/tap-server.ts';
import { Gateway } from '#realtime/gateway.ts';
import type { SocketDoor } from '#realtime/socket-door.ts';
import { createRtpIngress } from '#telephony/rtp-ingress.ts';
import { registerLiveMetrics } from './live-metrics.ts';

/** How often slots that are over are looked at. Milliseconds. */
const settleEveryMs = 60_000;
/** How often running listenings, captures and calls of dead processes are looked at. Milliseconds. */
const watchEveryMs = 5_000;

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

  // The live plane: telephony's audio comes in, SFU workers carry it, the tap keeps it for the recorders.
  const ingress = createRtpIngress({
    listenIp: config.RTP_LISTEN_IP,
    announcedAddress: config.RTP_ANNOUNCED_ADDRESS,
    portMin: config.RTP_PORT_MIN,
    portMax: config.RTP_PORT_MAX,
    log,
    clock,
  });
  const tap = await createTapServer({
    listenIp: config.TAP_LISTEN_IP,
    port: config.TAP_PORT,
    advertisedHost: config.TAP_ADVERTISED_HOST,
    bufferMs: config.TAP_BUFFER_MS,
    log,
    clock,
  });
  const media = await createMediaPlane({
    config,
    openRtpLeg: (leg) => ingress.openLeg(leg),
    tap,
    log,
    clock,
  });
  lifecycle.onStop('closeQueues', 'media', async () => {
    await ingress.close();
    await media.close();
  });

  // Calls: opened by the telephony side or by an agent's browser.
  const instances = await registerInstance(redis, `server-${randomUUID()}`, log);
  lifecycle.onStop('closeQueues', 'instance', () => instances.stop());
  const faultIn = (domain: string) => (event: PropertyKey, fault: unknown) =>
    log.error({ domain, event, err: fault }, 'an event was not handled');
  const callEvents = new TypedEvents<CallEvents>(faultIn('calls'));
  const callsStore = createCallsStore(mongo);
  await callsStore.ready();
  const company = () => businesses.company();
  const lineOf = async (lineId: string) => (await company()).lines.find((line) => line.id === lineId);
  const calls = createCallsService({
    store: callsStore,
    media: media.calls,
    events: callEvents,
    lineExists: async (lineId) => (await lineOf(lineId)) !== undefined,
    agentName: async (agentId) => (await identity.person(agentId))?.name ?? null,
    listenersOf: (callId) => media.listeners.listenersOf(callId),
    instances,
    clock,
    log,
  });
  const softphone = createSoftphoneService({
    store: callsStore,
    calls,
    callMedia: media.calls,
    media: media.softphone,
    events: callEvents,
    lineName: async (lineId) => (await lineOf(lineId))?.name ?? null,
    instanceId: instances.self,
    clock,
    log,
  });
  gateway.resolveCustomersWith((token) => softphone.resolveCustomer(token));
  lifecycle.onStop('drainSockets', 'own calls', () => calls.endOwn());

  // Listening: who is in which room and hears which call, and the record of it.
  const listeningEvents = new TypedEvents<ListeningEvents>(faultIn('listening'));
  const hearingsStore = createHearingsStore(mongo);
  await hearingsStore.ready();
  const hearings = createHearingsService({ store: hearingsStore, calls, instanceId: instances.self, clock });
  const listening = createListeningService({
    media: media.listeners,
    calls,
    hearings: hearingsStore,
    roster: createRosterStore(redis),
    slotFor: (person, slotId) => seats.show(person, slotId),
    events: listeningEvents,
    callEvents,
    instances,
    clock,
    log,
  });
  lifecycle.onStop('stopAdmitting', 'listenings', () => listening.stop());
  repeat('settling of listenings', watchEveryMs, () => listening.settle(), { lifecycle, log });
  repeat('sweep of calls', watchEveryMs, () => calls.sweep(), { lifecycle, log });
  repeat('sweep of listenings', settleEveryMs, () => listening.sweep(), { lifecycle, log });

  // Recordings: every call is captured, sealed and archived by the workers; the server leads and keeps the books.
  const objects = createObjectStore(config);
  lifecycle.onStop('closeStores', 'object store', () => objects.close());
  const queues = new Queues({ redisUrl: config.REDIS_URL, log });
  lifecycle.onStop('closeQueues', 'queues', () => queues.close());
  const recordingsStore = createRecordingsStore(mongo);
  await recordingsStore.ready();
  const capture = createCaptureService({
    store: recordingsStore,
    calls,
    tap,
    queues,
    callEvents,
    events: new TypedEvents<RecordingEvents>(faultIn('recordings')),
    scenarioName: async (scenarioId) =>
      (await company()).scenarios.find((one) => one.id === scenarioId)?.name ?? null,
    instanceId: instances.self,
    clock,
    log,
  });
  lifecycle.onStop('handOverCaptures', 'captures', async () => {
    await tap.close();
    await capture.written();
  });
  const recordings = createRecordingsService({
    store: recordingsStore,
    storage: objects,
    hearings,
    agentNames: async (ids) =>
      [...(await identity.persons(ids)).values()].map(({ id, name }) => ({ id, name })),
    clock,
  });
  handleReports(queues, capture);
  repeat('sweep of captures', watchEveryMs, () => capture.sweep(), { lifecycle, log });
  // Calls and hearings that an earlier process left open are closed before new ones come.
  await calls.sweep();
  await listening.sweep();

  const probes: Probe[] = [
    { name: 'mongodb', vital: true, check: () => pingMongo(mongo).then(() => undefined) },
    { name: 'redis', vital: true, check: () => redis.ping().then(() => undefined) },
    { name: 's3', vital: false, check: () => objects.ping().then(() => undefined) },
    {
      name: 'media',
      vital: true,
      check: async () => {
        if (media.workers().length === 0) throw new Error('no SFU worker runs');
        return undefined;
      },
    },
  ];
  const companyZone = async () => (await company()).lines[0]?.zone ?? 'UTC';
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
    ...callsRoutes(calls),
    ...softphoneRoutes(softphone),
    ...listeningRoutes(hearings),
    ...recordingsRoutes(recordings),
    ...operationsRoutes(operations),
  ];
  const softphoneDoor = softphoneSockets({
    softphone,
    calls,
    callMedia: media.calls,
    media: media.softphone,
    announcer: gateway,
    events: callEvents,
  });
  const listeningDoor = listeningSockets({
    listening,
    calls,
    announcer: gateway,
    events: listeningEvents,
    callEvents,
  });
  const socketDoors: SocketDoor[] = [...softphoneDoor.doors, ...listeningDoor.doors];
  gateway.mount(socketDoors);
  gateway.onGone(softphoneDoor.onGone);
  gateway.onGone(listeningDoor.onGone);
  const startOfToday = async () => startOfDay(clock(), await companyZone());
  registerLiveMetrics(metrics, {
    media,
    tap,
    listening,
    recordings,
    queues: () => queues.counts(),
    startOfToday,
  });
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
