import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ManagedProcess, type ProcessSpec } from '#scripts/processes.ts';
import { isAlive } from '#scripts/setup/process-state.ts';
import { eventually } from '#support/eventually.ts';

describe('a process under supervision', () => {
  let folder: string;
  let notices: string[];
  const running: ManagedProcess<unknown>[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'process-'));
    notices = [];
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((managed) => managed.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  function child(manner: string[], spec: Partial<ProcessSpec<boolean>> = {}): ManagedProcess<boolean> {
    const managed = new ManagedProcess<boolean>({
      name: 'child',
      command: process.execPath,
      args: [join(import.meta.dirname, 'fixtures/child.ts'), 'child', join(folder, 'told'), ...manner],
      ready: { line: (line) => (line.includes('ready') ? true : undefined) },
      onNotice: (notice) => notices.push(notice),
      ...spec,
    });
    running.push(managed as ManagedProcess<unknown>);
    return managed;
  }

  it('is started again after a growing pause when it dies, with what it had started', async () => {
    const managed = child(['with-child'], { restart: true });
    await managed.start();
    const first = managed.pid as number;
    const [, grandchild] = /grandchild (\d+)/.exec(await readFile(join(folder, 'told'), 'utf8')) ?? [];
    process.kill(first, 'SIGKILL');
    await eventually(() => expect(notices).to.include('ended by SIGKILL; starting again in 0.5 s'));
    expect(isAlive(Number(grandchild))).to.equal(false);

    await eventually(() => expect(managed.pid).to.be.a('number').not.equal(first));
    process.kill(managed.pid as number, 'SIGKILL');
    await eventually(() => expect(notices).to.include('ended by SIGKILL; starting again in 1 s'));
    await managed.stop();
    expect(managed.pid).to.equal(undefined);
  });

  it('is killed when it does not stop in time', async () => {
    const managed = child(['deaf'], { stopWithinMs: 300 });
    await managed.start();
    const pid = managed.pid as number;
    await managed.stop();
    expect(isAlive(pid)).to.equal(false);
    expect(notices).to.include('did not stop within 0.3 s and was killed');
  });

  it('gets one SIGTERM however often it is stopped, because a second one means "at once"', async () => {
    const managed = child([]);
    await managed.start();
    await Promise.all([managed.stop(), managed.stop()]);
    expect((await readFile(join(folder, 'told'), 'utf8')).match(/stopping/g)).to.have.length(1);
  });

  it('shows warnings and keeps the whole log, also those of earlier starts', async () => {
    const logFile = join(folder, 'child.log');
    for (const _ of [1, 2]) {
      const managed = child(['talks'], { logFile });
      await managed.start();
      await eventually(() => expect(notices.at(-1)).to.equal('the last word'));
      await managed.stop();
    }
    const shown = ['warning a warning callId=c1', 'the last word'];
    expect(notices).to.deep.equal([...shown, ...shown]);
    for (const log of ['child.log', 'child.1.log'])
      expect(await readFile(join(folder, log), 'utf8')).to.contain('nothing special');
  });

  it('tells its last words when it ends before it is ready', async () => {
    const code = 'console.error("PORT: must be a number"); process.exit(3)';
    const failing = child([], { args: ['-e', code], restart: true });
    const error = await failing.start().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.equal('child ended with code 3 before it was ready:\nPORT: must be a number');
    const absent = child([], { command: '/no/such/program' });
    const reason = await absent.start().catch((thrown: Error) => thrown.message);
    expect(reason).to.contain('ENOENT');
  });

  it('counts as failed when it is not ready in time, and is gone then', async () => {
    const managed = child([], { ready: { line: () => undefined }, readyWithinMs: 500 });
    const reason = await managed.start().catch((thrown: Error) => thrown.message);
    expect(reason).to.match(/^child was not ready within 0.5 s/);
    expect(managed.pid).to.equal(undefined);
  });
});
