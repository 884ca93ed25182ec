import { expect } from 'chai';
import { Resampler } from '#web/domains/listening/time-shift/resampler.ts';
import { energyOf, sine, toneShareOf } from './sound.ts';

/** In pieces of a packet's length, as it comes. */
const resample = (input: Float32Array, from: number, to: number, piece = 160) => {
  const resampler = new Resampler(from, to);
  const parts: Float32Array[] = [];
  for (let at = 0; at < input.length; at += piece) parts.push(resampler.push(input.subarray(at, at + piece)));
  parts.push(resampler.flush());
  return Float32Array.from(parts.flatMap((part) => [...part]));
};

describe('The resampler', () => {
  for (const [from, to] of [
    [8_000, 48_000],
    [8_000, 44_100],
    [48_000, 44_100],
  ] as const) {
    it(`keeps tone, level and length from ${from} to ${to} Hz`, () => {
      const output = resample(sine(1_000, 1, from), from, to);
      expect(output.length).to.be.closeTo(to, 1);
      const middle = output.subarray(to / 10, (to * 9) / 10);
      expect(toneShareOf(middle, 1_000, to)).to.be.greaterThan(0.9999);
      expect(energyOf(middle)).to.be.closeTo(0.125, 0.001);
    });
  }

  it('lets nothing through above the telephone’s band', () => {
    const image = resample(sine(3_000, 1, 8_000), 8_000, 48_000).subarray(4_800, 43_200);
    expect(toneShareOf(image, 5_000, 48_000)).to.be.lessThan(1e-6);
  });

  it('gives the same in whatever pieces it is fed', () => {
    const input = sine(700, 0.3, 8_000);
    const whole = resample(input, 8_000, 48_000, input.length);
    const pieces = resample(input, 8_000, 48_000, 7);
    expect(pieces).to.have.length(whole.length);
    expect(pieces.every((sample, index) => Math.abs(sample - whole[index]!) < 1e-6)).to.equal(true);
  });

  it('puts each sample in its place', () => {
    const click = new Float32Array(800);
    click[400] = 1;
    const output = resample(click, 8_000, 48_000);
    expect(output.indexOf(Math.max(...output))).to.equal(2_400);
  });
});
