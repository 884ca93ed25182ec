import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { between, decodeStereo, rms } from '#support/decoded-audio.ts';
import { maskAudio } from '#worker/transcribe/mask-audio.ts';

describe('a masked rendering', () => {
  it('is silent where something was masked, on that voice alone, and as long as before', async () => {
    const tones = ['sine=frequency=440:duration=6', 'sine=frequency=880:duration=6'];
    const inputs = tones.flatMap((tone) => ['-f', 'lavfi', '-i', tone]);
    const joined = ['-filter_complex', '[0][1]join=inputs=2:channel_layout=stereo', '-c:a', 'libopus'];
    const master = execFileSync('ffmpeg', [
      '-loglevel',
      'error',
      ...inputs,
      ...joined,
      '-f',
      'webm',
      'pipe:1',
    ]);
    const spans = [
      { by: 'customer' as const, fromMs: 2_000, toMs: 3_500 },
      { by: 'customer' as const, fromMs: 5_000, toMs: 5_500 },
    ];
    const masked = await maskAudio(master, spans, new AbortController().signal);
    const folder = await mkdtemp(join(tmpdir(), 'masked-'));
    try {
      const path = join(folder, 'masked.webm');
      await writeFile(path, masked);
      const { left, right, rate, durationMs } = await decodeStereo(path);
      expect(durationMs).to.be.closeTo(6_000, 30);
      const loudness = (samples: Int16Array, from: number, to: number) =>
        rms(between(samples, rate, from, to));
      for (const { fromMs, toMs } of spans) {
        expect(loudness(right, fromMs + 30, toMs - 30)).to.be.below(30);
        expect(loudness(right, fromMs - 300, fromMs - 40)).to.be.above(1_000);
        expect(loudness(right, toMs + 40, toMs + 300)).to.be.above(1_000);
        expect(loudness(left, fromMs, toMs)).to.be.above(1_000);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
