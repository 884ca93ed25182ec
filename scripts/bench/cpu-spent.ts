import { cpuSecondsOf, mediaWorkersOf, type World } from './world.ts';

/** Processes whose CPU is told apart, by what they are called. */
export type Processes = Readonly<Record<string, readonly number[]>>;

/** CPU seconds of each group over a stretch of time. */
export class CpuSpent {
  readonly #processes: Processes;
  readonly #before: Readonly<Record<string, number>>;

  private constructor(processes: Processes, before: Readonly<Record<string, number>>) {
    this.#processes = processes;
    this.#before = before;
  }

  static async from(processes: Processes): Promise<CpuSpent> {
    return new CpuSpent(processes, await secondsOf(processes));
  }

  async soFar(): Promise<Record<string, number>> {
    const now = await secondsOf(this.#processes);
    return Object.fromEntries(
      Object.entries(now).map(([name, seconds]) => [name, seconds - this.#before[name]!]),
    );
  }
}

async function secondsOf(processes: Processes): Promise<Record<string, number>> {
  const groups = Object.entries(processes).map(async ([name, pids]) => {
    const seconds = await Promise.all(pids.map((pid) => cpuSecondsOf(pid)));
    return [name, seconds.reduce((a, b) => a + b, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(groups));
}

/** The processes of the product, and these listeners'. */
export async function processesOf(world: World, listeners: readonly number[]): Promise<Processes> {
  return {
    listeners,
    SFU: await mediaWorkersOf(world.server.pid),
    server: [world.server.pid],
    recorder: [world.recorder.pid],
    stores: world.storePids,
  };
}

export const sumOf = (spent: Readonly<Record<string, number>>): number =>
  Object.values(spent).reduce((a, b) => a + b, 0);

/** "listeners 0.91, SFU 0.4 …", each divided by `by`. */
export const shares = (spent: Readonly<Record<string, number>>, by = 1): string =>
  Object.entries(spent)
    .map(([name, seconds]) => `${name} ${Number((seconds / by).toPrecision(2))}`)
    .join(', ');
