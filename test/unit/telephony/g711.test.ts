import { expect } from 'chai';
import { aLawToLinear, decodeG711, encodeG711, type G711Law, muLawToLinear } from '#kernel/rtp/g711.ts';

const allCodes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
const allSamples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);

describe('G.711', () => {
  it('decodes the values of the standard’s tables', () => {
    // G.711 table 2a: +8031, +4063, +1, 0; scaled by 4 to 16 bits.
    expect(muLawToLinear[0x80]).to.equal(8_031 * 4);
    expect(muLawToLinear[0x00]).to.equal(-8_031 * 4);
    expect(muLawToLinear[0x8f]).to.equal(4_191 * 4);
    expect(muLawToLinear[0xfe]).to.equal(2 * 4);
    expect(muLawToLinear[0xff]).to.equal(0);
    // G.711 table 1a: +4032 (of 4096), +1; scaled by 8 to 16 bits. Even bits are inverted.
    expect(aLawToLinear[0x7f ^ 0x55]).to.equal(-4_032 * 8);
    expect(aLawToLinear[0xff ^ 0x55]).to.equal(4_032 * 8);
    expect(aLawToLinear[0x80 ^ 0x55]).to.equal(8);
    expect(aLawToLinear[0x00 ^ 0x55]).to.equal(-8);
  });

  for (const law of ['PCMU', 'PCMA'] as const satisfies G711Law[]) {
    it(`gives every code of ${law} back after decoding and encoding`, () => {
      const again = encodeG711(law, decodeG711(law, allCodes));
      // µ-law has a negative zero, which is not worth a sample of its own.
      const expected = Buffer.from(allCodes.map((code) => (law === 'PCMU' && code === 0x7f ? 0xff : code)));
      expect(again.equals(expected)).to.equal(true);
    });

    it(`is never further off than half a step of ${law}, and keeps the order`, () => {
      const decoded = decodeG711(law, encodeG711(law, allSamples));
      let before = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < allSamples.length; i++) {
        const sample = allSamples[i]!;
        const value = decoded[i]!;
        const magnitude = Math.min(Math.abs(sample), 32_124);
        // The widest step at this height: 1/16 of the power of two above it, at least the finest.
        const halfStep = Math.max(8, 2 ** Math.floor(Math.log2(magnitude + 132)) / 32);
        const clipped = Math.abs(sample) - magnitude;
        if (Math.abs(value - sample) > halfStep + clipped + 4) expect.fail(`${sample} became ${value}`);
        if (value < before) expect.fail(`${sample} became ${value}, below ${before}`);
        before = value;
      }
    });
  }
});
