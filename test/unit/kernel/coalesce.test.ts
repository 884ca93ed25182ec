import { expect } from 'chai';
import { coalesce } from '#kernel/coalesce.ts';
import { eventually } from '#support/eventually.ts';

describe('coalescing', () => {
  const noFault = (_: string, fault: unknown) => {
    throw fault;
  };

  it('runs the first asking at once and the others of the pause as one, the latest', async () => {
    const runs: string[] = [];
    const ask = coalesce<number>(30, async (key, latest) => void runs.push(`${key}${latest}`), noFault);
    for (let i = 1; i <= 200; i++) ask('a', i);
    ask('b', 1);
    expect(runs).to.deep.equal(['a1', 'b1']);
    await eventually(() => expect(runs).to.deep.equal(['a1', 'b1', 'a200']));
  });

  it('asks for the length of each pause as it begins', async () => {
    let pauseMs = 60_000;
    const runs: number[] = [];
    const ask = coalesce<number>(
      { everyMs: () => pauseMs, firstAfterMs: () => 0 },
      async (_, latest) => void runs.push(latest),
      noFault,
    );
    ask('crowded', 1);
    pauseMs = 1;
    ask('quiet', 2);
    ask('crowded', 3);
    ask('quiet', 4);
    await eventually(() => expect(runs).to.deep.equal([1, 2, 4]));
  });

  it('waits before the first time where it is told to, and then tells of the latest alone', async () => {
    const runs: number[] = [];
    const ask = coalesce<number>(
      { everyMs: () => 1, firstAfterMs: () => 20 },
      async (_, latest) => void runs.push(latest),
      noFault,
    );
    for (let i = 1; i <= 50; i++) ask('crowd', i);
    expect(runs).to.deep.equal([]);
    await eventually(() => expect(runs).to.deep.equal([50]));
    ask('crowd', 51);
    await eventually(() => expect(runs).to.deep.equal([50, 51]));
  });

  it('never lets two runs of a key overtake each other', async () => {
    const began: number[] = [];
    const ended: number[] = [];
    const gates: (() => void)[] = [];
    const ask = coalesce<number>(
      1,
      async (_, latest) => {
        began.push(latest);
        await new Promise<void>((resolve) => gates.push(resolve));
        ended.push(latest);
      },
      noFault,
    );
    ask('a', 1);
    ask('a', 2);
    // Far longer than the pause: the first run still holds the key.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(began).to.deep.equal([1]);
    gates.shift()!();
    await eventually(() => expect(began).to.deep.equal([1, 2]));
    gates.shift()!();
    await eventually(() => expect(ended).to.deep.equal([1, 2]));
  });

  it('tells of a run that failed, and runs again when asked again', async () => {
    const faults: string[] = [];
    let runs = 0;
    const ask = coalesce<null>(
      5,
      async () => {
        runs += 1;
        if (runs === 1) throw new Error('away');
      },
      (key, fault) => void faults.push(`${key}: ${(fault as Error).message}`),
    );
    ask('a', null);
    await eventually(() => expect(faults).to.deep.equal(['a: away']));
    ask('a', null);
    await eventually(() => expect(runs).to.equal(2));
  });
});
