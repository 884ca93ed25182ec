import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { peaksFile } from '#contract/recordings.ts';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import { CallOnDisk, callStartMs as startMs } from '#support/call-on-disk.ts';
import { between, type DecodedAudio, decodeStereo, loudSpans, rms } from '#support/decoded-audio.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { dominantFrequency } from '#support/tone.ts';

const tone = (samples: Int16Array, audio: DecodedAudio, fromMs: number, toMs: number) =>
  dominantFrequency(between(samples, audio.rate, fromMs, toMs), audio.rate);

describe('sealing a call', function () {
  this.timeout(60_000);
  let spool: CallOnDisk;
  beforeEach(async () => {
    spool = await CallOnDisk.create();
  });
  afterEach(() => spool.remove());

  for (const codec of ['PCMU', 'PCMA', 'opus'] as const) {
    it(`puts the agent left and the customer right, at their exact length (${codec})`, async () => {
      spool.leg('agent', codec).frames(await toneFrames(codec, 440, 10));
      spool.leg('customer', codec).frames(await toneFrames(codec, 880, 10));
      await spool.write();
      const facts = await spool.seal();
      expect(facts).to.deep.include({ startedAt: startMs, durationMs: 10_000, coverage: 1, gaps: [] });
      expect(facts.legs.map(({ packets, lost }) => [packets, lost])).to.deep.equal([
        [500, 0],
        [500, 0],
      ]);
      const audio = await decodeStereo(spool.audioPath);
      expect(audio.durationMs).to.be.closeTo(10_000, 10);
      for (const fromMs of [500, 4_000, 9_000]) {
        expect(tone(audio.left, audio, fromMs, fromMs + 500)).to.equal(440);
        expect(tone(audio.right, audio, fromMs, fromMs + 500)).to.equal(880);
      }
    });
  }

  it('lets nothing of one side be heard on the other', async () => {
    const agent = spool.leg('agent', 'PCMU');
    const customer = spool.leg('customer', 'PCMU');
    const [low, high] = [await toneFrames('PCMU', 440, 4), await toneFrames('PCMU', 880, 4)];
    const silence = Buffer.alloc(160, 0xff);
    for (let i = 0; i < 200; i++) {
      agent.frame(i < 100 ? low[i]! : silence);
      customer.frame(i < 100 ? silence : high[i]!);
    }
    await spool.write();
    await spool.seal();
    const audio = await decodeStereo(spool.audioPath);
    expect(rms(between(audio.left, audio.rate, 100, 1_900))).to.be.greaterThan(5_000);
    expect(rms(between(audio.right, audio.rate, 100, 1_900))).to.be.below(5);
    expect(rms(between(audio.left, audio.rate, 2_100, 3_900))).to.be.below(5);
    expect(rms(between(audio.right, audio.rate, 2_100, 3_900))).to.be.greaterThan(5_000);
  });

  it('starts with the first leg that speaks, and keeps the other where it was', async () => {
    spool.leg('agent', 'PCMA').frames(await toneFrames('PCMA', 440, 6));
    spool.leg('customer', 'opus', startMs + 2_000).frames(await toneFrames('opus', 880, 3));
    await spool.write();
    const facts = await spool.seal();
    expect(facts.durationMs).to.equal(6_000);
    const audio = await decodeStereo(spool.audioPath);
    expect(audio.durationMs).to.be.closeTo(6_000, 10);
    expect(loudSpans(audio.left, audio.rate)).to.have.length(1);
    const [span, ...more] = loudSpans(audio.right, audio.rate);
    expect(more).to.be.empty;
    expect(span!.fromMs).to.be.closeTo(2_000, 20);
    expect(span!.toMs).to.be.closeTo(5_000, 20);
    expect(tone(audio.left, audio, 2_500, 3_500)).to.equal(440);
    expect(tone(audio.right, audio, 2_500, 3_500)).to.equal(880);
  });

  for (const codec of ['PCMU', 'opus'] as const) {
    it(`keeps silence where nothing came, and says why (${codec})`, async () => {
      const second = await toneFrames(codec, 440, 1);
      const feed = spool.leg('agent', codec);
      feed.frames(second);
      feed.lose(100); // 1.0 to 3.0 s lost by the network
      feed.frames(second);
      spool.hold(0, true, feed.atMs);
      feed.pause(75); // 4.0 to 5.5 s on hold
      spool.hold(0, false, feed.atMs);
      feed.frames(second);
      feed.pause(60); // 6.5 to 7.7 s not sent
      feed.frames(second);
      spool.leg('customer', 'PCMU').frames(await toneFrames('PCMU', 880, 9));
      await spool.write();
      const facts = await spool.seal();
      expect(facts.durationMs).to.equal(9_000);
      expect(facts.gaps).to.deep.equal([
        { role: 'agent', fromMs: 1_000, toMs: 3_000, cause: 'loss' },
        { role: 'agent', fromMs: 4_000, toMs: 5_500, cause: 'hold' },
        { role: 'agent', fromMs: 6_500, toMs: 7_700, cause: 'silence' },
      ]);
      expect(facts.legs[0]).to.include({ packets: 200, lost: 100 });
      const audio = await decodeStereo(spool.audioPath);
      const spans = loudSpans(audio.left, audio.rate);
      const expected = [
        [0, 1_000],
        [3_000, 4_000],
        [5_500, 6_500],
        [7_700, 8_700],
      ];
      expect(spans).to.have.length(expected.length);
      spans.forEach(({ fromMs, toMs }, i) => {
        expect(fromMs).to.be.closeTo(expected[i]![0]!, 20);
        expect(toMs).to.be.closeTo(expected[i]![1]!, 20);
      });
      expect(tone(audio.right, audio, 4_500, 5_500)).to.equal(880);
    });
  }

  it('says where no recorder was, and what share of the call is there', async () => {
    const frames = await toneFrames('PCMU', 440, 10);
    spool.leg('agent', 'PCMU').frames(frames);
    await spool.write([...spool.items.slice(0, 101), ...spool.items.slice(201)]);
    const facts = await spool.seal();
    expect(facts.gaps).to.deep.equal([{ role: 'agent', fromMs: 2_000, toMs: 4_000, cause: 'no-recorder' }]);
    expect(facts.coverage).to.equal(0.8);
    expect(facts.durationMs).to.equal(10_000);
  });

  it('mixes bot and agent on the left, and cuts off what is too loud', async () => {
    spool.leg('bot', 'PCMU').frames(await toneFrames('PCMU', 300, 2));
    spool.leg('agent', 'PCMU', startMs + 2_000).frames(await toneFrames('PCMU', 440, 2));
    spool.leg('customer', 'PCMU').frames(await toneFrames('PCMU', 880, 4));
    spool.leg('customer', 'PCMU').frames(await toneFrames('PCMU', 880, 4));
    await spool.write();
    await spool.seal();
    const audio = await decodeStereo(spool.audioPath);
    expect(tone(audio.left, audio, 500, 1_500)).to.equal(300);
    expect(tone(audio.left, audio, 2_500, 3_500)).to.equal(440);
    expect(tone(audio.right, audio, 500, 3_500)).to.equal(880);
  });

  it('places Opus legs right though packets among them are broken', async () => {
    const feed = spool.leg('agent', 'opus');
    const [a, b] = [await toneFrames('opus', 440, 2), await toneFrames('opus', 660, 2)];
    feed.frames(a);
    for (let i = 0; i < 50; i++) feed.frame(Buffer.alloc(0));
    for (let i = 0; i < 50; i++) feed.frame(Buffer.from([0xff, 0x7f, 1, 2, 3]));
    feed.frames(b);
    await spool.write();
    const facts = await spool.seal();
    expect(facts.durationMs).to.equal(6_000);
    expect(facts.legs[0]!.packets).to.equal(200);
    const audio = await decodeStereo(spool.audioPath);
    const spans = loudSpans(audio.left, audio.rate);
    expect(spans).to.have.length(2);
    expect(spans[1]!.fromMs).to.be.closeTo(4_000, 20);
    expect(tone(audio.left, audio, 4_500, 5_500)).to.equal(660);
  });

  it('places Opus legs right though what looks like a packet is noise', async () => {
    const feed = spool.leg('agent', 'opus');
    const [a, b] = [await toneFrames('opus', 440, 2), await toneFrames('opus', 660, 2)];
    feed.frames(a);
    let seed = 11;
    for (let i = 0; i < 100; i++) {
      // The same first byte as speech at 20 ms in every mode and bandwidth, then noise.
      const noise = Buffer.alloc(60);
      for (let k = 0; k < noise.length; k++) {
        seed = (seed * 48_271) % 2_147_483_647;
        noise[k] = seed & 0xff;
      }
      noise[0] = ([1, 5, 9, 13, 15, 19, 23, 27, 31][i % 9]! << 3) | (i % 2 ? 4 : 0);
      feed.frame(noise);
    }
    feed.frames(b);
    await spool.write();
    const facts = await spool.seal();
    expect(facts.durationMs).to.equal(6_000);
    const audio = await decodeStereo(spool.audioPath);
    expect(audio.durationMs).to.be.closeTo(6_000, 10);
    expect(tone(audio.left, audio, 500, 1_900)).to.equal(440);
    expect(tone(audio.left, audio, 4_300, 5_900)).to.equal(660);
    expect(rms(between(audio.left, audio.rate, 4_300, 5_900))).to.be.greaterThan(5_000);
  });

  it('writes peaks that show both sides, and a thumbnail of them', async () => {
    const agent = spool.leg('agent', 'PCMU');
    agent.frames(await toneFrames('PCMU', 440, 5));
    agent.frames(Array.from({ length: 250 }, () => Buffer.alloc(160, 0xff)));
    spool.leg('customer', 'PCMU', startMs + 5_000).frames(await toneFrames('PCMU', 880, 5.01));
    await spool.write();
    const facts = await spool.seal();
    const file = await readFile(spool.sealed('peaks.json'), 'utf8');
    const peaks = peaksFile.parse(JSON.parse(file));
    expect(peaks).to.include({ version: 1, bucketMs: 50, durationMs: facts.durationMs });
    expect(peaks.channels.agent).to.have.length(Math.ceil(facts.durationMs / 50));
    expect(peaks.channels.customer).to.have.length(peaks.channels.agent.length);
    for (let i = 0; i < 200; i++) {
      expect(peaks.channels.agent[i]).to.be.within(...((i < 100 ? [125, 130] : [0, 1]) as [number, number]));
      expect(peaks.channels.customer[i]).to.be.within(
        ...((i < 100 ? [0, 1] : [125, 130]) as [number, number]),
      );
    }
    expect(facts.thumbnail.agent).to.have.length(128);
    expect(facts.thumbnail.agent.slice(0, 60).every((peak) => peak > 120)).to.be.true;
    expect(facts.thumbnail.agent.slice(70).every((peak) => peak < 2)).to.be.true;
  });

  it('gives a file that can be sought in: its length and an index stand before the audio', async () => {
    spool.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 60));
    await spool.write();
    await spool.seal();
    const bytes = await readFile(spool.audioPath);
    const cues = bytes.indexOf(Buffer.from([0x1c, 0x53, 0xbb, 0x6b]), 200);
    const firstCluster = bytes.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
    expect(cues).to.be.greaterThan(0);
    expect(cues).to.be.below(firstCluster);
    // One CueTime (id 0xb3, one to four bytes) per cluster, at most five seconds apart.
    const index = bytes.subarray(cues, firstCluster);
    let points = 0;
    for (const byte of index) if (byte === 0xbb) points += 1;
    expect(points).to.be.at.least(12);
  });

  it('gives the same files when it is done again, and does it again only when the spool has grown', async () => {
    const frames = await toneFrames('PCMU', 440, 5);
    spool.leg('agent', 'PCMU').frames(frames);
    const part = spool.items.slice(0, 200);
    await spool.write(part);
    const first = await spool.seal();
    expect(first.durationMs).to.equal(199 * 20);
    const sealed = join(spool.dir, spool.job.callId, 'sealed');
    const before = await readFile(join(sealed, 'audio.webm'));
    await writeFile(join(sealed, 'touched'), '');
    expect(await spool.seal()).to.deep.equal(first);
    await access(join(sealed, 'touched'));

    await rm(sealed, { recursive: true });
    expect(await spool.seal()).to.deep.equal(first);
    expect((await readFile(join(sealed, 'audio.webm'))).equals(before)).to.be.true;

    await spool.write(
      [{ ...spool.items[0]!, sequence: 0 } as TapItem, ...spool.items.slice(150)],
      'cap_2',
      150,
    );
    const second = await spool.seal();
    expect(second).to.deep.include({ durationMs: 5_000, coverage: 1, gaps: [] });
    expect(second.legs[0]!.packets).to.equal(250);
    expect((await readdir(join(spool.dir, spool.job.callId))).filter((name) => /sealing|replaced/.test(name)))
      .to.be.empty;
  });

  it('says plainly when there is nothing to seal', async () => {
    const code = async () =>
      await spool.seal().then(
        () => 'sealed',
        (error: { code: string; final: boolean }) => [error.code, error.final],
      );
    expect(await code()).to.deep.equal(['seal.no-spool', false]);
    spool.leg('agent', 'PCMU');
    await spool.write();
    expect(await code()).to.deep.equal(['seal.no-packets', true]);
  });
});
