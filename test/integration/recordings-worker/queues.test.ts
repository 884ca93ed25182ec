import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Bull from 'bull';
import { expect } from 'chai';
import type { Report } from '#contract/capture.ts';
import { createLog } from '#kernel/log.ts';
import { growingDelay } from '#kernel/queue-rules.ts';
import { Queues } from '#kernel/queues.ts';
import { type EmbeddedRedis, startRedis } from '#scripts/embedded/redis.ts';
import { eventually } from '#support/eventually.ts';
import { readingRedis } from '#support/reading-redis.ts';

const log = createLog('test', 'silent');

describe('the queues between server and workers', function () {
  this.timeout(30_000);
  let dir: string;
  let redis: EmbeddedRedis;
  let server: Queues;
  let worker: Queues;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'queues-'));
    redis = await startRedis({ dataDir: dir });
  });
  beforeEach(() => {
    server = new Queues({ redisUrl: redis.url, log });
    worker = new Queues({ redisUrl: redis.url, log });
  });
  afterEach(() => Promise.all([server.close(), worker.close()]));
  after(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const counts = async (name: string) => (await server.counts()).find((one) => one.name === name)!;

  it('does a job once however often it is asked for while it waits or runs, and again when it is done', async () => {
    const job = { recordingId: 'rec_1', callId: 'call_1', holders: ['spool_1'], items: 7 };
    for (let i = 0; i < 5; i++) await server.enqueueSeal(job);
    expect((await counts('seal')).waiting).to.equal(1);
    let runs = 0;
    let letGo = () => {};
    worker.handle(
      'seal',
      async (payload) => {
        expect(payload).to.deep.equal(job);
        runs += 1;
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
      },
      { concurrency: 2 },
    );
    await eventually(() => expect(runs).to.equal(1));
    await server.enqueueSeal(job);
    expect(await counts('seal')).to.include({ waiting: 0, active: 1 });
    letGo();
    await eventually(async () => expect((await counts('seal')).active).to.equal(0));
    expect(runs).to.equal(1);
    await server.enqueueSeal(job);
    await eventually(() => expect(runs).to.equal(2));
    letGo();
  });

  it('tries again what fails, and says which try it is', async () => {
    const tries: { attempt: number; lastAttempt: boolean }[] = [];
    worker.handle(
      'archive',
      async (_, context) => {
        tries.push({ ...context });
        if (context.attempt < 3) throw new Error('the store is away');
      },
      { concurrency: 1 },
    );
    await server.enqueueArchive({ recordingId: 'rec_2', callId: 'call_2' });
    await eventually(() => expect(tries).to.have.length(3), { within: 15_000 });
    expect(tries.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
    expect(tries.every(({ lastAttempt }) => !lastAttempt)).to.be.true;
    await eventually(async () =>
      expect(await counts('archive')).to.include({ active: 0, delayed: 0, failed: 0 }),
    );
  });

  it('fails for good what does not fit the contract, and goes on', async () => {
    const raw = new Bull('capture', redis.url, { prefix: '{cloud-listening}' });
    const taken: string[] = [];
    try {
      await raw.add({ captureId: 'no lease, no tap' }, { attempts: 5 });
      worker.handle(
        'capture',
        async ({ captureId }) => {
          taken.push(captureId);
        },
        { concurrency: 1 },
      );
      const tap = { host: '127.0.0.1', port: 1, lease: 'lease' };
      await server.enqueueCapture({ captureId: 'cap_1', callId: 'call_3', recordingId: 'rec_3', tap });
      await eventually(() => expect(taken).to.deep.equal(['cap_1']));
      expect(await counts('capture')).to.include({ failed: 1, delayed: 0, waiting: 0 });
    } finally {
      await raw.close();
    }
  });

  it('delivers reports in the order in which they were sent, and refuses what is no report', async () => {
    const reports: Report[] = Array.from({ length: 50 }, (_, i) => ({
      kind: 'captured',
      captureId: `cap_${i}`,
      recordingId: 'rec_4',
      callId: 'call_4',
      workerId: 'w1',
      at: i,
      packets: i,
    }));
    for (const one of reports) await worker.report(one);
    const got: Report[] = [];
    server.handle(
      'reports',
      async (one) => {
        got.push(one);
      },
      { concurrency: 1 },
    );
    await eventually(() => expect(got).to.deep.equal(reports));
    const wrong = { ...reports[0]!, packets: 'many' } as unknown as Report;
    expect(
      await worker.report(wrong).then(
        () => 'sent',
        () => 'refused',
      ),
    ).to.equal('refused');
  });

  it('takes no jobs in a process that was told to pause, while another one does', async () => {
    const takenBy: string[] = [];
    const other = new Queues({ redisUrl: redis.url, log });
    try {
      const take = (name: string) => async () => {
        takenBy.push(name);
      };
      worker.handle('capture', take('paused'), { concurrency: 50 });
      await worker.pauseHere('capture');
      other.handle('capture', take('other'), { concurrency: 50 });
      const tap = { host: '127.0.0.1', port: 1, lease: 'lease' };
      for (let i = 0; i < 20; i++) {
        await server.enqueueCapture({ captureId: `cap_p${i}`, callId: 'call_5', recordingId: 'rec_5', tap });
      }
      await eventually(() => expect(takenBy).to.have.length(20), { within: 10_000 });
      expect(new Set(takenBy)).to.deep.equal(new Set(['other']));
    } finally {
      await other.close();
    }
  });

  it('waits with a job while Redis, just back, still reads its data', async () => {
    const door = await readingRedis(redis.port);
    const early = new Queues({ redisUrl: door.url, log });
    try {
      let added = false;
      const before = (await counts('seal')).waiting;
      const adding = early.enqueueSeal({ recordingId: 'rec_6', callId: 'call_6' }).then(() => {
        added = true;
      });
      await eventually(() => expect(door.asked).to.be.greaterThan(0));
      expect(added).to.equal(false);
      door.read();
      await adding;
      expect((await counts('seal')).waiting).to.equal(before + 1);
    } finally {
      await early.close();
      door.close();
    }
  });

  it('waits longer each time, up to a minute', () => {
    for (let attempt = 1; attempt < 30; attempt++) {
      const middle = Math.min(60_000, 500 * 2 ** (attempt - 1));
      expect(growingDelay(attempt)).to.be.within(middle * 0.8 - 1, middle * 1.2 + 1);
    }
  });
});
