import { randomUUID } from 'node:crypto';
import type { Businesses } from '#domains/businesses/businesses.service.ts';
import { teamOf } from '#domains/businesses/businesses.ts';
import { callsRoutes } from '#domains/calls/calls.routes.ts';
import { createCallsService } from '#domains/calls/calls.service.ts';
import { createCallsStore } from '#domains/calls/calls.store.ts';
import type { CallEvents } from '#domains/calls/calls.ts';
import { createPausesService } from '#domains/calls/pauses.service.ts';
import { softphoneRoutes } from '#domains/calls/softphone.routes.ts';
import { createSoftphoneService } from '#domains/calls/softphone.service.ts';
import { softphoneSockets } from '#domains/calls/softphone.sockets.ts';
import type { Identity } from '#domains/identity/identity.service.ts';
import { createHearingsService } from '#domains/listening/hearings.service.ts';
import { createHearingsStore } from '#domains/listening/hearings.store.ts';
import { listeningRoutes } from '#domains/listening/listening.routes.ts';
import { createListeningService } from '#domains/listening/listening.service.ts';
import { listeningSockets } from '#domains/listening/listening.sockets.ts';
import { createRosterStore } from '#domains/listening/roster.store.ts';
import type { ListeningEvents } from '#domains/listening/running-listenings.ts';
import { createCaptureService } from '#domains/recordings/capture.service.ts';
import { livingRecorders } from '#domains/recordings/recorders.store.ts';
import { handleReports } from '#domains/recordings/recordings.jobs.ts';
import { recordingsRoutes } from '#domains/recordings/recordings.routes.ts';
import { createRecordingsService } from '#domains/recordings/recordings.service.ts';
import { announceRecordings } from '#domains/recordings/recordings.sockets.ts';
import { createRecordingsStore } from '#domains/recordings/recordings.store.ts';
import type { RecordingEvents } from '#domains/recordings/recordings.ts';
import { createRenderingsService } from '#domains/recordings/renderings.service.ts';
import type { Seats } from '#domains/seats/seats.service.ts';
import type { Route } from '#http/route.ts';
import { type Clock, steadyClock } from '#kernel/clock.ts';
import type { ServerConfig } from '#kernel/config.ts';
import type { Probe } from '#kernel/health.ts';
import { registerInstance } from '#kernel/instances.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { Log } from '#kernel/log.ts';
import type { connectMongo } from '#kernel/mongo.ts';
import { Queues } from '#kernel/queues.ts';
import type { Redis } from '#kernel/redis.ts';
import { repeat } from '#kernel/repeat.ts';
import { createObjectStore } from '#kernel/s3.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { createMediaPlane } from '#media/media-plane.ts';
import { createTapServer } from '#media/tap/tap-server.ts';
import type { Gateway } from '#realtime/gateway.ts';
import { openThreadedIngress } from '#telephony/threaded-ingress.ts';
import { startAnalysis } from './live-analysis.ts';
import { startBookmarks } from './live-bookmarks.ts';
import { startFollowing } from './live-follow.ts';
import { startKeeping } from './live-keeping.ts';
import { startLineProbes } from './live-line-probe.ts';
import { startMeetings } from './live-meetings.ts';
import { startRooms } from './live-rooms.ts';
import { startTimeShift } from './live-time-shift.ts';

/** How often running listenings, captures and calls of dead processes are looked at. Milliseconds. */
const watchEveryMs = 5_000;
/** How often it is looked whether every call has the recorders it should have. Milliseconds. */
const tendEveryMs = 1_000;
/** How often hearings that a dead process left open are looked for: their agents wait for the stop. Milliseconds. */
const sweepEveryMs = 5_000;
/** How often recordings that lack a rendering are looked for. Milliseconds. */
const renderingsEveryMs = 60_000;

