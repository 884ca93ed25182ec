import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { isAlive } from '#scripts/setup/process-state.ts';

const run = promisify(execFile);

export interface BenchNetwork {
  /** This side's address. */
  readonly here: string;
  /** The other side's. */
  readonly there: string;
  /** Words to put before a command that is to run on the other side. */
  readonly over: readonly string[];
  remove(): Promise<void>;
}

/**
 * Two hosts on one machine: a network namespace joined to this one by a pair of virtual interfaces. Janus does not
 * speak over the loopback device. Takes the right to make one (root, iproute2).
 */
export async function makeNetwork(): Promise<BenchNetwork> {
  const name = `listeners-${process.pid}`;
  const [near, far] = [`ln${process.pid}`, `lf${process.pid}`];
  const [here, there] = ['10.231.77.1', '10.231.77.2'];
  const ip = (...words: string[]) => run('ip', words);
  // Also where the bench ends by an error, or is told to: the namespace takes both interfaces with it.
  const atExit = () => {
    try {
      execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    } catch {
      // There was none any more.
    }
  };
  process.once('exit', atExit);
  const remove = async () => {
    process.off('exit', atExit);
    await ip('link', 'del', near).catch(() => undefined);
    await ip('netns', 'del', name).catch(() => undefined);
  };
  try {
    await removeAbandoned();
    await ip('netns', 'add', name);
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    await ip('addr', 'add', `${here}/30`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await ip('-n', name, 'addr', 'add', `${there}/30`, 'dev', far);
    await ip('-n', name, 'link', 'set', far, 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    await remove();
    throw new Error('a network of two hosts could not be made here (root and iproute2 are needed)', {
      cause: error,
    });
  }
  return { here, there, over: ['ip', 'netns', 'exec', name], remove };
}

/** A bench that was killed took its network to nobody: with the namespace goes the pair of interfaces. */
async function removeAbandoned(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list']);
  for (const [, name = '', pid = ''] of stdout.matchAll(/^(listeners-(\d+))/gm)) {
    if (!isAlive(Number(pid))) await run('ip', ['netns', 'del', name]).catch(() => undefined);
  }
}
