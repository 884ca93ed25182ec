import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BeepingLeg, spoolBeepingCall } from '#support/beeping-call.ts';
import type { CallOnDisk } from '#support/call-on-disk.ts';
import { between, type DecodedAudio, decodeStereo, rms } from '#support/decoded-audio.ts';
import { readBlocks } from '#support/webm-packets.ts';
import { cutClip, maskRecording } from '#worker/clip/cut.ts';
import { readMasterPackets } from '#worker/clip/master-packets.ts';
import { endOfDelimited } from '#worker/seal/opus-packet.ts';
import type { AudioSpan } from '#worker/transcribe/masked-words.ts';

/** A beep of 100 ms each second on both sides, one encoded by us, one as a browser sent it. */
const legs: readonly BeepingLeg[] = [
  { role: 'agent', codec: 'PCMU', fromMs: 0, toMs: 20_000, ppm: 0 },
  { role: 'customer', codec: 'opus', fromMs: 130, toMs: 19_987, ppm: 0 },
];
/** The customer's beeps at 5.13 and 6.13 s, the agent's at 9 s. */
const spans: readonly AudioSpan[] = [
  { by: 'customer', fromMs: 4_900, toMs: 6_400 },
  { by: 'agent', fromMs: 8_810, toMs: 9_290 },
];
/** 66 dB below full scale: what two decoders leave of nothing. */
const mostNoise = 16;
/** A decoder has settled again so long after a silence, ms (RFC 7845 §4.6). */
const settlingMs = 80;

describe('What a transcript masks', function () {
  this.timeout(60_000);
  let call: CallOnDisk;
  let master: Buffer;
  let made = 0;

  before(async () => {
    ({ call } = await spoolBeepingCall(legs, 0));
    await call.seal();
    master = await readFile(call.audioPath);
  });
  after(() => call?.remove());

  const path = () => join(call.dir, `masked-${++made}.webm`);
  const cut = async (fromMs: number, toMs: number, silent: readonly AudioSpan[]) => {
    const to = path();
    await cutClip(master, { fromMs, toMs }, to, silent);
    return to;
  };
  const loudest = (samples: Int16Array) =>
    samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

  function compare(masked: DecodedAudio, whole: DecodedAudio, offsetMs: number) {
    const { rate } = whole;
    expect(masked.left.length).to.equal(whole.left.length);
    for (const [side, voice] of [
      ['left', 'agent'],
      ['right', 'customer'],
    ] as const) {
      const own = spans.filter(({ by }) => by === voice);
      const part = (audio: DecodedAudio, from: number, to: number) =>
        between(audio[side], rate, from - offsetMs, to - offsetMs);
      for (const { fromMs, toMs } of own) {
        expect(rms(part(whole, fromMs, toMs)), `${voice} was heard`).to.be.above(500);
        expect(loudest(part(masked, fromMs + 20, toMs)), `${voice} is silent`).to.be.at.most(mostNoise);
      }
      // Everywhere else sample for sample what it was, from where the decoder has settled.
      const edges = [offsetMs, ...own.flatMap(({ fromMs, toMs }) => [fromMs - 20, toMs + settlingMs])];
      edges.push(offsetMs + whole.durationMs);
      for (let at = 0; at < edges.length; at += 2) {
        const [from, to] = [edges[at]!, edges[at + 1]!];
        const before = part(whole, from, to);
        const difference = part(masked, from, to).map((sample, i) => sample - before[i]!);
        expect(rms(before), `${voice} beeps from ${from} to ${to}`).to.be.above(500);
        expect(rms(difference), `${voice} from ${from} to ${to}`).to.be.below(mostNoise);
      }
    }
  }

  it('is silence in a clip, on that voice alone, and the rest sounds as it did', async () => {
    for (const decoder of ['libopus', undefined]) {
      const whole = await decodeStereo(await cut(2_000, 14_000, []), 48_000, decoder);
      const masked = await decodeStereo(await cut(2_000, 14_000, spans), 48_000, decoder);
      compare(masked, whole, 2_000);
    }
  });

  it('is in no packet of the clip, and every other byte is the master’s own', async () => {
    const packets = readMasterPackets(master);
    const blocks = readBlocks(await readFile(await cut(2_000, 14_000, spans)));
    let [silenced, kept] = [0, 0];
    blocks.forEach(({ packet }, index) => {
      const slot = 2_000 / 20 + 1 - 4 + index;
      const original = packets.packet(slot)!;
      const [from, to] = [(slot - 1) * 20, slot * 20];
      const silent = spans.find((span) => span.fromMs < to && from < span.toMs);
      if (!silent) {
        kept += 1;
        expect(packet.equals(original), `at ${from} ms`).to.equal(true);
        return;
      }
      silenced += 1;
      const [now, before] = [endOfDelimited(packet)!, endOfDelimited(original)!];
      const agent = packet.subarray(0, now).equals(original.subarray(0, before));
      const customer = packet.subarray(now).equals(original.subarray(before));
      const silence = silent.by === 'agent' ? packet.subarray(0, now) : packet.subarray(now);
      expect(silent.by === 'agent' ? customer : agent, `the other voice at ${from} ms`).to.equal(true);
      expect(silence.length, `a packet of silence at ${from} ms`).to.be.at.most(4);
    });
    expect(silenced).to.equal(75 + 25);
    expect(kept).to.equal(604 - 100);
  });

  it('is not in what a decoder is given to settle in either', async () => {
    // The clip begins where the masked words end.
    const blocks = readBlocks(await readFile(await cut(6_400, 9_000, spans)));
    for (const { packet } of blocks.slice(0, 4)) {
      expect(packet.subarray(endOfDelimited(packet)!).length).to.be.at.most(3);
    }
  });

  it('is silence in a whole recording, which keeps its length and its beginning', async () => {
    const to = path();
    await maskRecording(master, spans, to);
    compare(await decodeStereo(to, 48_000), await decodeStereo(call.audioPath, 48_000), 0);
    const again = path();
    await maskRecording(master, [], again);
    expect((await readFile(again)).equals(master), 'with nothing masked it is the master').to.equal(true);
  });
});
