import { expect } from 'chai';
import {
  afterSilence,
  drawnLanes,
  silences,
  talkShares,
  tickInterval,
} from '#web/ui/timeline/timeline-model.ts';

/** Peaks of 100 ms per bucket, written as runs of [agent, customer, buckets]. */
function peaks(...runs: [agent: number, customer: number, buckets: number][]) {
  return {
    bucketMs: 100,
    channels: {
      agent: runs.flatMap(([agent, , buckets]) => Array<number>(buckets).fill(agent)),
      customer: runs.flatMap(([, customer, buckets]) => Array<number>(buckets).fill(customer)),
    },
  };
}

describe('silence', () => {
  it('is where neither voice is heard for a while', () => {
    const found = silences(peaks([90, 0, 10], [0, 0, 20], [0, 80, 10], [3, 4, 15]));
    expect(found).to.deep.equal([
      { fromMs: 1000, toMs: 3000 },
      { fromMs: 4000, toMs: 5500 },
    ]);
  });

  it('is not a breath between two sentences', () => {
    expect(silences(peaks([90, 0, 10], [0, 0, 14], [90, 0, 10]))).to.deep.equal([]);
  });

  it('is left out but for its edges, so that no word is cut', () => {
    const spans = [{ fromMs: 1000, toMs: 3000 }];
    expect(afterSilence(1200, spans)).to.equal(null);
    expect(afterSilence(1250, spans)).to.equal(2750);
    expect(afterSilence(2750, spans)).to.equal(null);
    expect(afterSilence(5000, spans)).to.equal(null);
  });
});

describe('who spoke how much', () => {
  it('gives each moment to the louder voice, and silence to nobody', () => {
    expect(talkShares(peaks([90, 10, 50], [5, 80, 30], [2, 2, 20]))).to.deep.equal({
      agent: 0.5,
      customer: 0.3,
      silence: 0.2,
    });
  });

  it('is all silence when nothing was recorded', () => {
    expect(talkShares(peaks())).to.deep.equal({ agent: 0, customer: 0, silence: 1 });
  });
});

describe('the lanes', () => {
  it('share one scale, so that a quiet voice looks quiet beside a loud one', () => {
    const [agent, customer] = drawnLanes(peaks([200, 100, 1]));
    expect([agent[0], customer[0]]).to.deep.equal([1, 0.5]);
  });

  it('do not lift room noise to full height', () => {
    const [agent] = drawnLanes(peaks([16, 0, 1]));
    expect(agent[0]).to.equal(0.25);
  });

  it('are equally long also when one voice ended earlier', () => {
    const [agent, customer] = drawnLanes({ bucketMs: 100, channels: { agent: [255, 255], customer: [255] } });
    expect(agent.length).to.equal(2);
    expect([...customer]).to.deep.equal([1, 0]);
  });
});

describe('the ruler', () => {
  it('keeps its labels apart at every zoom', () => {
    for (const pxPerSecond of [0.01, 0.2, 1, 7, 30, 200]) {
      expect((tickInterval(pxPerSecond) / 1000) * pxPerSecond).to.be.at.least(72);
    }
    expect(tickInterval(200)).to.equal(1000);
  });
});
