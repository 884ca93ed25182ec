import { expect } from 'chai';
import { Resequencer } from '#telephony/resequencer.ts';

const bytes = Buffer.alloc(1);

function collected(): { resequencer: Resequencer; out: number[] } {
  const out: number[] = [];
  return { resequencer: new Resequencer((position) => out.push(position)), out };
}

describe('the resequencer', () => {
  it('passes what is in order in the same turn', () => {
    const { resequencer, out } = collected();
    for (const position of [5, 6, 7]) {
      resequencer.push(position, bytes, 0);
      expect(out.at(-1)).to.equal(position);
      expect(resequencer.waitingSinceMs).to.equal(undefined);
    }
  });

  it('lets packets wait for a missing one and drains them behind it', () => {
    const { resequencer, out } = collected();
    resequencer.push(1, bytes, 0);
    resequencer.push(4, bytes, 20);
    resequencer.push(3, bytes, 21);
    expect(out).to.deep.equal([1]);
    expect(resequencer.waitingSinceMs).to.equal(20);
    resequencer.push(2, bytes, 22);
    expect(out).to.deep.equal([1, 2, 3, 4]);
    expect(resequencer).to.include({ lost: 0, late: 0, waitingSinceMs: undefined });
  });

  it('waits no longer than for three packets', () => {
    const { resequencer, out } = collected();
    for (const position of [1, 3, 4]) resequencer.push(position, bytes, 0);
    expect(out).to.deep.equal([1]);
    resequencer.push(5, bytes, 0);
    expect(out).to.deep.equal([1, 3, 4, 5]);
    expect(resequencer.lost).to.equal(1);
  });

  it('waits no longer than 60 ms', () => {
    const { resequencer, out } = collected();
    resequencer.push(1, bytes, 0);
    resequencer.push(3, bytes, 100);
    resequencer.expire(159);
    expect(out).to.deep.equal([1]);
    resequencer.expire(160);
    expect(out).to.deep.equal([1, 3]);
  });

  it('lets those wait on that have not waited long enough behind a second hole', () => {
    const { resequencer, out } = collected();
    resequencer.push(1, bytes, 0);
    resequencer.push(3, bytes, 100);
    resequencer.push(5, bytes, 140);
    resequencer.expire(165);
    expect(out).to.deep.equal([1, 3]);
    expect(resequencer.waitingSinceMs).to.equal(140);
    resequencer.push(4, bytes, 170);
    expect(out).to.deep.equal([1, 3, 4, 5]);
    expect(resequencer.lost).to.equal(1);
  });

  it('drops what is late, and no longer counts it as lost', () => {
    const { resequencer, out } = collected();
    resequencer.push(1, bytes, 0);
    resequencer.push(4, bytes, 0);
    resequencer.flush();
    expect(resequencer.lost).to.equal(2);
    resequencer.push(3, bytes, 0);
    expect(resequencer).to.include({ lost: 1, late: 1 });
    expect(out).to.deep.equal([1, 4]);
  });

  it('spends positions that carry nothing', () => {
    const out: (Buffer | null)[] = [];
    const resequencer = new Resequencer((_position, packet) => out.push(packet));
    resequencer.push(1, bytes, 0);
    resequencer.push(3, bytes, 0);
    resequencer.push(2, null, 0);
    expect(out).to.deep.equal([bytes, null, bytes]);
    expect(resequencer.lost).to.equal(0);
  });
});
