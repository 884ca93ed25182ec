import { expect } from 'chai';
import type { LegPcm } from '#worker/seal/leg-pcm.ts';
import { mixDown } from '#worker/seal/mixdown.ts';
import type { LegTimeline } from '#worker/seal/timeline.ts';

const startMs = 1_760_000_000_000;
const rate = 8_000;

/** A leg of 20-ms packets at these positions (ticks of 8 kHz); its samples go on from packet to packet. */
function legOf(positions: readonly number[], sample: (i: number) => number) {
  const timeline: LegTimeline = {
    ...{ clockRate: rate, startMs, holes: [], lost: 0, runs: 1, driftPpm: 0 },
    order: Uint32Array.from(positions, (_, i) => i),
    position: Float64Array.from(positions),
    missing: new Uint16Array(positions.length),
    length: positions.at(-1)! + 160,
  };
  let packet = 0;
  const pcm: LegPcm = {
    next: () => {
      const first = packet++ * 160;
      return Int16Array.from({ length: 160 }, (_, i) => sample(first + i));
    },
    close: () => {},
  };
  return { channel: 0, timeline, pcm };
}

async function mixed(legs: ReturnType<typeof legOf>[], totalSamples: number): Promise<Int16Array> {
  const whole = new Int16Array(totalSamples);
  let at = 0;
  for await (const [samples] of mixDown({ legs, channels: 1, startMs, totalSamples, rate })) {
    whole.set(samples!, at);
    at += samples!.length;
  }
  expect(at).to.equal(totalSamples);
  return whole;
}

const sine = (i: number) => Math.round(10_000 * Math.sin((2 * Math.PI * 200 * i) / rate));

describe('laying legs on one timeline', () => {
  for (const ppm of [200, -200]) {
    it(`follows a clock that drifts by single samples, without a click (${ppm} ppm)`, async () => {
      const packets = 5_000;
      const clock = 1 + ppm / 1_000_000;
      const positions = Array.from({ length: packets }, (_, i) => i * 160 * clock);
      const total = Math.floor(packets * 160 * clock);
      const samples = await mixed([legOf(positions, sine)], total);
      let steepest = 0;
      for (let i = 1; i < total; i++) steepest = Math.max(steepest, Math.abs(samples[i]! - samples[i - 1]!));
      // 200 Hz rises by 1,571 in a sample; one sample left out where it is flattest is hardly more.
      expect(steepest).to.be.below(1_650);
      // At the end it is where the drift has taken it, to two samples.
      const end = total - 2_000;
      const off = (shift: number) => {
        let sum = 0;
        for (let i = 0; i < 400; i++)
          sum += Math.abs(samples[end + i]! - sine(Math.round(end / clock) + i + shift));
        return sum;
      };
      const shifts = [-20, -15, -10, -5, -2, -1, 0, 1, 2, 5, 10, 15, 20];
      const best = shifts.reduce((a, b) => (off(b) < off(a) ? b : a));
      expect(Math.abs(best)).to.be.at.most(2);
    });
  }

  it('leaves samples alone where the clock is right, and is silent in gaps', async () => {
    const positions = [...Array.from({ length: 200 }, (_, i) => i * 160), 48_000, 48_160];
    const samples = await mixed([legOf(positions, (i) => (i % 1_000) + 1)], 48_320);
    expect(samples.subarray(0, 32_000).every((sample, i) => sample === (i % 1_000) + 1)).to.be.true;
    expect(samples.subarray(32_000, 48_000).every((sample) => sample === 0)).to.be.true;
    expect(samples[48_000]).to.equal((32_000 % 1_000) + 1);
  });

  it('cuts off what is too loud for two', async () => {
    const loud = () => legOf([0, 160], () => 30_000);
    expect((await mixed([loud(), loud()], 320)).every((sample) => sample === 32_767)).to.be.true;
  });
});
