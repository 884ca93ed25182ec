import { expect } from 'chai';
import type { ArchiveJob, CaptureJob, Report, SealJob } from '#contract/capture.ts';
import type { CallTapEvents } from '#domains/calls/calls.ports.ts';
import type { CallEvents } from '#domains/calls/calls.ts';
import { type CaptureDependencies, createCaptureService } from '#domains/recordings/capture.service.ts';
import type { RecordingEvents, StoredRecording } from '#domains/recordings/recordings.ts';
import { createLog } from '#kernel/log.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { eventually } from '#support/eventually.ts';

const ids = { recordingId: 'rec_1', callId: 'call_1' };
const fault = (_: PropertyKey, thrown: unknown) => {
  throw thrown;
};

/** The service over books of one recording and a queue that fails as often as it is told. */
function house(state: StoredRecording['state']) {
  let book = { id: 'rec_1', callId: 'call_1', state, packets: 10, packetsDropped: 0 } as StoredRecording;
  const tapEvents = new TypedEvents<CallTapEvents>(fault);
  const seals: SealJob[] = [];
  const archives: ArchiveJob[] = [];
  const failing = { times: 0 };
  const told: StoredRecording['state'][] = [];
  const events = new TypedEvents<RecordingEvents>(fault);
  events.on('recording-moved', ({ recording }) => void told.push(recording.state));
  const queue = async <J>(jobs: J[], job: J) => {
    if (failing.times-- > 0) throw new Error('Redis is away');
    jobs.push(job);
  };
  const store = {
    byCall: async () => book,
    byId: async () => book,
    addHolder: async () => {},
    move: async (_: string, from: string[], to: StoredRecording['state'], set: Partial<StoredRecording>) => {
      if (!from.includes(book.state)) return null;
      book = { ...book, ...set, state: to };
      return book;
    },
  };
  const service = createCaptureService({
    store,
    calls: {},
    tap: { on: tapEvents.on.bind(tapEvents), status: () => [] },
    queues: {
      enqueueCapture: async (_: CaptureJob) => {},
      enqueueSeal: (job: SealJob) => queue(seals, job),
      enqueueArchive: (job: ArchiveJob) => queue(archives, job),
    },
    workers: async () => [],
    copies: 'auto',
    callEvents: new TypedEvents<CallEvents>(fault),
    events,
    scenarioName: async () => null,
    instanceId: 'server-1',
    instanceAlive: async () => false,
    clock: () => 1_000,
    log: createLog('test', 'silent'),
  } as unknown as CaptureDependencies);
  return { service, tapEvents, seals, archives, failing, told, book: () => book };
}

const sealed: Report = {
  kind: 'sealed',
  ...ids,
  workerId: 'w',
  at: 1,
  spoolId: 'spool_1',
  facts: {
    startedAt: 1,
    durationMs: 1_000,
    coverage: 1,
    gaps: [],
    legs: [],
    thumbnail: { agent: [], customer: [] },
    loudness: null,
  },
};

describe('the way of a recording through its stages', () => {
  it('goes on where the queue was away after the books were written', async () => {
    const { tapEvents, seals, failing, told, book } = house('capturing');
    failing.times = 1;
    const end = { packets: 10, dropped: 0, items: 13, spoolIds: ['spool_1', 'spool_2'] };
    tapEvents.emit('recorder-finished', { callId: 'call_1', lease: '', ...end });
    await eventually(() =>
      expect(seals).to.deep.equal([{ ...ids, items: 13, holders: ['spool_1', 'spool_2'] }]),
    );
    expect(book().state).to.equal('captured');
    expect(told).to.deep.equal(['captured']);
  });

  it('goes on where it was away after the recording was sealed', async () => {
    const { service, archives, failing, told, book } = house('captured');
    failing.times = 1;
    await service.apply(sealed).then(
      () => expect.fail('the report must be delivered again'),
      () => {},
    );
    expect(book().state).to.equal('sealed');
    await service.apply(sealed);
    expect(archives).to.deep.equal([{ ...ids, items: null, holders: [], sealedIn: 'spool_1' }]);
    expect(told).to.deep.equal(['sealed']);
  });

  it('is told once, also where a word comes twice', async () => {
    const { service, told } = house('captured');
    const archived: Report = { kind: 'archived', ...ids, workerId: 'w', at: 2, files: [] };
    for (const word of [sealed, sealed, archived]) await service.apply(word);
    expect(told).to.deep.equal(['sealed', 'archived']);
  });

  it('is told where it ends in failure', async () => {
    const { service, told } = house('captured');
    const about = {
      kind: 'failed',
      ...ids,
      workerId: 'w',
      at: 1,
      stage: 'seal',
      code: 'seal.no-spool',
    } as const;
    await service.apply({ ...about, message: 'Not yet.', final: false });
    await service.apply({ ...about, message: 'Nobody has it.', final: true });
    expect(told).to.deep.equal(['failed']);
  });

  it('hears no failure of a stage that is over', async () => {
    const { service, book } = house('archived');
    const failed: Report = {
      kind: 'failed',
      ...ids,
      workerId: 'w',
      at: 1,
      stage: 'seal',
      code: 'seal.holder-away',
      message: 'A worker is away.',
      final: false,
    };
    await service.apply(failed);
    expect(book().failure).to.be.undefined;
  });
});
