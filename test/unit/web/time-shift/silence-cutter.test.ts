import { expect } from 'chai';
import { afterSilence } from '#web/domains/listening/time-shift/silence-cutter.ts';

/** Plays frames of 10 ms and cuts: runs of [quiet, frames]. Answers what was played. */
function played(runs: readonly (readonly [quiet: boolean, frames: number])[]): number[] {
  const frames = runs.flatMap(([quiet, count]) => Array<boolean>(count).fill(quiet));
  const heard: number[] = [];
  for (let frame = 0; frame < frames.length; frame++) {
    frame = afterSilence(frame, (index) => frames[index] ?? null);
    heard.push(frame);
  }
  return heard;
}

describe('The silence cutter', () => {
  it('leaves 150 ms of a longer silence, and every word whole', () => {
    const heard = played([
      [false, 50],
      [true, 200],
      [false, 50],
    ]);
    expect(heard).to.have.length(50 + 15 + 50);
    expect(heard.slice(0, 57)).to.deep.equal([...Array(57).keys()]);
    expect(heard.slice(57)).to.deep.equal(Array.from({ length: 58 }, (_, index) => 242 + index));
  });

  it('keeps the breath between two sentences', () => {
    expect(
      played([
        [false, 10],
        [true, 30],
        [false, 10],
      ]),
    ).to.have.length(50);
  });

  it('keeps both ends of what was fetched, for what follows may be a word', () => {
    const heard = played([
      [false, 10],
      [true, 100],
    ]);
    expect(heard.at(-1)).to.equal(109);
    expect(heard).to.have.length(10 + 15);
  });

  it('goes over a silence of ten minutes in a few steps', () => {
    const heard = played([
      [false, 1],
      [true, 60_000],
      [false, 1],
    ]);
    expect(heard.length).to.be.within(17, 100);
    expect(heard.at(-1)).to.equal(60_001);
  });

  it('cuts from wherever one begins', () => {
    const quiet = (frame: number) => frame >= 0 && frame < 500;
    expect(afterSilence(250, quiet)).to.equal(492);
    expect(afterSilence(3, quiet)).to.equal(3);
    expect(afterSilence(495, quiet)).to.equal(495);
    expect(afterSilence(600, quiet)).to.equal(600);
  });
});
