import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BeepingLeg, spoolBeepingCall } from '#support/beeping-call.ts';
import type { CallOnDisk } from '#support/call-on-disk.ts';
import { type DecodedAudio, decodeStereo, rms } from '#support/decoded-audio.ts';
import { readBlocks } from '#support/webm-packets.ts';
import { cutClip } from '#worker/clip/cut.ts';
import { readMasterPackets } from '#worker/clip/master-packets.ts';

const rate = 48_000;
const perMs = rate / 1_000;
/** What may be left of a decoder's settling: 54 dB below full scale. */
const mostNoise = 65;

/** Beeps on both sides, one encoded by us (CELT), one as a browser sent it. */
const legs: readonly BeepingLeg[] = [
  { role: 'agent', codec: 'PCMU', fromMs: 0, toMs: 30_000, ppm: 0 },
  { role: 'customer', codec: 'opus', fromMs: 130, toMs: 29_987, ppm: 0 },
];

describe('cutting a clip', function () {
  this.timeout(60_000);
  let call: CallOnDisk;
  let master: Buffer;
  /** The master as each of two decoders has it: they do not make the same noise of it. */
  const wholes: { decoder: string | undefined; whole: DecodedAudio }[] = [];
  let durationMs: number;

  before(async () => {
    ({ call } = await spoolBeepingCall(legs, 0));
    ({ durationMs } = await call.seal());
    master = await readFile(call.audioPath);
    for (const decoder of ['libopus', undefined]) {
      wholes.push({ decoder, whole: await decodeStereo(call.audioPath, rate, decoder) });
    }
  });
  after(() => call?.remove());

  const cut = async (fromMs: number, toMs: number) => {
    const path = join(call.dir, `clip-${fromMs}-${toMs}.webm`);
    const span = await cutClip(master, { fromMs, toMs }, path);
    return { path, span };
  };
  /** How loud the difference is between the clip and the master there, 0–32768. */
  const difference = (
    clip: Int16Array,
    original: Int16Array,
    fromMs: number,
    ofMs: number,
    lengthMs: number,
  ) => {
    const found = clip.subarray(ofMs * perMs, (ofMs + lengthMs) * perMs);
    return rms(found.map((sample, i) => sample - original[(fromMs + ofMs) * perMs + i]!));
  };

  for (const [fromMs, toMs] of [
    [0, 5_000],
    [20, 1_020],
    [60, 10_000],
    [4_040, 9_060],
    [7_300, 28_300],
  ] as const) {
    it(`is the master’s own sound from its first sample, ${fromMs} to ${toMs} ms`, async () => {
      const { path, span } = await cut(fromMs, toMs);
      expect(span).to.deep.equal({ fromMs, toMs });
      for (const { decoder, whole } of wholes) {
        const clip = await decodeStereo(path, rate, decoder);
        expect(clip.left.length).to.equal((toMs - fromMs) * perMs);
        for (const side of ['left', 'right'] as const) {
          const loud = rms(clip[side]);
          expect(loud, 'there is sound in it').to.be.above(1_000);
          expect(difference(clip[side], whole[side], fromMs, 0, 20), 'first').to.be.below(mostNoise);
          expect(difference(clip[side], whole[side], fromMs, 0, toMs - fromMs), 'all').to.be.below(mostNoise);
        }
      }
    });
  }

  it('begins and ends on packet bounds, and ends with the recording at the latest', async () => {
    expect((await cut(1_013, 2_501)).span).to.deep.equal({ fromMs: 1_000, toMs: 2_520 });
    const { span, path } = await cut(durationMs - 2_010, durationMs + 5_000);
    expect(span.toMs).to.equal(durationMs);
    const clip = await decodeStereo(path, rate);
    expect(clip.durationMs).to.be.closeTo(span.toMs - span.fromMs, 1);
  });

  it('takes the packets as they are: nothing is encoded anew', async () => {
    const { path } = await cut(4_040, 9_060);
    const packets = readMasterPackets(master);
    const blocks = readBlocks(await readFile(path));
    // Four packets to settle in, then those of the span; the master has one of lead.
    expect(blocks).to.have.length(4 + 251);
    blocks.forEach(({ packet, atMs }, i) => {
      expect(atMs).to.equal(i * 20);
      expect(packet.equals(packets.packet(4_040 / 20 + 1 - 4 + i)!)).to.equal(true);
    });
  });

  it('gives the same bytes each time', async () => {
    const first = await readFile((await cut(3_000, 6_000)).path);
    const again = await readFile((await cut(3_000, 6_000)).path);
    expect(again.equals(first)).to.equal(true);
  });

  it('refuses what it cannot cut from, for good', async () => {
    const codeOf = (attempt: Promise<unknown>) =>
      attempt.then(
        () => 'done',
        ({ code, final }: { code: string; final: boolean }) => ({ code, final }),
      );
    expect(await codeOf(cut(durationMs + 1_000, durationMs + 3_000))).to.deep.equal({
      code: 'clip.span',
      final: true,
    });
    const path = join(call.dir, 'clip-of-nothing.webm');
    for (const wrong of [Buffer.from('no audio at all'), Buffer.alloc(0), master.subarray(0, 5_000)]) {
      expect(await codeOf(cutClip(wrong, { fromMs: 0, toMs: 2_000 }, path))).to.deep.equal({
        code: 'clip.master',
        final: true,
      });
    }
  });
});
