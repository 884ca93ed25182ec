import { expect } from 'chai';
import { OnnxError, readWeights } from '#worker/analyse/onnx-weights.ts';
import { Silero, vadWindow } from '#worker/analyse/silero.ts';
import { loadSilero } from '#worker/analyse/silero-model.ts';

/** Vowels of a low voice, with pauses: speech enough to make the network say everything between yes and no. */
function hummed(windows: number): Float32Array {
  const samples = new Float32Array(windows * vadWindow);
  for (let n = 0; n < samples.length; n++) {
    const t = n / 8_000;
    const swell = Math.sin(Math.PI * 4 * t) ** 2 * (t % 2 < 1.3 ? 1 : 0);
    const phase = 120 * t - (15 * Math.cos(2 * Math.PI * 0.7 * t)) / (2 * Math.PI * 0.7);
    let value = 0;
    for (let partial = 1; partial <= 20; partial++) {
      const hz = 120 * partial;
      const bell = (centre: number, width: number) => Math.exp(-(((hz - centre) / width) ** 2));
      const loudness = bell(700, 200) + 0.6 * bell(1_200, 250) + 0.3 * bell(2_500, 300);
      value += loudness * Math.sin(2 * Math.PI * partial * phase);
    }
    samples[n] = 0.08 * value * swell;
  }
  return samples;
}

/** What onnxruntime 1.30.0 says of every third of 100 windows, with the same file. */
const reference = [
  0.1437, 0.3251, 0.7065, 0.8502, 0.6943, 0.9432, 0.7791, 0.5537, 0.8061, 0.4398, 0.4545, 0.4227, 0.0523,
  0.2095, 0.3613, 0.2577, 0.1579, 0.0713, 0.0333, 0.0214, 0.0166, 0.3419, 0.1702, 0.2656, 0.1897, 0.0562,
  0.2444, 0.0449, 0.0193, 0.0189, 0.006, 0.1086, 0.0797, 0.0347,
];

function probabilities(silero: Silero, samples: Float32Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < samples.length; at += vadWindow) found.push(silero.next(samples, at));
  return found;
}

describe('Silero, computed here', () => {
  it('gives what the reference runtime gives for the same model', async () => {
    const found = probabilities(await loadSilero(), hummed(100)).filter((_, index) => index % 3 === 0);
    expect(found).to.have.length(reference.length);
    for (const [index, expected] of reference.entries()) {
      expect(found[index], `window ${3 * index}`).to.be.closeTo(expected, 0.0002);
    }
  });

  it('gives the same again once it was reset, and something else when it was not', async () => {
    const silero = await loadSilero();
    const samples = hummed(40);
    const first = probabilities(silero, samples);
    expect(probabilities(silero, samples)).to.not.deep.equal(first);
    silero.reset();
    expect(probabilities(silero, samples)).to.deep.equal(first);
  });

  it('hears nobody in silence and in a tone', async () => {
    const silero = await loadSilero();
    expect(Math.max(...probabilities(silero, new Float32Array(8_000)))).to.be.below(0.2);
    const tone = Float32Array.from(
      { length: 16_000 },
      (_, n) => 0.3 * Math.sin((2 * Math.PI * 440 * n) / 8_000),
    );
    expect(Math.max(...probabilities(silero, tone).slice(5))).to.be.below(0.5);
  });

  it('takes a last window that is not whole as one that ends in silence', async () => {
    const silero = await loadSilero();
    expect(silero.next(new Float32Array(100), 0)).to.be.within(0, 1);
  });

  it('refuses bytes that are no model, and a model of something else', () => {
    expect(() => new Silero(Buffer.from('no model at all'))).to.throw(OnnxError);
    expect(() => readWeights(new Uint8Array(0))).to.throw(OnnxError, 'no weights');
    expect(() => readWeights(Uint8Array.of(0x3a, 0x05, 0x01))).to.throw(OnnxError, 'no ONNX model');
  });
});
