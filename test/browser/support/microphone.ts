import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { toneSamples } from '#support/rtp-sender.ts';
import { launchChromium } from './chromium.ts';

const sampleRate = 48_000;

/** A browser whose microphone hears a steady tone. It is a process of its own: the file is given by a flag. */
export async function chromiumWithTone(hz: number): Promise<{ browser: Browser; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'cloud-listening-tone-'));
  const file = join(folder, `${hz}.wav`);
  // Ten seconds hold whole waves of every whole frequency, so that the loop has no click.
  await writeFile(file, wav(toneSamples(hz, 10, { sampleRate })));
  const browser = await launchChromium([`--use-file-for-fake-audio-capture=${file}`]);
  return {
    browser,
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * From now on this context's microphone comes as it is. Noise suppression and echo cancellation are made to remove
 * exactly what tests speak: steady tones.
 */
export async function withoutVoiceProcessing(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    // The blank page that a tab begins with is no secure context and has none.
    if (typeof MediaDevices === 'undefined') return;
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = function () {
      const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      return getUserMedia.call(this, { audio: raw });
    };
  });
}

/** A microphone that the person refuses `times` times before allowing it. */
export async function refuseMicrophone(context: BrowserContext, times: number): Promise<void> {
  await context.addInitScript((refusals: number) => {
    if (typeof MediaDevices === 'undefined') return;
    let left = refusals;
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = function (constraints) {
      if (left-- > 0) return Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
      return getUserMedia.call(this, constraints);
    };
  }, times);
}

/** 16-bit mono PCM in a RIFF file. */
function wav(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
