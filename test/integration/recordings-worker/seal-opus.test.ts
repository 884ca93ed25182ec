import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { CallOnDisk, callStartMs } from '#support/call-on-disk.ts';
import { between, decodeStereo, loudSpans, rms } from '#support/decoded-audio.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { opusPackets } from '#support/opus-tone.ts';
import { dominantFrequency } from '#support/tone.ts';
import { readBlocks, splitStreams } from '#support/webm-packets.ts';
import { manifest } from '#worker/seal/manifest.ts';
import { opusDuration, parseOpus } from '#worker/seal/opus-packet.ts';

type Legs = ReturnType<typeof manifest.parse>['legs'];

describe('sealing Opus', function () {
  this.timeout(120_000);
  let call: CallOnDisk;
  beforeEach(async () => {
    call = await CallOnDisk.create();
  });
  afterEach(() => call.remove());

  const legsOf = async (): Promise<Legs> =>
    manifest.parse(JSON.parse(await readFile(call.sealed('manifest.json'), 'utf8'))).legs;
  const framesIn = async () => {
    const blocks = readBlocks(await readFile(call.audioPath));
    blocks.forEach(({ atMs }, i) => {
      expect(atMs).to.equal(i * 20);
    });
    // The first block is what decoders start in; nobody hears it.
    return blocks.slice(1).map(({ packet }) => splitStreams(packet));
  };
  const frameOf = (packet: Buffer) => parseOpus(packet)!.frames.map((one) => one.toString('hex'));
  const hex = (frames: readonly Buffer[]) => frames.map((one) => one.toString('hex'));

  it('puts every packet into the file as it came', async () => {
    const [left, right] = [await toneFrames('opus', 440, 8), await toneFrames('opus', 880, 8)];
    call.leg('agent', 'opus').frames(left);
    call.leg('customer', 'opus').frames(right);
    await call.write();
    await call.seal();
    const frames = await framesIn();
    expect(frames).to.have.length(400);
    expect(frames.map((slot) => hex(slot.left))).to.deep.equal(left.map(frameOf));
    expect(frames.map((slot) => hex(slot.right))).to.deep.equal(right.map(frameOf));
    expect((await legsOf()).map(({ copied }) => copied)).to.deep.equal([true, true]);
  });

  for (const ms of [40, 60, 10]) {
    const how = ms > 20 ? 'splits' : 'joins';
    it(`${how} packets of ${ms} ms into units of 20 ms, their frames untouched`, async () => {
      // Music at 48 kHz makes CELT frames, which are at most 20 ms long: longer packets hold several.
      const packets = await opusPackets({ hz: 440, seconds: 6, packetMs: ms, application: 'lowdelay' });
      const feed = call.leg('agent', 'opus');
      for (const packet of packets) feed.packet(packet, ms);
      await call.write();
      await call.seal();
      expect((await legsOf())[0]).to.include({ copied: true, packets: packets.length });
      const frames = (await framesIn()).flatMap((slot) => hex(slot.left));
      expect(frames).to.deep.equal(packets.flatMap(frameOf));
      const audio = await decodeStereo(call.audioPath);
      expect(audio.durationMs).to.be.closeTo(6_000, 1);
      expect(dominantFrequency(between(audio.left, audio.rate, 3_000, 4_000), audio.rate)).to.equal(440);
    });
  }

  it('fills a unit up when half of it was lost', async () => {
    const packets = await opusPackets({ hz: 440, seconds: 4, packetMs: 10, application: 'lowdelay' });
    const feed = call.leg('agent', 'opus');
    packets.forEach((packet, i) => {
      if (i === 101) feed.skip(10);
      else feed.packet(packet, 10);
    });
    await call.write();
    const facts = await call.seal();
    expect(facts.legs[0]).to.include({ packets: packets.length - 1, lost: 1 });
    const frames = await framesIn();
    expect(hex(frames[50]!.left)).to.deep.equal([frameOf(packets[100]!)[0], '']);
    expect(hex(frames[51]!.left)).to.deep.equal([...frameOf(packets[102]!), ...frameOf(packets[103]!)]);
    expect((await legsOf())[0]!.copied).to.be.true;
  });

  it('decodes and encodes anew what cannot be cut into 20 ms: SILK frames of 60 ms', async () => {
    const packets = await opusPackets({
      hz: 440,
      seconds: 6,
      packetMs: 60,
      application: 'voip',
      bitRate: '10k',
    });
    expect(packets.every((packet) => parseOpus(packet)!.frames.length === 1)).to.be.true;
    const feed = call.leg('agent', 'opus');
    for (const packet of packets) feed.packet(packet, 60);
    call.leg('customer', 'opus').frames(await toneFrames('opus', 880, 6));
    await call.write();
    const facts = await call.seal();
    expect(facts.durationMs).to.equal(6_000);
    expect((await legsOf()).map(({ copied }) => copied)).to.deep.equal([false, true]);
    const audio = await decodeStereo(call.audioPath);
    expect(audio.durationMs).to.be.closeTo(6_000, 1);
    for (const fromMs of [300, 3_000, 5_400]) {
      expect(dominantFrequency(between(audio.left, audio.rate, fromMs, fromMs + 400), audio.rate)).to.equal(
        440,
      );
      expect(dominantFrequency(between(audio.right, audio.rate, fromMs, fromMs + 400), audio.rate)).to.equal(
        880,
      );
    }
  });

  it('lets the decoder bridge a single lost frame, and is silent in longer gaps', async () => {
    const feed = call.leg('agent', 'opus');
    const frames = await toneFrames('opus', 440, 6);
    frames.forEach((frame, i) => {
      if (i === 60 || (i >= 100 && i < 110)) feed.lose(1);
      else feed.frame(frame);
    });
    await call.write();
    await call.seal();
    const slots = await framesIn();
    expect(hex(slots[60]!.left)).to.deep.equal(['']);
    expect(slots.slice(100, 110).map((slot) => hex(slot.left))).to.deep.equal(
      Array.from({ length: 10 }, () => ['fffe']),
    );
    const audio = await decodeStereo(call.audioPath, 16_000, 'libopus');
    const level = rms(between(audio.left, audio.rate, 500, 1_100));
    expect(rms(between(audio.left, audio.rate, 1_205, 1_220))).to.be.above(level / 2);
    expect(rms(between(audio.left, audio.rate, 2_030, 2_190))).to.be.below(20);
    expect(rms(between(audio.left, audio.rate, 2_300, 3_000))).to.be.closeTo(level, level / 10);
  });

  it('takes what a sender with DTX leaves out for silence', async () => {
    const feed = call.leg('agent', 'opus');
    const frames = await toneFrames('opus', 440, 2);
    feed.frames(frames);
    // One packet without a frame, then nothing for 400 ms, over and over.
    for (let i = 0; i < 10; i++) {
      feed.frame(Buffer.from([frames[0]![0]! & 0xfc]));
      feed.pause(19);
    }
    feed.frames(frames);
    await call.write();
    const facts = await call.seal();
    expect(facts).to.deep.include({ durationMs: 8_000, gaps: [], coverage: 1 });
    expect(facts.legs[0]!.lost).to.equal(0);
    const audio = await decodeStereo(call.audioPath);
    expect(rms(between(audio.left, audio.rate, 2_100, 5_900))).to.be.below(50);
    expect(loudSpans(audio.left, audio.rate).at(-1)!.fromMs).to.be.closeTo(6_000, 20);
  });

  it('joins bot and agent who follow each other, and mixes them where both speak', async () => {
    const bot = await toneFrames('opus', 300, 4);
    const agent = await toneFrames('opus', 700, 4);
    call.leg('bot', 'opus').frames(bot);
    call.leg('agent', 'opus', callStartMs + 4_000).frames(agent);
    await call.write();
    await call.seal();
    expect((await legsOf()).map(({ copied }) => copied)).to.deep.equal([true, true]);
    expect((await framesIn()).map((slot) => hex(slot.left))).to.deep.equal([...bot, ...agent].map(frameOf));
    await call.remove();

    // The first word of one and the last of the other share a slot: both stay whole.
    call = await CallOnDisk.create();
    call.leg('bot', 'opus').frames(bot);
    call.leg('agent', 'opus', callStartMs + 3_988).frames(agent);
    await call.write();
    await call.seal();
    expect((await framesIn()).map((slot) => hex(slot.left))).to.deep.equal([...bot, ...agent].map(frameOf));
    await call.remove();

    call = await CallOnDisk.create();
    call.leg('bot', 'opus').frames(bot);
    call.leg('agent', 'opus', callStartMs + 3_000).frames(agent);
    call.leg('customer', 'opus').frames(await toneFrames('opus', 880, 7));
    await call.write();
    const facts = await call.seal();
    expect(facts.durationMs).to.equal(7_000);
    expect((await legsOf()).map(({ copied }) => copied)).to.deep.equal([false, false, true]);
    const audio = await decodeStereo(call.audioPath);
    const tone = (fromMs: number) =>
      dominantFrequency(between(audio.left, audio.rate, fromMs, fromMs + 500), audio.rate);
    expect([tone(1_000), tone(5_000)]).to.deep.equal([300, 700]);
    const one = rms(between(audio.left, audio.rate, 1_000, 2_500));
    expect(rms(between(audio.left, audio.rate, 3_200, 3_800))).to.be.closeTo(one * Math.SQRT2, one / 5);
  });

  it('goes on with another codec where a leg came back with one', async () => {
    call.leg('agent', 'PCMU').frames(await toneFrames('PCMU', 440, 3));
    const opus = await toneFrames('opus', 660, 3);
    call.leg('agent', 'opus', callStartMs + 3_000).frames(opus);
    call.leg('agent', 'PCMA', callStartMs + 6_000).frames(await toneFrames('PCMA', 550, 3));
    await call.write();
    const facts = await call.seal();
    expect(facts.durationMs).to.equal(9_000);
    const frames = await framesIn();
    expect(frames.slice(150, 300).map((slot) => hex(slot.left))).to.deep.equal(opus.map(frameOf));
    for (const decoder of ['opus', 'libopus']) {
      const audio = await decodeStereo(call.audioPath, 16_000, decoder);
      expect(audio.durationMs).to.be.closeTo(9_000, 1);
      const tone = (fromMs: number, toMs: number) =>
        dominantFrequency(between(audio.left, audio.rate, fromMs, toMs), audio.rate);
      expect([tone(100, 2_950), tone(3_050, 5_950), tone(6_050, 8_900)]).to.deep.equal([440, 660, 550]);
      for (const ms of [3_000, 6_000]) {
        expect(rms(between(audio.left, audio.rate, ms - 100, ms + 100))).to.be.within(9_000, 13_500);
      }
    }
  });

  it('takes packets of a sender that codes stereo', async () => {
    const packets = await opusPackets({
      hz: 440,
      seconds: 4,
      packetMs: 20,
      application: 'audio',
      channels: 2,
    });
    expect(packets.every((packet) => (packet[0]! & 4) !== 0 && opusDuration(packet) === 960)).to.be.true;
    call.leg('customer', 'opus').frames(packets);
    await call.write();
    await call.seal();
    for (const decoder of ['opus', 'libopus']) {
      const audio = await decodeStereo(call.audioPath, 16_000, decoder);
      expect(dominantFrequency(between(audio.right, audio.rate, 1_000, 3_000), audio.rate)).to.equal(440);
      expect(rms(between(audio.right, audio.rate, 1_000, 3_000))).to.be.above(5_000);
      expect(rms(audio.left)).to.be.below(5);
    }
  });

  it('corrects a clock that drifts by leaving out or putting in a frame where it is quiet', async () => {
    const speech = await toneFrames('opus', 440, 1);
    const quiet = await opusPackets({ hz: 0, seconds: 1, packetMs: 20, application: 'voip' });
    for (const ppm of [250, -250]) {
      const feed = call.leg('agent', 'opus');
      const customer = call.leg('customer', 'PCMU');
      const silence = Buffer.alloc(160, 0xff);
      for (let i = 0; i < 20_000; i++) {
        // The same second over and over: 600 ms of tone, 400 ms of nothing.
        const packets = i % 50 < 30 ? speech : quiet;
        feed.frame(packets[i % 50]!, (i * 20 * ppm) / 1_000_000);
        customer.frame(silence);
      }
      await call.write();
      const facts = await call.seal();
      const [agent] = await legsOf();
      expect(agent!.driftPpm).to.be.closeTo(ppm, 3);
      expect(agent!.copied).to.be.true;
      expect(facts.durationMs).to.be.closeTo(400_000 * (1 + Math.max(0, ppm) / 1_000_000), 20);
      const audio = await decodeStereo(call.audioPath, 16_000);
      const spans = loudSpans(audio.left, audio.rate);
      // Five frames were left out or put in, none of them in a tone: it would fall to pieces.
      expect(spans).to.have.length(400);
      spans.forEach(({ fromMs, toMs }, second) => {
        const clock = 1 + ppm / 1_000_000;
        expect(fromMs).to.be.closeTo(second * 1_000 * clock, 22);
        expect(toMs).to.be.closeTo((second * 1_000 + 600) * clock, 22);
      });
      await call.remove();
      call = await CallOnDisk.create();
    }
  });
});
