import { expect } from 'chai';
import type { EraseJob } from '#contract/capture.ts';
import type { Person, Role } from '#contract/identity.ts';
import { createKeptRecordings } from '#domains/recordings/kept-recordings.store.ts';
import { createRecordingsStore, type RecordingsStore } from '#domains/recordings/recordings.store.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import { createDeletions, type Deletions } from '#domains/retention/deletions.service.ts';
import { createRetentionService, type RetentionService } from '#domains/retention/retention.service.ts';
import { createRetentionStore, type RetentionStore } from '#domains/retention/retention.store.ts';
import { brokenAt } from '#domains/retention/retention.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { freshStores } from '#support/stack.ts';
import { storedRecording } from '#support/stored-recording.ts';

const day = 24 * 3_600_000;
const log = createLog('test', 'silent');
const person = (role: Role): Person => ({
  ...{ id: role, role, businessIds: [], lineIds: [] },
  ...{ name: { en: role, zh: role }, title: { en: role, zh: role } },
});
const admin = person('admin');
const cx = person('cx');

describe('retention', function () {
  this.timeout(60_000);
  let mongo: MongoConnection;
  let store: RetentionStore;
  let recordings: RecordingsStore;
  let deletions: Deletions;
  let retention: RetentionService;
  let now: number;
  let queued: EraseJob[];
  let forgotten: string[];
  /** Runs between the first step of a deletion and its last look for holds. */
  let beforeCommit: () => Promise<void>;
  let queueFails: boolean;

  beforeEach(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, log);
    recordings = createRecordingsStore(mongo);
    await recordings.ready();
    store = await createRetentionStore(mongo);
    now = Date.UTC(2026, 5, 1);
    queued = [];
    forgotten = [];
    beforeCommit = async () => {};
    queueFails = false;
    start();
  });
  afterEach(() => mongo.close());

  /** As a server that has just come up. */
  function start(): void {
    const rows = { ...recordings, ...createKeptRecordings(mongo) };
    const clock = () => now;
    const hooked = {
      ...store,
      openHolds: async () => {
        await beforeCommit();
        return store.openHolds();
      },
    };
    deletions = createDeletions({
      store: hooked,
      recordings: rows,
      queue: {
        enqueueErase: async (job) => {
          if (queueFails) throw new Error('the queue is away');
          queued.push(job);
        },
      },
      dependents: [
        { name: 'transcripts', erase: async ({ recordingId }) => void forgotten.push(recordingId) },
      ],
      clock,
      log,
    });
    retention = createRetentionService({
      ...{ store, recordings: rows, deletions, clock, log, perRun: 5 },
      lineExists: async (lineId) => ['supermarket', 'delivery'].includes(lineId),
    });
  }
  async function insert(id: string, ageDays: number, extra: Partial<StoredRecording> = {}) {
    const recording = storedRecording(id, { startedAt: now - ageDays * day, ...extra });
    await recordings.insert(recording);
    return recording;
  }
  const stateOf = async (id: string) => (await recordings.byId(id))?.state;
  const codeOf = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
  const setPolicy = (rule: {
    lineId?: string;
    recordingClass?: 'test' | 'clip-source';
    floorDays?: number;
    ceilingDays: number | null;
  }) =>
    retention.savePolicy(admin, {
      rule: { lineId: null, recordingClass: null, floorDays: 0, ...rule },
      reason: 'as agreed',
    });
  const erase = (job: EraseJob) =>
    deletions.erased({
      ...{ kind: 'erased', recordingId: job.recordingId, callId: job.callId, workerId: 'w', at: now },
      tombstone: { key: 'recordings/2026/01/01/x/tombstone.json', sha256: 'b'.repeat(64) },
      files: [{ key: 'recordings/2026/01/01/x/audio.webm', bytes: 300, sha256: 'a'.repeat(64) }],
    });

  it('deletes what is past its ceiling, by line and class, and keeps the rest', async () => {
    await setPolicy({ lineId: 'supermarket', ceilingDays: 30 });
    await setPolicy({ recordingClass: 'test', ceilingDays: 5 });
    await setPolicy({ lineId: 'delivery', recordingClass: 'clip-source', ceilingDays: null });
    await insert('rec_old', 31);
    await insert('rec_young', 29);
    await insert('rec_of_before_classes', 40);
    await mongo
      .db!.collection('recordings')
      .updateOne({ _id: 'rec_of_before_classes' as never }, { $unset: { recordingClass: '' } });
    await insert('rec_test', 6, { lineId: 'delivery', recordingClass: 'test' });
    await insert('rec_test_of_line', 6, { recordingClass: 'test' });
    await insert('rec_clips', 1_000, { lineId: 'delivery', recordingClass: 'clip-source' });
    await insert('rec_half_year', 181, { lineId: 'delivery' });
    await insert('rec_not_yet', 179, { lineId: 'delivery' });
    await insert('rec_failed', 31, { state: 'failed', files: [], failure: { code: 'x', message: 'y' } });
    await insert('rec_live', 31, { state: 'capturing', files: [] });

    const preview = await retention.preview(admin, { limit: 100 });
    const due = ['rec_failed', 'rec_half_year', 'rec_of_before_classes', 'rec_old', 'rec_test'];
    expect(preview.items.map(({ recordingId }) => recordingId).sort()).to.deep.equal(due);
    expect(preview.due).to.include({ recordings: 5, bytes: 4 * 370 });
    expect(await stateOf('rec_old'), 'a dry run').to.equal('archived');
    await retention.tend();
    expect(queued.map(({ recordingId }) => recordingId).sort()).to.deep.equal(due);
    expect(queued[0]).to.deep.include({ holders: [], requestedAt: now });
    expect(queued.find(({ recordingId }) => recordingId === 'rec_test')?.reason).to.equal(
      'older than 5 days',
    );
    for (const id of ['rec_young', 'rec_clips', 'rec_not_yet', 'rec_test_of_line']) {
      expect(await stateOf(id), id).to.equal('archived');
    }
  });

  it('shows what a policy would do before it is set', async () => {
    await insert('rec_1', 20);
    await insert('rec_2', 10);
    const draft = { lineId: 'supermarket', recordingClass: null, floorDays: 0, ceilingDays: 15 };
    expect((await retention.preview(cx, { limit: 10 })).due.recordings).to.equal(0);
    const tried = await retention.preview(cx, { draft, limit: 10 });
    expect(tried.items.map(({ recordingId, policyId }) => [recordingId, policyId])).to.deep.equal([
      ['rec_1', 'draft'],
    ]);
    const later = await retention.preview(cx, { draft, limit: 10, at: now + 6 * day });
    expect(later.due.recordings).to.equal(2);
    expect((await retention.policies(cx)).policies.map(({ id }) => id)).to.deep.equal(['default']);
  });

  it('keeps what is held for as long as it is held, and says by what', async () => {
    await insert('rec_1', 400);
    await insert('rec_2', 400, { agentId: 'agent-2' });
    const placed = await retention.placeHold(cx, { scope: { agentId: 'agent-1' }, reason: 'court case 12' });
    expect(placed).to.include({ covered: 1, tooLate: 0 });
    const preview = await retention.preview(admin, { limit: 10 });
    expect([preview.due.recordings, preview.held.recordings]).to.deep.equal([1, 1]);
    expect(preview.items.find(({ recordingId }) => recordingId === 'rec_1')!.holds).to.deep.equal([
      { id: placed.hold.id, reason: 'court case 12' },
    ]);
    await retention.tend();
    expect(await stateOf('rec_1')).to.equal('archived');
    expect(await stateOf('rec_2')).to.equal('deleting');
    expect(await codeOf(retention.deleteRecording(admin, 'rec_1', 'by mistake'))).to.equal('recording.held');
    expect(await stateOf('rec_1')).to.equal('archived');
    expect((await recordings.byId('rec_1'))?.deletion).to.equal(null);

    const late = await retention.placeHold(cx, { scope: { agentId: 'agent-2' }, reason: 'too late' });
    expect(late).to.include({ covered: 0, tooLate: 1 });
    await retention.releaseHold(admin, placed.hold.id, 'case closed');
    const again = await retention.releaseHold(admin, placed.hold.id, 'once more');
    expect(again.released?.reason).to.equal('case closed');
    now += 3_700_000;
    await retention.tend();
    expect(await stateOf('rec_1')).to.equal('deleting');
  });

  it('lets a hold win that is placed in the last moment', async () => {
    const one = await insert('rec_1', 400);
    beforeCommit = async () => {
      beforeCommit = async () => {};
      await retention.placeHold(cx, { scope: { recordingId: one.id }, reason: 'just in time' });
    };
    expect(await codeOf(retention.deleteRecording(admin, 'rec_1', 'too old'))).to.equal('recording.held');
    expect(await stateOf('rec_1')).to.equal('archived');
    expect(queued).to.deep.equal([]);
  });

  it('leaves of a deleted recording the row without its contents, and the proof', async () => {
    await insert('rec_1', 400);
    await retention.tend();
    expect(await stateOf('rec_1')).to.equal('deleting');
    await erase(queued[0]!);
    await erase(queued[0]!);
    const row = (await recordings.byId('rec_1'))!;
    expect(row).to.deep.include({
      ...{ state: 'deleted', facts: {}, customerMasked: '', searchText: '', thumbnail: null, files: [] },
      ...{ lineId: 'supermarket', agentId: 'agent-1', durationMs: 60_000 },
    });
    expect(forgotten).to.deep.equal(['rec_1']);
    const kept = await retention.recording(cx, 'rec_1');
    expect(kept.deletion).to.deep.include({
      by: 'policy:default',
      reason: 'older than 180 days',
      doneAt: now,
    });
    expect(kept.deletion!.tombstone!.sha256).to.equal('b'.repeat(64));
    expect((await recordings.page({ lineIds: null, words: [] }, null, 10)).total).to.equal(0);
    expect(await retention.deleteRecording(admin, 'rec_1', 'again')).to.include({ state: 'deleted' });
    expect(
      await codeOf(retention.classify(admin, 'rec_1', { recordingClass: 'test', reason: 'why not' })),
    ).to.equal('recording.deleted');
  });

  it('goes on with a deletion that a crash left half way', async () => {
    await insert('rec_1', 400);
    await insert('rec_2', 400);
    queueFails = true;
    await retention.deleteRecording(admin, 'rec_1', 'too old').catch(() => {});
    beforeCommit = async () => {
      throw new Error('the process dies here');
    };
    await retention.deleteRecording(admin, 'rec_2', 'too old').catch(() => {});
    expect([await stateOf('rec_1'), await stateOf('rec_2')]).to.deep.equal(['deleting', 'deleting']);
    expect(queued).to.deep.equal([]);

    queueFails = false;
    beforeCommit = async () => {};
    start();
    await deletions.resume();
    expect(queued, 'it may still be at it').to.deep.equal([]);
    now += 3 * 60_000;
    await deletions.resume();
    expect(queued.map(({ recordingId }) => recordingId).sort()).to.deep.equal(['rec_1', 'rec_2']);
    await deletions.resume();
    expect(queued, 'not at every look').to.have.length(2);
    now += 5 * 60_000;
    await deletions.resume();
    expect(queued).to.have.length(4);
  });

  it('deletes by hand only what is past its floor', async () => {
    await setPolicy({ floorDays: 10, ceilingDays: 30 });
    await insert('rec_young', 9);
    await insert('rec_1', 11);
    await insert('rec_live', 11, { state: 'capturing' });
    expect(await codeOf(retention.deleteRecording(admin, 'rec_young', 'she asked'))).to.equal(
      'recording.too-young',
    );
    expect(await codeOf(retention.deleteRecording(admin, 'rec_live', 'she asked'))).to.equal(
      'recording.not-ready',
    );
    expect(await codeOf(retention.deleteRecording(admin, 'rec_none', 'she asked'))).to.equal('not-found');
    expect(await retention.deleteRecording(admin, 'rec_1', 'she asked')).to.include({ state: 'deleting' });
    expect(queued[0]).to.include({ by: 'person:admin', reason: 'she asked' });
  });

  it('is run by one of many servers, and goes on at once when there is more', async () => {
    const ordered = () => new Set(queued.map(({ recordingId }) => recordingId)).size;
    for (let at = 0; at < 7; at++) await insert(`rec_${at}`, 400);
    await Promise.all([retention.tend(), retention.tend(), retention.tend()]);
    expect(ordered()).to.equal(5);
    now += 60_000;
    await retention.tend();
    expect(ordered()).to.equal(7);
    await insert('rec_later', 400);
    now += 60_000;
    await retention.tend();
    expect(ordered(), 'not before an hour is over').to.equal(7);
    expect(await retention.runNow(admin), 'unless it is asked for').to.deep.equal({ queued: 1 });
  });

  it('keeps a trail of every change, in which nothing can be changed', async () => {
    const { id } = await setPolicy({ lineId: 'delivery', ceilingDays: 30 });
    await setPolicy({ lineId: 'delivery', ceilingDays: 20 });
    const holds = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        retention.placeHold(cx, { scope: { lineId: 'delivery', from: at }, reason: `case ${at}` }),
      ),
    );
    await retention.releaseHold(cx, holds[0]!.hold.id, 'closed');
    await retention.removePolicy(admin, id, 'no longer needed');
    const first = await retention.events(cx, { limit: 8 });
    const rest = await retention.events(cx, { limit: 8, before: first.nextBefore! });
    expect(rest.nextBefore).to.equal(null);
    const events = [...first.events, ...rest.events].reverse();
    expect(events.map(({ action }) => action)).to.deep.equal([
      'policy-saved',
      'policy-saved',
      ...Array<string>(8).fill('hold-placed'),
      'hold-released',
      'policy-removed',
    ]);
    expect(events[1]!.before).to.include({ ceilingDays: 30 });
    expect(events[1]!.after).to.include({ ceilingDays: 20 });
    expect(events[0]!.by).to.deep.equal({ id: 'admin', name: { en: 'admin', zh: 'admin' } });
    expect(brokenAt(events)).to.equal(null);
  });

  it('has one policy for a target, whoever sets it, and only for lines that there are', async () => {
    const saved = await Promise.all([30, 40, 50].map((ceilingDays) => setPolicy({ ceilingDays })));
    expect(new Set(saved.map(({ id }) => id)).size).to.equal(1);
    expect((await retention.policies(admin)).policies).to.have.length(1);
    expect(await codeOf(setPolicy({ lineId: 'nowhere', ceilingDays: 3 }))).to.equal('not-found');
    expect(await codeOf(retention.removePolicy(admin, 'default', 'try'))).to.equal('not-found');
    expect(await codeOf(retention.placeHold(cx, { scope: { recordingId: 'none' }, reason: 'try' }))).to.equal(
      'not-found',
    );
  });

  it('is looked after by few', async () => {
    await insert('rec_1', 400);
    const everything = (who: Person) => [
      retention.policies(who),
      retention.placeHold(who, { scope: { recordingId: 'rec_1' }, reason: 'try' }),
      retention.deleteRecording(who, 'rec_1', 'try'),
      retention.savePolicy(who, {
        rule: { lineId: null, recordingClass: null, floorDays: 0, ceilingDays: 1 },
        reason: 'try',
      }),
    ];
    const codes = async (who: Person) => await Promise.all(everything(who).map(codeOf));
    for (const role of ['listener', 'owner', 'host', 'agent'] as const) {
      expect(await codes(person(role)), role).to.deep.equal(Array(4).fill('ability.denied'));
    }
    expect(await codes(cx)).to.deep.equal(['done', 'done', 'ability.denied', 'ability.denied']);
  });
});
