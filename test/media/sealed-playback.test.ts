import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { Codec } from '#contract/primitives.ts';
import { CallOnDisk, callStartMs } from '#support/call-on-disk.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { launchChromium } from '../browser/support/chromium.ts';

/** Left: three spans of ten seconds, each with a tone of its own; right: 880 Hz from 2 s on. */
const leftTones = [440, 560, 660];
const rightTone = 880;
const totalSeconds = 30;

async function seal(agent: Codec, customer: Codec): Promise<CallOnDisk> {
  const call = await CallOnDisk.create();
  const left = call.leg('agent', agent);
  for (const hz of leftTones) left.frames(await toneFrames(agent, hz, 10));
  const right = call.leg('customer', customer, callStartMs + 2_000);
  right.frames(await toneFrames(customer, rightTone, totalSeconds - 2));
  await call.write();
  await call.seal();
  return call;
}

/** Serves the file as an object store does: byte ranges, from another origin than the page. */
async function serve(files: ReadonlyMap<string, Buffer>): Promise<Server> {
  const server = createServer((request, response) => {
    const bytes = files.get(request.url ?? '');
    if (!bytes) {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>player</title>');
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = range ? Number(range[1]) : 0;
    const to = range?.[2] ? Number(range[2]) : bytes.length - 1;
    response.writeHead(range ? 206 : 200, {
      'content-type': 'audio/webm',
      'accept-ranges': 'bytes',
      'content-length': to - from + 1,
      ...(range ? { 'content-range': `bytes ${from}-${to}/${bytes.length}` } : {}),
    });
    response.end(bytes.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** What a page measures in samples of one channel: the tone, by its upward crossings of zero, and how loud it is. */
interface Heard {
  readonly hz: number;
  readonly level: number;
}

describe('a sealed recording in Chromium', function () {
  this.timeout(120_000);
  const pairs: readonly (readonly [Codec, Codec])[] = [
    ['opus', 'opus'],
    ['PCMU', 'PCMU'],
    ['PCMA', 'opus'],
  ];
  const calls: CallOnDisk[] = [];
  let browser: Browser;
  let server: Server;
  let page: Page;

  before(async () => {
    for (const pair of pairs) calls.push(await seal(...pair));
    const files = await Promise.all(
      calls.map(async (call, i) => [`/${i}.webm`, await readFile(call.audioPath)] as const),
    );
    server = await serve(new Map(files));
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: `globalThis.heard = ${heard.toString()}` });
  });
  after(async () => {
    await browser?.close();
    await new Promise((resolve) => server?.close(resolve));
    await Promise.all(calls.map((call) => call.remove()));
  });

  pairs.forEach(([agent, customer], i) => {
    it(`decodes to its exact length, every sound in its place (${agent} and ${customer})`, async () => {
      const decoded = await page.evaluate(async (url) => {
        const measure = (globalThis as unknown as { heard: typeof heard }).heard;
        const bytes = await (await fetch(url)).arrayBuffer();
        const audio = await new OfflineAudioContext(2, 48_000, 48_000).decodeAudioData(bytes);
        const [left, right] = [audio.getChannelData(0), audio.getChannelData(1)];
        const at = (samples: Float32Array, seconds: number) =>
          measure(samples.subarray(seconds * 48_000, (seconds + 0.4) * 48_000), 48_000);
        return {
          channels: audio.numberOfChannels,
          samples: audio.length,
          begins: right.findIndex((sample) => Math.abs(sample) > 0.1) / 48,
          left: [0.2, 9.5, 10.1, 19.5, 20.1, 29.5].map((seconds) => at(left, seconds)),
          right: [1, 9.5, 29.5].map((seconds) => at(right, seconds)),
        };
      }, `/${i}.webm`);
      expect(decoded.channels).to.equal(2);
      expect(decoded.samples).to.equal(totalSeconds * 48_000);
      expect(decoded.left.map(({ hz }) => hz)).to.deep.equal([440, 440, 560, 560, 660, 660]);
      expect(decoded.right.slice(1).map(({ hz }) => hz)).to.deep.equal([rightTone, rightTone]);
      expect(decoded.right[0]!.level, 'right before it speaks').to.be.below(0.001);
      expect(decoded.begins).to.be.within(1_985, 2_015);
    });

    it(`plays from wherever one seeks to (${agent} and ${customer})`, async () => {
      const offsets = [9.2, 25, 0.3, 10.4, 19.2, 29.2, 14.9, 4.96];
      const played = await page.evaluate(play, { url: `/${i}.webm`, offsets });
      expect(played.duration).to.be.closeTo(totalSeconds, 0.001);
      played.heard.forEach(({ left, right, time }, k) => {
        const offset = offsets[k]!;
        const said = `at ${offset} s: ${JSON.stringify({ left, right, time })}`;
        expect(left.hz, said).to.be.closeTo(leftTones[Math.floor(offset / 10)]!, 3);
        if (offset < 1) expect(right.level, said).to.be.below(0.01);
        else expect(right.hz, said).to.be.closeTo(rightTone, 3);
        expect(time, said).to.be.within(offset, offset + 0.8);
      });
      expect(played.ended, 'the end').to.be.closeTo(totalSeconds, 0.05);
    });
  });
});

/** Runs in the page. */
function heard(samples: Float32Array, rate: number): Heard {
  let square = 0;
  let first = -1;
  let last = -1;
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) {
    const [before, now] = [samples[i - 1]!, samples[i]!];
    square += now * now;
    if (before >= 0 || now < 0) continue;
    const at = i - now / (now - before);
    if (first < 0) first = at;
    else crossings += 1;
    last = at;
  }
  const hz = crossings > 0 ? (crossings * rate) / (last - first) : 0;
  return { hz: Math.round(hz), level: Math.sqrt(square / samples.length) };
}

/** Runs in the page: seeks to each offset while playing, and listens to both channels there. */
async function play({ url, offsets }: { url: string; offsets: readonly number[] }) {
  const measure = (globalThis as unknown as { heard: typeof heard }).heard;
  const audio = new Audio(url);
  const context = new AudioContext({ sampleRate: 48_000 });
  const splitter = context.createChannelSplitter(2);
  const ears = [context.createAnalyser(), context.createAnalyser()];
  ears.forEach((ear, channel) => {
    ear.fftSize = 8_192;
    splitter.connect(ear, channel);
  });
  const source = context.createMediaElementSource(audio);
  source.connect(splitter);
  source.connect(context.destination);
  const event = (name: string) =>
    new Promise((resolve, reject) => {
      audio.addEventListener(name, resolve, { once: true });
      audio.addEventListener('error', () => reject(new Error(audio.error?.message)), { once: true });
    });
  await event('loadedmetadata');
  await audio.play();
  const heardAt: { left: Heard; right: Heard; time: number }[] = [];
  for (const offset of offsets) {
    const seeked = event('seeked');
    audio.currentTime = offset;
    await seeked;
    // The analyser's window (171 ms) holds nothing of before when this much has been played.
    while (audio.currentTime < offset + 0.3) await new Promise((resolve) => setTimeout(resolve, 10));
    const [left, right] = ears.map((ear) => {
      const samples = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(samples);
      return measure(samples, context.sampleRate);
    });
    heardAt.push({ left: left!, right: right!, time: audio.currentTime });
  }
  const ended = event('ended');
  audio.currentTime = audio.duration - 0.2;
  await ended;
  const result = { duration: audio.duration, heard: heardAt, ended: audio.currentTime };
  await context.close();
  return result;
}
