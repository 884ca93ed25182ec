import { expect } from 'chai';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { toneSamples } from '#support/rtp-sender.ts';
import { decodeG711 } from '#web/domains/listening/time-shift/g711.ts';

describe('G.711 in the browser', () => {
  it('decodes the values of the standard’s tables', () => {
    const linear = (law: 'PCMU' | 'PCMA', ...codes: number[]) =>
      [...decodeG711(law, Uint8Array.from(codes))].map((sample) => sample * 32_768);
    // Largest and smallest of either sign, ITU-T G.711 tables 1 and 2, scaled to 16 bits.
    expect(linear('PCMU', 0x80, 0x00, 0xff, 0x7f)).to.deep.equal([32_124, -32_124, 0, -0]);
    expect(linear('PCMA', 0xaa, 0x2a, 0xd5, 0x55)).to.deep.equal([32_256, -32_256, 8, -8]);
  });

  for (const law of ['PCMU', 'PCMA'] as const) {
    it(`gives back what was encoded as ${law}, but for the noise of its steps`, () => {
      const tone = toneSamples(440, 0.5);
      const decoded = decodeG711(law, encodeG711(law, tone));
      expect(decoded).to.have.length(tone.length);
      let signal = 0;
      let noise = 0;
      decoded.forEach((sample, index) => {
        const said = tone[index]! / 32_768;
        signal += said ** 2;
        noise += (sample - said) ** 2;
      });
      expect(10 * Math.log10(signal / noise)).to.be.greaterThan(35);
    });
  }
});
