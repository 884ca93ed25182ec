import type { CallsService } from '#domains/calls/calls.service.ts';
import { integrityRoutes } from '#domains/integrity/integrity.routes.ts';
import { createIntegrityService } from '#domains/integrity/integrity.service.ts';
import { createIntegrityStore } from '#domains/integrity/integrity.store.ts';
import type { CaptureService } from '#domains/recordings/capture.service.ts';
import { createKeptRecordings } from '#domains/recordings/kept-recordings.store.ts';
import { livingSpools } from '#domains/recordings/recorders.store.ts';
import type { RecordingsStore } from '#domains/recordings/recordings.store.ts';
import { createDeletions } from '#domains/retention/deletions.service.ts';
import type { Dependent } from '#domains/retention/retention.ports.ts';
import { retentionRoutes } from '#domains/retention/retention.routes.ts';
import { createRetentionService } from '#domains/retention/retention.service.ts';
import { createRetentionStore } from '#domains/retention/retention.store.ts';
import {
  createRoomRetention,
  type RoomRetentionDependencies,
} from '#domains/retention/room-retention.service.ts';
import type { Metrics } from '#kernel/metrics.ts';
import type { Queues } from '#kernel/queues.ts';
import { repeat } from '#kernel/repeat.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { LiveNeeds } from './live.ts';

/** How often a server asks whether it is time to look through the archive; one of them then does. Milliseconds. */
const askEveryMs = 60_000;

/** How often deletions that got stuck are gone on with, and a server asks whether it is time for others. Milliseconds. */
const tendEveryMs = 60_000;

/** How often notes and messages are looked for that are kept long enough. Milliseconds. */
const clearEveryMs = 3_600_000;

interface KeepingNeeds extends Pick<LiveNeeds, 'log' | 'lifecycle' | 'clock' | 'mongo' | 'redis'> {
  readonly queues: Queues;
  readonly objects: ObjectStore;
  readonly recordings: RecordingsStore;
  readonly calls: CallsService;
  readonly capture: CaptureService;
  readonly instanceId: string;
  readonly lineExists: (lineId: string) => Promise<boolean>;
  /** Who keeps something that was made of recordings: it goes with them. */
  readonly dependents: readonly Dependent[];
  readonly rooms: RoomRetentionDependencies['rooms'];
  readonly slotsByIds: RoomRetentionDependencies['slotsByIds'];
}

/** The archive over the years: whether it is whole, how long things are kept, and how they go. */
export async function startKeeping(needs: KeepingNeeds) {
  const { log, lifecycle, clock, mongo, redis, queues, objects, recordings, calls, instanceId } = needs;
  const retentionStore = await createRetentionStore(mongo);
  const rows = { ...recordings, ...createKeptRecordings(mongo) };
  const deletions = createDeletions({
    ...{ store: retentionStore, recordings: rows, queue: queues, clock, log },
    dependents: [...needs.dependents, { name: 'call', erase: ({ callId }) => calls.forget(callId) }],
  });
  const integrity = createIntegrityService({
    store: await createIntegrityStore(mongo),
    recordings,
    calls,
    queues,
    bucket: objects,
    eraseAgain: (recording) => deletions.again(recording),
    spools: () => livingSpools(redis),
    adopt: (callId, spoolIds) => needs.capture.adopt(callId, spoolIds),
    instanceId,
    clock,
    log,
  });
  repeat('sweep of the archive', askEveryMs, () => integrity.sweep(), { lifecycle, log });
  // Once at the start, beside everything else: what the last stop or crash left is seen within seconds.
  integrity
    .sweep('start')
    .catch((err: unknown) => log.warn({ err }, 'the first sweep of the archive failed'));
  lifecycle.onStop('stopAdmitting', 'sweep of the archive', () => integrity.stop());

  const retention = createRetentionService({
    ...{ store: retentionStore, recordings: rows, deletions, clock, log },
    lineExists: needs.lineExists,
  });
  repeat('retention', tendEveryMs, () => retention.tend(), { lifecycle, log });
  const roomRetention = createRoomRetention({
    ...{ store: retentionStore, clock, log },
    rooms: needs.rooms,
    slotsByIds: needs.slotsByIds,
    recording: (recordingId) => recordings.byId(recordingId),
  });
  const clearRooms = () => roomRetention.sweep().then(() => undefined);
  repeat('retention of rooms', clearEveryMs, clearRooms, { lifecycle, log });
  clearRooms().catch((err: unknown) => log.warn({ err }, 'the first look for rooms to clear failed'));
  return {
    integrity,
    deletions,
    routes: [...integrityRoutes(integrity), ...retentionRoutes(retention)],
    registerMetrics(metrics: Metrics): void {
      metrics.gauge(
        'archive_findings',
        'Where spools, database and bucket do not agree: an alarm',
        ['kind'],
        async () =>
          (await integrity.figures()).open.map(({ kind, count }) => ({ labels: { kind }, value: count })),
      );
      metrics.gauge(
        'archive_sweep_age_seconds',
        'How long ago the archive was looked through last; absent before the first time',
        [],
        async () => {
          const { finishedAt } = await integrity.figures();
          return finishedAt === null ? [] : [{ labels: {}, value: (clock() - finishedAt) / 1_000 }];
        },
      );
    },
  };
}
