import { expect } from 'chai';
import type { SealJob } from '#contract/capture.ts';
import type { StoredCall } from '#domains/calls/calls.ts';
import { type CaptureDependencies, createCaptureService } from '#domains/recordings/capture.service.ts';
import { createRecordingsStore, type RecordingsStore } from '#domains/recordings/recordings.store.ts';
import { AppError } from '#kernel/errors.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { freshStores } from '#support/stack.ts';
import { storedRecording } from '#support/stored-recording.ts';

const log = createLog('test', 'silent');

describe('a call that only a spool knows as recorded', function () {
  this.timeout(30_000);
  let mongo: MongoConnection;
  let store: RecordingsStore;
  let sealed: SealJob[];

  beforeEach(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, log);
    store = createRecordingsStore(mongo);
    await store.ready();
    sealed = [];
  });
  afterEach(() => mongo.close());

  const calls: Partial<Record<string, Partial<StoredCall>>> = {
    call_over: { state: 'ended', startedAt: 1_000, endedAt: 61_000 },
    call_on_air: { state: 'live', startedAt: 1_000, endedAt: null },
    call_of_rec_1: { state: 'ended', startedAt: 1_000, endedAt: 61_000 },
  };
  function service() {
    const callOf = async (id: string) => {
      const known = calls[id];
      if (!known) throw new AppError('not-found', 'There is no such call.');
      const about = {
        lineId: 'supermarket',
        agentId: 'agent-1',
        agentName: null,
        customerMasked: '',
        facts: {},
      };
      return { id, ...about, ...known } as StoredCall;
    };
    return createCaptureService({
      store,
      calls: { find: callOf },
      tap: { on: () => {}, status: () => [] },
      queues: { enqueueSeal: async (job: SealJob) => void sealed.push(job) },
      workers: async () => [],
      copies: 'auto',
      callEvents: new TypedEvents(() => {}),
      events: new TypedEvents(() => {}),
      scenarioName: async () => null,
      instanceId: 'server-1',
      instanceAlive: async () => true,
      clock: () => 100_000,
      log,
    } as unknown as CaptureDependencies);
  }

  it('is written down and sealed from there, once', async () => {
    expect(await service().adopt('call_over', ['spool-1', 'spool-2'])).to.equal(true);
    expect(await service().adopt('call_over', ['spool-1'])).to.equal(false);
    const recording = (await store.byCall('call_over'))!;
    expect(recording).to.deep.include({ state: 'captured', startedAt: 1_000, callEndedAt: 61_000 });
    expect(sealed).to.deep.equal([
      { recordingId: recording.id, callId: 'call_over', holders: ['spool-1', 'spool-2'], items: null },
    ]);
  });

  it('is left alone while it goes on, when it is recorded, and when nobody knows it', async () => {
    await store.insert(storedRecording('rec_1'));
    for (const callId of ['call_on_air', 'call_of_rec_1', 'call_of_nobody']) {
      expect(await service().adopt(callId, ['spool-1']), callId).to.equal(false);
    }
    expect(sealed).to.deep.equal([]);
  });
});