export interface LiveNeeds {
  readonly config: ServerConfig;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly mongo: Awaited<ReturnType<typeof connectMongo>>;
  readonly redis: Redis;
  readonly gateway: Gateway;
  readonly businesses: Businesses;
  readonly identity: Identity;
  readonly seats: Seats;
}

/**
 * The second half of a start: from the packets that come in to the recordings that are replayed.
 * Every step says beside itself how it is undone.
 */
export async function startLive(needs: LiveNeeds) {
  const { config, log, lifecycle, clock, mongo, redis, gateway, businesses, identity, seats } = needs;

  // The live plane: telephony's audio comes in, SFU workers carry it, the tap keeps it for the recorders.
  const steady = steadyClock({ mayJump: () => carried() === 0 });
  let carried = () => 0;
  let listenersFromDisk: (callId: string) => number = () => 0;
  const ingress = await openThreadedIngress({
    listenIp: config.RTP_LISTEN_IP,
    announcedAddress: config.RTP_ANNOUNCED_ADDRESS,
    portMin: config.RTP_PORT_MIN,
    portMax: config.RTP_PORT_MAX,
    log,
    clock: steady,
  });
  const tap = await createTapServer({
    listenIp: config.TAP_LISTEN_IP,
    port: config.TAP_PORT,
    advertisedHost: config.TAP_ADVERTISED_HOST,
    bufferMs: config.TAP_BUFFER_MS,
    log,
    clock: steady,
  });
  const media = await createMediaPlane({
    config,
    ingress,
    tap,
    log,
    clock: steady,
  });
  carried = () => tap.totals().calls;
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
    listenersOf: (callId) => media.listeners.listenersOf(callId) + listenersFromDisk(callId),
    instances,
    clock,
    log,
  });
  const pauses = createPausesService({
    store: callsStore,
    calls,
    media: media.calls,
    events: callEvents,
    maxMs: config.PAUSE_MAX_MS,
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
  const hearings = createHearingsService({
    store: hearingsStore,
    calls,
    lines: async () => (await company()).lines,
    team: async (businessId) => teamOf(await company(), businessId),
    hoursAQuarter: config.LISTENING_HOURS_A_QUARTER,
    instanceId: instances.self,
    clock,
  });
  const listening = createListeningService({
    media: media.listeners,
    calls,
    hearings: hearingsStore,
    roster: createRosterStore(redis),
    slotFor: (person, slotId) => seats.show(person, slotId),
    ownedLines: async (personId) => (await businesses.ownedBy(personId)).lineIds,
    delayMs: config.LISTENING_DELAY_MS,
    events: listeningEvents,
    callEvents,
    instances,
    clock,
    log,
  });
  listenersFromDisk = (callId) => listening.besideLive(callId);
  lifecycle.onStop('stopAdmitting', 'listenings', () => listening.stop());
  startLineProbes({ gateway, clock, media });
  startTimeShift({ config, log, lifecycle, redis, gateway, calls, listening, clock: steady });
  startFollowing({
    ...{ log, lifecycle, clock, redis, gateway, calls, callEvents, listeningEvents, hearings },
    ...{ businesses, identity, seats, instanceId: instances.self },
  });
  repeat('settling of listenings', watchEveryMs, () => listening.settle(), { lifecycle, log });
  repeat('sweep of calls', watchEveryMs, () => calls.sweep(), { lifecycle, log });
  repeat('sweep of listenings', sweepEveryMs, () => listening.sweep(), { lifecycle, log });

  const together = await startRooms({ log, lifecycle, clock, mongo, redis, gateway, identity, seats, calls });

  // Recordings: every call is captured, sealed and archived by the workers; the server leads and keeps the books.
  const objects = createObjectStore(config);
  lifecycle.onStop('closeStores', 'object store', () => objects.close());
  const queues = new Queues({ redisUrl: config.REDIS_URL, log });
  lifecycle.onStop('closeQueues', 'queues', () => queues.close());
  const recordingsStore = createRecordingsStore(mongo);
  await recordingsStore.ready();
  const recordingEvents = new TypedEvents<RecordingEvents>(faultIn('recordings'));
  announceRecordings(gateway, recordingEvents);
  const capture = createCaptureService({
    store: recordingsStore,
    calls,
    tap,
    queues,
    workers: () => livingRecorders(redis),
    copies: config.CAPTURE_COPIES,
    callEvents,
    events: recordingEvents,
    scenarioName: async (scenarioId) =>
      (await company()).scenarios.find((one) => one.id === scenarioId)?.name ?? null,
    instanceId: instances.self,
    instanceAlive: (id) => instances.alive(id),
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
    spokenIn: (words) => analyses.transcripts.saying(words),
    agentNames: async (ids) =>
      [...(await identity.persons(ids)).values()].map(({ id, name }) => ({ id, name })),
    clock,
  });
  const renderings = createRenderingsService({
    ...{ store: recordingsStore, queue: queues, events: recordingEvents, clock, log },
  });
  const analyses = await startAnalysis({
    ...{ config, log, lifecycle, clock, mongo, queues, objects, hearings, recordings },
    events: recordingEvents,
    decisions: recordingsStore,
    scenarios: async () => (await company()).scenarios,
  });
  const moments = await startBookmarks({
    ...{ log, lifecycle, clock, mongo, gateway, seats, identity, calls, listening, hearings },
    ...{ recordings, recordingEvents, queues, objects },
  });
  const convened = await startMeetings({
    ...{ config, log, lifecycle, clock, mongo, identity, businesses, calls, hearings, recordings, objects },
    ...{ bookmarks: moments.bookmarks, clips: moments.clips, hearingsStore },
  });
  const keeping = await startKeeping({
    ...{ log, lifecycle, clock, mongo, redis, queues, objects, calls, capture },
    recordings: recordingsStore,
    instanceId: instances.self,
    lineExists: async (lineId) => (await lineOf(lineId)) !== undefined,
    rooms: together.kept,
    slotsByIds: (ids) => seats.slots(ids),
    dependents: [
      { name: 'analysis', erase: ({ recordingId }) => analyses.analysis.eraseRecording(recordingId) },
      { name: 'transcripts', erase: ({ recordingId }) => analyses.transcripts.eraseRecording(recordingId) },
      ...moments.dependents,
      ...convened.dependents,
    ],
  });
  handleReports(queues, capture, keeping.deletions);
  repeat('sweep of renderings', renderingsEveryMs, () => renderings.sweep(), { lifecycle, log });
  repeat('sweep of captures', watchEveryMs, () => capture.sweep(), { lifecycle, log });
  repeat('copies of captures', tendEveryMs, () => capture.tend(), { lifecycle, log });
  // Calls and hearings that an earlier process left open are closed before new ones come.
  await calls.sweep();
  await listening.sweep();

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
    tellsAgents: hearings.isTellingLive,
    events: listeningEvents,
    callEvents,
    sockets: () => gateway.connected,
    onFault: (about, fault) => log.warn({ about, err: fault }, 'a room was not told'),
  });
  gateway.mount([...softphoneDoor.doors, ...listeningDoor.doors, ...moments.doors]);
  gateway.onGone(softphoneDoor.onGone);
  gateway.onGone(listeningDoor.onGone);
  const routes: Route[] = [
    ...callsRoutes(calls, pauses, hearings.isTellingLive),
    ...softphoneRoutes(softphone),
    ...listeningRoutes(hearings),
    ...together.routes,
    ...recordingsRoutes(recordings),
    ...analyses.routes,
    ...moments.routes,
    ...convened.routes,
    ...keeping.routes,
  ];
  const probes: Probe[] = [
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
  return {
    media,
    ingress,
    tap,
    calls,
    listening,
    listeningEvents,
    recordings,
    capture,
    keeping,
    convened,
    queues,
    routes,
    probes,
  };
}
