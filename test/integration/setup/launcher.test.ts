import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { isAlive } from '#scripts/setup/process-state.ts';
import { eventually } from '#support/eventually.ts';

const LAUNCHER = join(import.meta.dirname, 'fixtures/launcher.ts');

interface Launched {
  process: ChildProcess;
  lines: string[];
  ended: Promise<number | null>;
}

describe('a launcher', () => {
  let folder: string;
  let file: string;
  const launchers: Launched[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'launcher-'));
    file = join(folder, 'told');
  });

  afterEach(async () => {
    for (const launched of launchers.splice(0)) {
      launched.process.kill('SIGKILL');
      await launched.ended;
    }
    await eventually(async () => expect((await everyPid()).filter(isAlive)).to.deep.equal([]));
    await rm(folder, { recursive: true, force: true });
  });

  function start(manner: string[] = [], shell: string[] = []): Launched {
    const [command = '', ...args] = [...shell, process.execPath, LAUNCHER, file, ...manner];
    const child = spawn(command, args, {
      env: { ...process.env, DATA_DIR: folder, npm_lifecycle_event: shell.length > 0 ? 'demo' : '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const launched = {
      process: child,
      lines,
      ended: once(child, 'exit').then(([code]) => code as number | null),
    };
    launchers.push(launched);
    return launched;
  }

  const ready = (launched: Launched) =>
    eventually(() => expect(launched.lines.join('\n')).to.match(/^ready redis \d+$/m), { within: 10_000 });
  const told = () => readFile(file, 'utf8').catch(() => '');

  /** Every process that the launchers of this test have run, but for the launchers. */
  async function everyPid(): Promise<number[]> {
    const text = `${await told()}\n${launchers.flatMap(({ lines }) => lines).join('\n')}`;
    return [...text.matchAll(/(?:started|grandchild|ready redis) (\d+)/g)].map(([, pid]) => Number(pid));
  }

  it('stops its processes in the reverse order of their start, then itself', async () => {
    const launched = start(['with-child']);
    await ready(launched);
    launched.process.kill('SIGINT');
    expect(await launched.ended).to.equal(0);

    const ends = (await told()).split('\n').filter((line) => /stopp/.test(line));
    expect(ends.slice(0, 2)).to.deep.equal(['calls stopping', 'calls stopped']);
    expect(ends.slice(2, 4)).to.have.members(['server stopping', 'worker stopping']);
    expect(ends.slice(4)).to.have.members(['server stopped', 'worker stopped']);
    const pids = await everyPid();
    expect(pids).to.have.length(7);
    expect(pids.filter(isAlive)).to.deep.equal([]);
    const redisLog = await readFile(join(folder, 'logs/redis.log'), 'utf8');
    expect(redisLog).to.match(/Redis is now ready to exit/);
  });

  it('takes the same key press twice for one, and a second one for "at once"', async () => {
    const launched = start(['deaf']);
    await ready(launched);
    launched.process.kill('SIGINT');
    await eventually(() => expect(launched.lines.at(-1)).to.match(/^stopping/));
    launched.process.kill('SIGINT');
    await eventually(
      () => {
        launched.process.kill('SIGINT');
        return launched.process.exitCode !== null;
      },
      { within: 5_000, every: 1_100 },
    );
    expect(await launched.ended).to.equal(130);
    await eventually(async () => expect((await everyPid()).filter(isAlive)).to.deep.equal([]));
  });

  it('stops in order when npm is told to stop, which tells nobody but its shell', async () => {
    // npm runs `sh -c "sh scripts/bootstrap.sh demo"` and passes a SIGTERM on to that shell alone.
    const launched = start([], ['sh', '-c', '"$0" "$@"; true']);
    await ready(launched);
    launched.process.kill('SIGTERM');
    await launched.ended;
    await eventually(async () => expect((await everyPid()).filter(isAlive)).to.deep.equal([]));
    expect((await told()).match(/stopped/g)).to.have.length(3);
    await eventually(() => expect(launched.lines.at(-1)).to.match(/^stopped in/));
  });

  it('leaves no process behind when it is killed itself', async () => {
    const launched = start(['with-child']);
    await ready(launched);
    launched.process.kill('SIGKILL');
    await launched.ended;
    const pids = await everyPid();
    expect(pids).to.have.length(7);
    const grandchildren = [...(await told()).matchAll(/grandchild (\d+)/g)].map(([, pid]) => Number(pid));
    const own = pids.filter((pid) => !grandchildren.includes(pid));
    await eventually(() => expect(own.filter(isAlive)).to.deep.equal([]));
    // They stopped in order, by themselves; what they in turn had forgotten is nobody's, and ended here.
    expect((await told()).match(/stopped/g)).to.have.length(3);
    for (const pid of grandchildren.filter(isAlive)) process.kill(pid, 'SIGKILL');
  });

  it('clears away what a killed launcher left deaf to its end, and refuses to start beside a living one', async function () {
    this.timeout(30_000);
    const killed = start(['deaf']);
    await ready(killed);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect((await everyPid()).filter(isAlive)).to.have.length.above(2);
    const left = await everyPid();

    const next = start();
    await eventually(() => expect(next.lines.join('\n')).to.match(/^ready redis/m), { within: 25_000 });
    expect(next.lines.join('\n')).to.match(/server \(process \d+\) was left behind/);
    expect(left.filter(isAlive)).to.deep.equal([]);

    const beside = start();
    expect(await beside.ended).to.equal(1);
    expect(beside.lines.join('\n')).to.contain(`process ${next.process.pid}`);
    expect(beside.lines).to.have.length(1);
  });
});
