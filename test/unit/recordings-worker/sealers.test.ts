import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { createLog } from '#kernel/log.ts';
import { within } from '#worker/deadline.ts';
import { Sealers } from '#worker/sealers.ts';
import { WorkerError } from '#worker/worker-error.ts';

const log = createLog('test', 'silent');
const job = (callId: string) => ({ job: { recordingId: `rec_${callId}`, callId }, spoolDir: '/nowhere' });
const never = new AbortController().signal;

/** A thread that does what the call's id says. */
const program = `
import { parentPort } from 'node:worker_threads';
parentPort.on('message', (task) => {
  if (task === 'break-off') return;
  const what = task.job.callId;
  if (what === 'spin') for (;;);
  if (what === 'die') process.exit(3);
  if (what === 'throw') throw new Error('out of hand');
  if (what === 'fail') parentPort.postMessage({ kind: 'failed', code: 'seal.encoder', message: 'no', final: false, stack: '' });
  if (what === 'hang') return;
  if (what === 'good') parentPort.postMessage({ kind: 'sealed', facts: { startedAt: 1 } });
});
`;

describe('the sealing threads', function () {
  this.timeout(15_000);
  let folder: string;
  let sealers: Sealers;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealers-'));
    await writeFile(join(folder, 'thread.mjs'), program);
  });
  beforeEach(() => {
    sealers = new Sealers({ log, program: pathToFileURL(join(folder, 'thread.mjs')) });
  });
  afterEach(() => sealers.stop());
  after(() => rm(folder, { recursive: true, force: true }));

  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'no error',
      (error: WorkerError) => error.code,
    );
  const seal = (what: string, signal: AbortSignal = never) => sealers.seal(job(what), signal);

  it('hand over what went well and what went wrong, call after call', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await seal('good')).to.deep.equal({ startedAt: 1 });
      expect(await codeOf(seal('fail'))).to.equal('seal.encoder');
    }
  });

  it('are replaced when one dies', async () => {
    expect(await codeOf(seal('die'))).to.equal('worker.internal');
    expect(await codeOf(seal('throw'))).to.equal('worker.internal');
    expect(await seal('good')).to.deep.equal({ startedAt: 1 });
  });

  for (const what of ['hang', 'spin']) {
    it(`are given up at the deadline when one does nothing but ${what}, and the next call is sealed`, async () => {
      const startedAt = performance.now();
      const code = await codeOf(within(200, 'Sealing', never, (signal) => seal(what, signal)));
      expect(code).to.equal('stage.deadline');
      expect(performance.now() - startedAt).to.be.below(2_000);
      expect(await seal('good')).to.deep.equal({ startedAt: 1 });
    });
  }

  it('never hold up the thread that captures', async () => {
    const over = new AbortController();
    const spinning = seal('spin', over.signal).catch(() => {});
    let longest = 0;
    let last = performance.now();
    for (const end = last + 600; last < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    over.abort();
    await spinning;
    // In this thread it would never end; on a machine that is busy otherwise a turn may come late.
    expect(longest).to.be.below(500);
  });

  it('break off when the worker stops', async () => {
    const stopping = new AbortController();
    const waiting = within(60_000, 'Sealing', stopping.signal, (signal) => seal('hang', signal));
    stopping.abort(new WorkerError('worker.internal', 'stopping'));
    expect(await waiting.catch((error: Error) => error.message)).to.equal('stopping');
  });
});
