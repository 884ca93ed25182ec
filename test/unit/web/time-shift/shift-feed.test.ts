import { expect } from 'chai';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { eventually } from '#support/eventually.ts';
import { toneSamples } from '#support/rtp-sender.ts';
import { type ShiftAnswer, ShiftFeed } from '#web/domains/listening/time-shift/shift-feed.ts';
import type { ToPlayback } from '#web/domains/listening/time-shift/shift-messages.ts';

const rate = 48_000;
const tone = toneSamples(400, 20);

/** A call of PCMU on the agent's side, as the server would answer for it. */
class FakeCall {
  readonly asked: [fromMs: number, toMs: number][] = [];
  readonly told: ToPlayback[] = [];
  readonly troubles: unknown[] = [];
  edgeMs: number;
  ended = false;
  failing: Error | null = null;
  answersMs = 0;
  readonly feed: ShiftFeed;

  constructor(edgeMs: number) {
    this.edgeMs = edgeMs;
    this.feed = new ShiftFeed({
      rate,
      tell: (message) => this.told.push(message),
      audio: async (fromMs, toMs) => {
        this.asked.push([fromMs, toMs]);
        await new Promise((resolve) => setTimeout(resolve, this.answersMs));
        if (this.failing) throw this.failing;
        return this.#answer(fromMs, toMs);
      },
      onAnswer: () => undefined,
      onTrouble: (thrown) => this.troubles.push(thrown),
    });
  }

  /** Up to where one can play on from a place, ms. */
  covered(fromMs: number): number {
    let until = fromMs;
    for (const message of this.told) {
      if (message.do !== 'cover') continue;
      const [from, to] = [(message.from / rate) * 1000, (message.to / rate) * 1000];
      if (from <= until + 0.1) until = Math.max(until, to);
    }
    return until;
  }

  written(): Float32Array {
    const all = new Float32Array(20 * rate);
    for (const message of this.told) if (message.do === 'write') all.set(message.samples, message.at);
    return all;
  }

  #answer(fromMs: number, toMs: number): ShiftAnswer {
    const until = Math.min(toMs, this.edgeMs);
    const packets: Buffer[] = [];
    for (let atMs = Math.ceil(fromMs / 20) * 20; atMs < until; atMs += 20) {
      const payload = encodeG711('PCMU', tone.subarray(atMs * 8, (atMs + 20) * 8));
      const header = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]);
      header.writeUInt32BE(atMs * 10, 2);
      header.writeUInt16BE(payload.length, 6);
      packets.push(header, payload);
    }
    const end = Math.max(fromMs, until);
    return { bytes: Buffer.concat(packets), fromMs, toMs: end, edgeMs: this.edgeMs, ended: this.ended };
  }
}

describe('The feed of a shifted call', () => {
  let call: FakeCall;
  afterEach(() => call.feed.close());

  it('asks for a little first, so that it sounds soon, and then for enough to play on', async () => {
    call = new FakeCall(20_000);
    call.feed.seek(5_000);
    await eventually(() => expect(call.covered(5_000)).to.be.greaterThan(10_000));
    const [first] = call.asked;
    // 80 ms before the place: what an Opus decoder needs to be right there.
    expect(first).to.deep.equal([4_920, 5_720]);
    const asked = call.asked.length;
    call.feed.heard(5_500, 1);
    expect(call.asked.length).to.equal(asked);
    call.feed.heard(9_000, 1);
    await eventually(() => expect(call.covered(5_000)).to.be.greaterThan(15_000));
  });

  it('puts one packet behind the other without a seam', async () => {
    call = new FakeCall(3_000);
    call.ended = true;
    call.feed.seek(0);
    await eventually(() => expect(call.told.at(-1)).to.deep.equal({ do: 'end', ms: 3_000 }));
    const samples = call.written().subarray(480, 3 * rate - 480);
    // A sine of 400 Hz at half amplitude moves by 0.027 a sample; the steps of G.711 add up to 0.016.
    const steepest = samples.reduce(
      (most, sample, index) => Math.max(most, index === 0 ? 0 : Math.abs(sample - samples[index - 1]!)),
      0,
    );
    expect(steepest).to.be.lessThan(0.045);
    expect(call.covered(0)).to.equal(3_000);
  });

  it('follows the edge as the call goes on', async () => {
    call = new FakeCall(1_000);
    call.feed.seek(500);
    await eventually(() => expect(call.feed.atEdge).to.equal(true));
    expect(call.covered(500)).to.be.closeTo(1_000, 5);
    call.edgeMs = 1_600;
    await eventually(() => expect(call.covered(500)).to.be.closeTo(1_600, 5));
  });

  it('forgets what it was about to bring when it is sent elsewhere', async () => {
    call = new FakeCall(20_000);
    call.answersMs = 30;
    call.feed.seek(2_000);
    call.feed.seek(12_000);
    await eventually(() => expect(call.covered(12_000)).to.be.greaterThan(16_000));
    expect(call.covered(2_000)).to.equal(2_000);
  });

  it('tells of trouble, and goes on by itself when it is over', async () => {
    call = new FakeCall(20_000);
    call.failing = new Error('the server is being restarted');
    call.feed.seek(0);
    await eventually(() => expect(call.troubles).to.have.length.greaterThan(0));
    call.failing = null;
    await eventually(() => expect(call.covered(0)).to.be.greaterThan(4_000));
  });
});
