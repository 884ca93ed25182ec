import { expect } from 'chai';
import { TranscriptionService } from '#support/transcription-service.ts';
import { openAiTranscriber } from '#worker/transcribe/openai-transcriber.ts';
import { TranscriberError } from '#worker/transcribe/transcriber.ts';

const twoSeconds = new Int16Array(32_000).fill(1_000);
const never = new AbortController().signal;

describe('A transcriber behind OpenAI’s API', () => {
  let service: TranscriptionService;
  beforeEach(async () => {
    service = await TranscriptionService.start();
  });
  afterEach(() => service.stop());

  const ask = (options: Partial<Parameters<typeof openAiTranscriber>[0]> = {}, signal = never) =>
    openAiTranscriber({
      url: service.url,
      key: 'secret',
      model: 'paraformer',
      language: 'zh',
      timeoutMs: 5_000,
      firstWaitMs: 5,
      ...options,
    }).transcribe(twoSeconds, signal);

  async function fault(asking: Promise<unknown>): Promise<TranscriberError> {
    const error = await asking.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof TranscriberError)) throw new Error(`it is no transcriber's fault: ${error}`);
    return error;
  }

  it('is asked for words with times, in the way the API is described', async () => {
    service.answer = () => ({
      body: {
        text: '你好 world',
        words: [
          { word: '你好', start: 0.1, end: 0.5 },
          { word: ' world', start: 0.6, end: 1.25 },
        ],
      },
    });
    expect(await ask()).to.deep.equal([
      { text: '你', fromMs: 100, toMs: 300 },
      { text: '好', fromMs: 300, toMs: 500 },
      { text: 'world', fromMs: 600, toMs: 1_250 },
    ]);
    const [asked] = service.asked;
    expect(asked).to.deep.include({
      model: 'paraformer',
      language: 'zh',
      format: 'verbose_json',
      rate: 16_000,
    });
    expect(asked?.granularities).to.deep.equal(['word', 'segment']);
    expect(asked?.authorization).to.equal('Bearer secret');
    expect(asked?.samples).to.deep.equal(twoSeconds);
  });

  it('sends no key and no language where there is none', async () => {
    service.answer = () => ({ body: { text: '' } });
    expect(await ask({ key: undefined, language: undefined })).to.deep.equal([]);
    expect(service.asked[0]).to.deep.include({ authorization: undefined, language: null });
  });

  it('takes words out of segments, and spreads what has no words over its time', async () => {
    service.answer = () => ({
      body: {
        text: 'x',
        segments: [{ text: 'x', start: 0, end: 1, words: [{ word: 'hi', start: 0.2, end: 0.4 }] }],
      },
    });
    expect(await ask()).to.deep.equal([{ text: 'hi', fromMs: 200, toMs: 400 }]);
    service.answer = () => ({ body: { text: 'x', segments: [{ text: ' 好的 OK ', start: 0.4, end: 0.8 }] } });
    expect(await ask()).to.deep.equal([
      { text: '好', fromMs: 400, toMs: 500 },
      { text: '的', fromMs: 500, toMs: 600 },
      { text: 'OK', fromMs: 600, toMs: 800 },
    ]);
    service.answer = () => ({ body: { text: 'one two' } });
    expect(await ask()).to.deep.equal([
      { text: 'one', fromMs: 0, toMs: 1_000 },
      { text: 'two', fromMs: 1_000, toMs: 2_000 },
    ]);
  });

  it('keeps times within what was sent', async () => {
    service.answer = () => ({ body: { text: 'late', words: [{ word: 'late', start: 1.9, end: 7 }] } });
    expect(await ask()).to.deep.equal([{ text: 'late', fromMs: 1_900, toMs: 2_000 }]);
  });

  it('tries again while the service is busy or broken, and when it does not answer', async () => {
    service.answer = (_, number) => {
      if (number === 1) return { status: 503, body: 'starting' };
      if (number === 2) return { status: 429, headers: { 'retry-after': '0' }, body: '' };
      if (number === 3) return { body: 'late', afterMs: 400 };
      return { body: { text: 'at last' } };
    };
    const words = await ask({ timeoutMs: 200 });
    expect(words.map(({ text }) => text)).to.deep.equal(['at', 'last']);
    expect(service.asked).to.have.length(4);
  });

  it('gives up after some tries, and says that later there may be an answer', async () => {
    service.answer = () => ({ status: 500, body: 'my secret words' });
    const error = await fault(ask({ tries: 3 }));
    expect(error.fault).to.equal('unreachable');
    expect(error.message).to.equal('the transcriber answered 500');
    expect(service.asked).to.have.length(3);
  });

  it('does not repeat what is refused, and tells a wrong key from a wrong recording', async () => {
    service.answer = () => ({ status: 401, body: '' });
    expect((await fault(ask())).fault).to.equal('config');
    service.answer = () => ({ status: 413, body: '' });
    expect((await fault(ask())).fault).to.equal('refused');
    expect(service.asked).to.have.length(2);
    expect((await fault(ask({ url: `${service.url}/wrong` }))).fault).to.equal('config');
  });

  it('takes nonsense for no answer', async () => {
    for (const body of ['<html>', { words: 5 }, { text: 'x', words: [{ word: 'x', start: -1, end: 'z' }] }]) {
      service.answer = () => ({ body });
      expect((await fault(ask({ tries: 1 }))).fault, JSON.stringify(body)).to.equal('unreachable');
    }
  });

  it('can be broken off', async () => {
    service.answer = () => ({ body: { text: '' }, afterMs: 5_000 });
    const breaking = new AbortController();
    const asking = ask({}, breaking.signal);
    setTimeout(() => breaking.abort(new Error('enough')), 20);
    expect(await asking.catch((error: Error) => error.message)).to.equal('enough');
  });
});
