import { expect } from 'chai';
import { gathered, gatheredById } from '#kernel/gathered.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Gathered questions', () => {
  it('become one when they are asked in the same turn', async () => {
    const asked: (readonly number[])[] = [];
    const twice = gathered(async (keys: readonly number[]) => {
      asked.push(keys);
      return keys.map((key) => key * 2);
    });
    expect(await Promise.all([twice(1), twice(2), twice(1)])).to.deep.equal([2, 4, 2]);
    expect(asked).to.deep.equal([[1, 2, 1]]);
  });

  it('are asked anew by whoever asks later, also while an answer is under way', async () => {
    let stored = 'before';
    const answers: (() => void)[] = [];
    const read = gathered(async (keys: readonly string[]) => {
      const seen = stored;
      await new Promise<void>((resolve) => answers.push(resolve));
      return keys.map(() => seen);
    });
    const early = read('key');
    await turn();
    await turn();
    stored = 'after';
    const late = read('key');
    await turn();
    await turn();
    for (const go of answers) go();
    expect([await early, await late]).to.deep.equal(['before', 'after']);
  });

  it('fail alone where only one has an error, and together where there is no answer', async () => {
    const odd = gathered(async (keys: readonly number[]) =>
      keys.map((key) => (key % 2 === 0 ? new Error(`even: ${key}`) : key)),
    );
    const [one, two] = await Promise.allSettled([odd(1), odd(2)]);
    expect(one).to.include({ status: 'fulfilled', value: 1 });
    expect(two).to.have.nested.property('reason.message', 'even: 2');
    const away = gathered(async () => {
      throw new Error('the store is away');
    });
    for (const outcome of await Promise.allSettled([away(1), away(2)])) {
      expect(outcome).to.have.nested.property('reason.message', 'the store is away');
    }
  });

  it('find rows by id, each id asked for once, and null for what does not exist', async () => {
    const asked: (readonly string[])[] = [];
    const row = gatheredById(async (ids) => {
      asked.push(ids);
      return ids.filter((id) => id !== 'c').map((id) => ({ id }));
    });
    expect(await Promise.all(['b', 'a', 'c', 'a'].map(row))).to.deep.equal([
      { id: 'b' },
      { id: 'a' },
      null,
      { id: 'a' },
    ]);
    expect(asked).to.deep.equal([['b', 'a', 'c']]);
  });
});
