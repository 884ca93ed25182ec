import { expect } from 'chai';
import { resample } from '#scripts/speech/resample.ts';
import { readWav, WavError } from '#scripts/speech/wav.ts';

function tone(hz: number, rate: number, seconds = 1): Int16Array {
  return Int16Array.from({ length: rate * seconds }, (_, i) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hz * i) / rate)),
  );
}

function wav(samples: Int16Array, rate: number, options: { length?: number; bits?: number } = {}): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt16LE(options.bits ?? 16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(options.length ?? samples.length * 2, 40);
  return Buffer.concat([head, new Uint8Array(samples.buffer)]);
}

describe('the resampler', () => {
  it('keeps a tone of the telephone band as it is, at the new rate', () => {
    const out = resample({ samples: tone(1_000, 22_050), sampleRate: 22_050 }, 8_000);
    expect(out.length).to.equal(8_000);
    const expected = tone(1_000, 8_000);
    for (let i = 100; i < 7_900; i++) expect(Math.abs(out[i]! - expected[i]!), `sample ${i}`).to.be.below(30);
  });

  it('lets nothing through that the new rate cannot carry', () => {
    const out = resample({ samples: tone(5_000, 22_050), sampleRate: 22_050 }, 8_000);
    expect(Math.max(...out.slice(100, -100).map(Math.abs))).to.be.below(30);
  });

  it('raises the rate, too', () => {
    const out = resample({ samples: tone(440, 8_000), sampleRate: 8_000 }, 48_000);
    const expected = tone(440, 48_000);
    for (let i = 600; i < 47_000; i++)
      expect(Math.abs(out[i]! - expected[i]!), `sample ${i}`).to.be.below(30);
  });
});

describe('the WAV reader', () => {
  it('reads samples, also of a file whose length was not known when it was begun', () => {
    const samples = tone(440, 8_000, 1);
    expect(readWav(wav(samples, 8_000))).to.deep.equal({ samples, sampleRate: 8_000 });
    expect(readWav(wav(samples, 8_000, { length: 0x7ffff000 })).samples).to.deep.equal(samples);
  });

  it('refuses other things', () => {
    expect(() => readWav(Buffer.from('OggS'))).to.throw(WavError);
    expect(() => readWav(wav(tone(1, 8_000), 8_000, { bits: 8 }))).to.throw(WavError, '16-bit');
    expect(() => readWav(wav(tone(1, 8_000), 8_000).subarray(0, 30))).to.throw(WavError);
  });
});
