import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sherpaTranscriber } from '#worker/transcribe/sherpa-transcriber.ts';
import { TranscriberError } from '#worker/transcribe/transcriber.ts';

/** Stands in for the package: takes the same calls, and says what its configuration tells it to. */
const standIn = `
exports.OfflineRecognizer = class {
  constructor(config) {
    if (!config.modelConfig) throw new Error('Please check your config!');
    this.config = config;
  }
  createStream() {
    return { acceptWaveform(wave) { this.wave = wave; } };
  }
  decode(stream) { stream.decoded = true; }
  getResult(stream) {
    if (!stream.decoded || stream.wave.sampleRate !== 16000) throw new Error('not decoded');
    return { ...this.config.says, text: this.config.says.text ?? this.config.modelConfig.tokens };
  }
};`;

describe('A transcriber with a mounted sherpa-onnx model', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sherpa-model-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function install(config: unknown): Promise<void> {
    const home = join(folder, 'node_modules/sherpa-onnx-node');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'index.js'), standIn);
    await writeFile(join(folder, 'tokens.txt'), '');
    await writeFile(join(folder, 'recognizer.json'), JSON.stringify(config));
  }
  const open = () =>
    sherpaTranscriber(folder).catch((error: unknown) => {
      if (!(error instanceof TranscriberError)) throw error;
      return error;
    });
  const hear = async (says: object) => {
    await install({ modelConfig: { tokens: 'tokens.txt' }, says });
    const transcriber = await sherpaTranscriber(folder);
    return transcriber.transcribe(new Int16Array(16_000), new AbortController().signal);
  };

  it('says what is missing: the package, the configuration, the model', async () => {
    expect(await open()).to.deep.include({ fault: 'config' });
    expect(((await open()) as Error).message).to.include('npm install --no-save sherpa-onnx-node');
    await install({ modelConfig: {} });
    await rm(join(folder, 'recognizer.json'));
    expect(((await open()) as Error).message).to.equal('TRANSCRIBER_MODEL_DIR has no recognizer.json');
    await install({});
    expect(((await open()) as Error).message).to.include('does not take the model');
    await writeFile(join(folder, 'recognizer.json'), '{');
    expect(((await open()) as Error).message).to.equal('recognizer.json is not JSON');
  });

  it('gives file names of the folder as paths', async () => {
    const words = await hear({});
    expect(words.map(({ text }) => text)).to.deep.equal([join(folder, 'tokens.txt')]);
  });

  it('makes words of tokens with times, in Chinese and English', async () => {
    expect(
      await hear({
        tokens: ['<|zh|>', '你', '好', '▁how', 'e', 'ver', ' o', 'k'],
        timestamps: [0, 0.1, 0.3, 0.5, 0.55, 0.6, 0.7, 0.75],
      }),
    ).to.deep.equal([
      { text: '你', fromMs: 100, toMs: 300 },
      { text: '好', fromMs: 300, toMs: 500 },
      { text: 'however', fromMs: 500, toMs: 700 },
      { text: 'ok', fromMs: 700, toMs: 1_000 },
    ]);
  });

  it('spreads a text without times', async () => {
    expect((await hear({ text: '好的' })).map(({ fromMs, toMs }) => [fromMs, toMs])).to.deep.equal([
      [0, 500],
      [500, 1_000],
    ]);
  });
});
