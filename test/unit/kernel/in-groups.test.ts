import { expect } from 'chai';
import { inGroups } from '#kernel/in-groups.ts';

describe('Groups', () => {
  it('are done one after the other, those of one side by side', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await inGroups(
      Array.from({ length: 50 }, (_, i) => i),
      async (one) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => setImmediate(resolve));
        running -= 1;
        done.push(one);
      },
    );
    expect(done).to.have.length(50);
    expect(most).to.equal(16);
  });

  it('are all done whatever fails, and then the first fault is told', async () => {
    const done: number[] = [];
    const outcome = await inGroups([1, 2, 3, 4], async (one) => {
      if (one % 2 === 0) throw new Error(`fault ${one}`);
      done.push(one);
    }).catch((error: Error) => error.message);
    expect(outcome).to.equal('fault 2');
    expect(done).to.deep.equal([1, 3]);
  });
});
