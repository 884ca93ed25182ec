import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { EnergyMeter, gainFor, integratedLoudness, loudnessOf } from '#worker/seal/loudness.ts';

/** Numbers in [−1, 1), the same every time. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  };
}

/** Something like talk: a voice of harmonics with syllables, pauses of seconds, and a little noise on the line. */
function talk(rate: number, seconds: number, seed: number, level: number): Int16Array {
  const next = noise(seed);
  return Int16Array.from({ length: rate * seconds }, (_, i) => {
    const t = i / rate;
    const speaking = Math.sin(t * 0.9 + seed) > -0.2 ? Math.max(0, Math.sin(2 * Math.PI * 3.1 * t)) : 0;
    let voice = 0;
    for (let k = 1; k <= 14; k++) voice += Math.sin(2 * Math.PI * 170 * k * t + k) / (1 + Math.abs(k - 4));
    return Math.round((voice * speaking * 0.15 + next() * 0.002) * level * 32_767);
  });
}

function measured(samples: Int16Array, rate: number) {
  const meter = new EnergyMeter(rate);
  // In uneven pieces, as decoders give them.
  for (let at = 0, piece = 1_000; at < samples.length; at += piece, piece = (piece * 7) % 9_973) {
    meter.add(samples.subarray(at, at + piece));
  }
  return meter.finish();
}

/** Integrated loudness by ffmpeg's ebur128, LUFS. */
function byFfmpeg(channels: readonly Int16Array[], rate: number): Promise<number> {
  const interleaved = new Int16Array(channels[0]!.length * channels.length);
  channels.forEach((samples, channel) => {
    samples.forEach((sample, i) => {
      interleaved[i * channels.length + channel] = sample;
    });
  });
  const input = ['-f', 's16le', '-ar', String(rate), '-ac', String(channels.length), '-i', 'pipe:0'];
  return new Promise((resolve, reject) => {
    const args = ['-hide_banner', '-nostats', ...input, '-af', 'ebur128=framelog=verbose', '-f', 'null', '-'];
    const child = execFile('ffmpeg', args, (error, _, said) => {
      const found = /I:\s+(-?[\d.]+) LUFS/.exec(said.slice(said.lastIndexOf('Summary')));
      if (error || !found) reject(error ?? new Error(said));
      else resolve(Number(found[1]));
    });
    child.stdin!.end(Buffer.from(interleaved.buffer));
  });
}

describe('loudness by EBU R128', function () {
  this.timeout(20_000);

  for (const rate of [8_000, 24_000, 48_000]) {
    it(`is what ffmpeg measures, one channel and two, to 0.2 LU (${rate} Hz)`, async () => {
      const agent = talk(rate, 40, 3, 0.9);
      const customer = talk(rate, 40, 8, 0.2);
      const [left, right] = [measured(agent, rate), measured(customer, rate)];
      expect(integratedLoudness([left])).to.be.closeTo(await byFfmpeg([agent], rate), 0.2);
      expect(integratedLoudness([right])).to.be.closeTo(await byFfmpeg([customer], rate), 0.2);
      expect(integratedLoudness([left, right])).to.be.closeTo(await byFfmpeg([agent, customer], rate), 0.2);
    });
  }

  it('of a full-scale sine of 997 Hz is −3.01 LUFS (BS.1770-4, annex 1)', () => {
    for (const rate of [8_000, 24_000, 48_000]) {
      const sine = Int16Array.from({ length: rate * 10 }, (_, i) =>
        Math.round(32_767 * Math.sin((2 * Math.PI * 997 * i) / rate)),
      );
      expect(integratedLoudness([measured(sine, rate)])).to.be.closeTo(-3.01, 0.05);
    }
  });

  it('does not count silence, however long', () => {
    const rate = 8_000;
    const voice = talk(rate, 20, 3, 0.5);
    const long = new Int16Array(rate * 600);
    long.set(voice, rate * 100);
    expect(integratedLoudness([measured(long, rate)])!).to.be.closeTo(
      integratedLoudness([measured(voice, rate)])!,
      0.3,
    );
  });

  it('is nothing where nobody spoke, and asks for no gain', () => {
    const nobody = measured(new Int16Array(80_000), 8_000);
    expect(loudnessOf(nobody, nobody)).to.deep.equal({
      ...{ integrated: null, agent: null, customer: null, peakDb: null, gainDb: 0 },
    });
    expect(loudnessOf(measured(new Int16Array(100), 8_000), nobody).gainDb).to.equal(0);
  });

  it('tells both speakers apart, and the peak', () => {
    const loud = measured(talk(8_000, 30, 3, 1), 8_000);
    const quiet = measured(talk(8_000, 30, 3, 0.1), 8_000);
    const found = loudnessOf(loud, quiet);
    expect(found.agent! - found.customer!).to.be.closeTo(20, 0.2);
    expect(found.integrated).to.be.within(found.agent!, found.agent! + 0.2);
    expect(found.peakDb).to.equal(Math.round(200 * Math.log10(loud.peak)) / 10);
  });

  it('is brought to −18 LUFS in replay, by 12 dB at most, and never so far that a peak is cut off', () => {
    expect(gainFor(-24, -20)).to.equal(6);
    expect(gainFor(-40, -30)).to.equal(12);
    expect(gainFor(-24, -4)).to.equal(3);
    expect(gainFor(-18, -6)).to.equal(0);
    expect(gainFor(-10, -1)).to.equal(-8);
    expect(gainFor(-24, -0.5)).to.equal(-0.5);
  });
});
