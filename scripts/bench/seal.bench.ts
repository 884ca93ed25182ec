import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Codec } from '#contract/primitives.ts';
import { CallOnDisk } from '#support/call-on-disk.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { OggOpusWriter } from '#worker/seal/ogg-opus.ts';
import { sealedPath } from '#worker/spool/spool-layout.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { cpuSecondsOf } from './world.ts';

const run = promisify(execFile);
/** Ours and the other one in turn, so often; a machine's speed drifts. */
const rounds = 3;
const pairs: readonly (readonly [string, Codec, Codec])[] = [
  ['G.711', 'PCMU', 'PCMU'],
  ['Opus', 'opus', 'opus'],
  ['mixed', 'PCMU', 'opus'],
];

interface Spent {
  readonly cpu: number;
  readonly wall: number;
}

/**
 * What sealing two legs of `seconds` costs: reading the spool, placing every packet, the file, peaks, loudness,
 * checksums, all on disk. Beside it ffmpeg alone, which decodes two plain files of the same packets and encodes them
 * with the settings of our own encoder.
 */
export async function measureSeal(seconds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, agent, customer] of pairs) {
    const call = await CallOnDisk.create();
    try {
      const legs = [await toneFrames(agent, 440, seconds), await toneFrames(customer, 880, seconds)] as const;
      call.leg('agent', agent).frames(legs[0]);
      call.leg('customer', customer).frames(legs[1]);
      await call.write();
      const inputs = [
        await plainFile(call.dir, 'agent', agent, legs[0]),
        await plainFile(call.dir, 'customer', customer, legs[1]),
      ];
      const ours: Spent[] = [];
      const theirs: Spent[] = [];
      // The first round warms up both.
      for (let round = 0; round <= rounds; round++) {
        await rm(sealedPath(call.dir, call.job.callId), { recursive: true, force: true });
        const seal = await spentOn(() => call.seal());
        const alone = await spentOn(() => ffmpegAlone(inputs.flat(), join(call.dir, 'alone.webm')));
        if (round > 0) ours.push(seal);
        if (round > 0) theirs.push(alone);
      }
      const middle = (all: readonly Spent[], what: keyof Spent) =>
        percentile(
          all.map((one) => one[what]),
          50,
        );
      const [cpu, otherCpu] = [middle(ours, 'cpu'), middle(theirs, 'cpu')];
      figures.push({
        name: `seal ${seconds} s of two legs, ${name}: CPU`,
        value: rounded(cpu),
        unit: 's',
        beside: `ffmpeg alone, decoding and encoding: ${rounded(otherCpu)} s`,
        ratio: rounded(cpu / otherCpu),
      });
      figures.push({
        name: `seal ${seconds} s of two legs, ${name}: time`,
        value: rounded(middle(ours, 'wall')),
        unit: 's',
        beside: `ffmpeg alone: ${rounded(middle(theirs, 'wall'))} s`,
        ratio: rounded(middle(ours, 'wall') / middle(theirs, 'wall')),
      });
    } finally {
      await call.remove();
    }
  }
  return figures;
}

/** CPU of this process and the children it has waited for, and time, seconds. */
async function spentOn(work: () => Promise<unknown>): Promise<Spent> {
  const cpuBefore = await cpuSecondsOf(process.pid, { withChildren: true });
  const before = performance.now();
  await work();
  const wall = (performance.now() - before) / 1_000;
  return { cpu: (await cpuSecondsOf(process.pid, { withChildren: true })) - cpuBefore, wall };
}

/** The leg's packets as a file that ffmpeg reads, and how it reads it. */
async function plainFile(
  folder: string,
  name: string,
  codec: Codec,
  packets: readonly Buffer[],
): Promise<string[]> {
  const path = join(folder, name);
  if (codec === 'opus') {
    const writer = new OggOpusWriter(1);
    const pages = [
      writer.header(),
      ...packets.flatMap((packet) => writer.add(packet, 960) ?? []),
      writer.end(),
    ];
    await writeFile(path, Buffer.concat(pages));
    return ['-f', 'ogg', '-i', path];
  }
  await writeFile(path, Buffer.concat(packets));
  return ['-f', codec === 'PCMU' ? 'mulaw' : 'alaw', '-ar', '8000', '-ac', '1', '-i', path];
}

async function ffmpegAlone(inputs: readonly string[], output: string): Promise<void> {
  const join = ['-filter_complex', '[0][1]join=inputs=2:channel_layout=stereo'];
  const codec = ['-c:a', 'libopus', '-application', 'lowdelay', '-vbr', 'on', '-b:a', '64000'];
  const cost = ['-compression_level', '0', '-frame_duration', '20'];
  await run('ffmpeg', ['-v', 'error', ...inputs, ...join, ...codec, ...cost, '-f', 'webm', '-y', output]);
}
