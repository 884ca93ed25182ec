import { expect } from 'chai';
import { TurnOfTheLoop } from '#realtime/turn-of-the-loop.ts';
import { eventually } from '#support/eventually.ts';

describe('A turn of the loop', () => {
  it('begins a few of a crowd, in order, and leaves a turn to others before the next few', async () => {
    const loop = new TurnOfTheLoop(3);
    const happened: string[] = [];
    // Another's share of the same loop, once a turn.
    let turns = 0;
    const other = () => {
      happened.push('other');
      if (++turns < 5) setImmediate(other);
    };
    for (let n = 1; n <= 8; n++) loop.begin(() => happened.push(`${n}`));
    setImmediate(other);
    await eventually(() => expect(happened).to.include('8').and.to.have.length(13));
    const words = happened.join(' ');
    expect(words).to.match(/^1 2 3 other 4 5 6 other 7 8/);
  });

  it('begins again after a rest', async () => {
    const loop = new TurnOfTheLoop(2);
    const happened: number[] = [];
    loop.begin(() => happened.push(1));
    await eventually(() => expect(happened).to.deep.equal([1]));
    loop.begin(() => happened.push(2));
    await eventually(() => expect(happened).to.deep.equal([1, 2]));
  });
});
