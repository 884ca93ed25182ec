import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { conversationOf } from '#scripts/speech/conversations.ts';
import { type RenderedConversation, renderConversation } from '#scripts/speech/render.ts';
import type { Speaker } from '#scripts/speech/turns.ts';

const conversation = conversationOf('nappy-size-swap');

/** RMS in dB below full scale. */
function loudness(samples: Int16Array): number {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return 20 * Math.log10(Math.sqrt(energy / Math.max(1, samples.length)) / 32_768);
}

const cut = (samples: Int16Array, startMs: number, endMs: number): Int16Array =>
  samples.subarray(startMs * 8, endMs * 8);

const other = (speaker: Speaker): Speaker => (speaker === 'agent' ? 'customer' : 'agent');

/** Whether the other one says something, or music plays, in that time. */
function overlapped(call: RenderedConversation, by: Speaker, startMs: number, endMs: number): boolean {
  const meets = (span: { startMs: number; endMs: number }): boolean =>
    span.startMs < endMs + 50 && span.endMs > startMs - 50;
  return call.turns.some((turn) => turn.by === by && meets(turn)) || call.holds.some(meets);
}

describe('a rendered conversation', () => {
  let folder: string;
  const configured = process.env.SPEECH_CACHE_DIR;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'speech-'));
    process.env.SPEECH_CACHE_DIR = folder;
  });

  afterEach(async () => {
    if (configured === undefined) delete process.env.SPEECH_CACHE_DIR;
    else process.env.SPEECH_CACHE_DIR = configured;
    await rm(folder, { recursive: true });
  });

  for (const language of ['zh', 'en'] as const) {
    it(`has two voices that take turns, in ${language}`, async function () {
      this.timeout(60_000);
      const call = await renderConversation({ conversation, language, seconds: 110 });
      expect(call.agent.length).to.equal(110 * 8_000);
      expect(call.customer.length).to.equal(110 * 8_000);
      expect(call.turns.length).to.be.above(16);
      expect(call.turns.at(-1)!.endMs).to.be.within(90_000, 110_000);
      let alone = 0;
      for (const { by, startMs, endMs, text } of call.turns) {
        expect(loudness(cut(call[by], startMs, endMs)), text).to.be.within(-34, -15);
        if (overlapped(call, other(by), startMs, endMs)) continue;
        alone++;
        expect(loudness(cut(call[other(by)], startMs, endMs)), `the other during: ${text}`).to.be.within(
          -66,
          -54,
        );
      }
      expect(alone, 'turns that nobody talks into').to.be.above(8);
      const interrupted = call.turns.some(
        (turn, i) => i > 0 && turn.by !== call.turns[i - 1]!.by && turn.startMs < call.turns[i - 1]!.endMs,
      );
      expect(interrupted, 'somebody is interrupted').to.equal(true);
      const [hold] = call.holds;
      expect(loudness(cut(call.agent, hold!.startMs, hold!.endMs)), 'music').to.be.above(-45);
      expect(loudness(cut(call.customer, hold!.startMs, hold!.endMs))).to.be.below(-54);
    });
  }

  it('fits any length: short ones leave out the story’s end but say goodbye, long ones wait longer', async function () {
    this.timeout(60_000);
    for (const seconds of [5, 40, 60, 180]) {
      const call = await renderConversation({ conversation, language: 'zh', seconds });
      expect(call.agent.length).to.equal(seconds * 8_000);
      const last = call.turns.at(-1)!;
      expect(last.endMs).to.be.at.most(seconds * 1_000);
      if (seconds >= 40) expect(last.text, `${seconds} s`).to.equal('再见。');
      if (seconds >= 60) expect(last.endMs, `${seconds} s`).to.be.above(seconds * 650);
    }
  });

  it('comes out the same again, from the cache', async function () {
    this.timeout(60_000);
    const first = await renderConversation({ conversation, language: 'zh', seconds: 40 });
    const files = await readdir(folder);
    expect(files.length).to.be.above(8);
    const path = process.env.PATH;
    // Without the synthesiser: what is heard now can only come from the cache.
    process.env.PATH = folder;
    try {
      const second = await renderConversation({ conversation, language: 'zh', seconds: 40 });
      expect(Buffer.compare(Buffer.from(first.agent.buffer), Buffer.from(second.agent.buffer))).to.equal(0);
      expect(
        Buffer.compare(Buffer.from(first.customer.buffer), Buffer.from(second.customer.buffer)),
      ).to.equal(0);
      const missing = await renderConversation({ conversation, language: 'en', seconds: 40 }).catch(
        (thrown: unknown) => thrown,
      );
      expect(missing).to.be.instanceOf(Error);
      expect((missing as Error).message).to.contain('espeak-ng is not installed');
    } finally {
      process.env.PATH = path;
    }
    expect((await readdir(folder)).sort()).to.deep.equal(files.sort());
  });
});
