import { expect } from 'chai';
import { EdgeLag, reachesLiveInMs, speedBeside } from '#web/domains/listening/time-shift/catch-up.ts';

const all = { behindMs: 30_000, silenceMs: 0, silentShare: 0 };

describe('Catching up', () => {
  it('takes the time behind, divided by what is gained', () => {
    expect(reachesLiveInMs({ ...all, speed: 1.5 })).to.equal(60_000);
    expect(reachesLiveInMs({ ...all, speed: 2 })).to.equal(30_000);
  });

  it('is quicker by the silence that is left out', () => {
    expect(reachesLiveInMs({ ...all, silenceMs: 10_000, speed: 2 })).to.equal(20_000);
    // Half of what is still to be said is silence: each second of the call takes half a second.
    expect(reachesLiveInMs({ ...all, silentShare: 0.5, speed: 1.5 })).to.equal(30_000);
  });

  it('never ends at the speed at which the call goes on', () => {
    expect(reachesLiveInMs({ ...all, speed: 1 })).to.equal(null);
  });

  it('is over where there is nothing behind', () => {
    expect(reachesLiveInMs({ behindMs: 100, silenceMs: 400, silentShare: 0, speed: 2 })).to.equal(0);
  });

  it('comes true when it is played', () => {
    const { behindMs, silenceMs, silentShare, speed } = {
      behindMs: 40_000,
      silenceMs: 6_000,
      silentShare: 0.2,
      speed: 1.25,
    };
    const expected = reachesLiveInMs({ behindMs, silenceMs, silentShare, speed })!;
    let left = behindMs - silenceMs;
    let passed = 0;
    for (; left > 0; passed += 10) left += 10 * (1 - silentShare) - 10 * speed;
    expect(passed).to.be.closeTo(expected, 20);
  });
});

describe('The lag of a disk', () => {
  it('is the largest of late, for that is where one runs into it', () => {
    const lag = new EdgeLag();
    expect(lag.ms).to.equal(700);
    [300, 550, 420, 380, 510].forEach((lagMs, index) => {
      lag.saw(lagMs, index * 1_000);
    });
    expect(lag.ms).to.equal(550);
    // Longer ago than twenty seconds.
    for (let at = 21_500; at < 26_000; at += 1_000) lag.saw(400, at);
    expect(lag.ms).to.equal(400);
  });

  it('is never taken for nothing, nor for half a call', () => {
    const lag = new EdgeLag();
    for (let at = 0; at < 5_000; at += 1_000) lag.saw(-50, at);
    expect(lag.ms).to.equal(200);
    lag.saw(60_000, 5_000);
    expect(lag.ms).to.equal(2_000);
  });
});

describe('Speeds', () => {
  it('go up and down by a step, and stay at their ends', () => {
    expect(speedBeside(1, 1)).to.equal(1.25);
    expect(speedBeside(1.5, -1)).to.equal(1.25);
    expect(speedBeside(2, 1)).to.equal(2);
    expect(speedBeside(1, -1)).to.equal(1);
  });
});
