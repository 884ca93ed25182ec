import { expect } from 'chai';
import type { SpeechDetector } from '#worker/analyse/voice-features.ts';
import { ChunkCutter, chunkMs, type SpeechChunk, windowSamples } from '#worker/transcribe/speech-chunks.ts';

const windowMs = 32;

/** Chunks of a voice of which speech is as likely as `likelihood` says, at each ms. */
function chunksOf(seconds: number, likelihood: (ms: number) => number, longestSeconds = 10): SpeechChunk[] {
  let window = 0;
  const detector: SpeechDetector = { reset: () => {}, next: () => likelihood(window * windowMs) };
  const cutter = new ChunkCutter(detector, longestSeconds);
  const chunks: SpeechChunk[] = [];
  for (; window * windowMs < seconds * 1_000; window++) {
    // Every sample says in which window it is.
    const chunk = cutter.push(new Int16Array(windowSamples).fill(window));
    if (chunk) chunks.push(chunk);
  }
  const last = cutter.finish();
  return last ? [...chunks, last] : chunks;
}

const speaks =
  (...spans: [number, number][]) =>
  (ms: number) =>
    spans.some(([from, to]) => ms >= from * 1_000 && ms < to * 1_000) ? 0.9 : 0.1;

/** What each chunk says of itself agrees with the samples in it. */
function expectInPlace(chunks: readonly SpeechChunk[]): void {
  for (const { fromMs, samples } of chunks) {
    expect(samples[0]! * windowMs).to.equal(fromMs);
    for (let at = 0; at < samples.length; at += windowSamples) {
      expect(samples[at]).to.equal(samples[0]! + at / windowSamples);
    }
  }
}

describe('The pieces of speech that are sent to a transcriber', () => {
  it('leave long silences out, with a little air before and after the speech', () => {
    const chunks = chunksOf(30, speaks([2, 4], [20, 22]));
    expect(chunks).to.have.length(2);
    expectInPlace(chunks);
    expect(chunks[0]!.fromMs).to.be.within(1_600, 2_000);
    expect(chunks[0]!.fromMs + chunkMs(chunks[0]!)).to.be.within(4_200, 4_500);
    expect(chunks[1]!.fromMs).to.be.within(19_600, 20_000);
  });

  it('hold several sentences where the silences between them are short', () => {
    const chunks = chunksOf(10, speaks([1, 2], [2.6, 4], [4.7, 5]));
    expect(chunks).to.have.length(1);
    expect(chunkMs(chunks[0]!)).to.be.within(4_200, 4_800);
  });

  it('end at a short silence once they are long enough', () => {
    const chunks = chunksOf(20, speaks([0, 7], [7.6, 12]));
    expectInPlace(chunks);
    expect(chunks).to.have.length(2);
    expect(chunks[0]!.fromMs + chunkMs(chunks[0]!)).to.be.within(7_200, 7_500);
  });

  it('are cut where speech is least likely when nobody pauses, and lose nothing by it', () => {
    const chunks = chunksOf(24, (ms) => (ms >= 8_500 && ms < 8_540 ? 0.45 : 0.9));
    expectInPlace(chunks);
    expect(chunks.length).to.be.above(2);
    expect(chunks[0]!.fromMs + chunkMs(chunks[0]!)).to.be.within(8_500, 8_560);
    for (const chunk of chunks) expect(chunkMs(chunk)).to.be.at.most(10_000);
    for (const [index, chunk] of chunks.slice(1).entries()) {
      expect(chunk.fromMs).to.equal(chunks[index]!.fromMs + chunkMs(chunks[index]!));
    }
    expect(chunks.reduce((sum, chunk) => sum + chunkMs(chunk), 0)).to.equal(24_000);
  });

  it('are none where nobody speaks', () => {
    expect(chunksOf(60, () => 0.1)).to.deep.equal([]);
  });
});
