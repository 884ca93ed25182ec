import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedFacts, SealJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import { syncFolder } from '../spool/segment-writer.ts';
import { callFolder, sealedFiles, sealedPath } from '../spool/spool-layout.ts';
import { WorkerError } from '../worker-error.ts';
import { type SampleRate, StereoEncoder, sampleRates } from './encoder.ts';
import { gapsOf, keepLongest } from './gaps.ts';
import { openLegPcm } from './leg-pcm.ts';
import { type Manifest, manifest, sealerVersion } from './manifest.ts';
import { type MixdownLeg, mixDown, sideOf } from './mixdown.ts';
import { peaksFileOf, thumbnailOf } from './peaks.ts';
import { fingerprintOf, readSpool, type SpooledCall, type SpooledLeg } from './read-spool.ts';
import { type LegTimeline, placePackets } from './timeline.ts';

export interface SealOptions {
  readonly spoolDir: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

interface PlacedLeg extends SpooledLeg {
  readonly timeline: LegTimeline;
}

/**
 * Makes the recording of a call from its spool: audio, peaks and manifest in `<callId>/sealed/`. The folder appears
 * whole or not at all; a spool that was sealed already and has not changed since is not sealed again.
 * Errors: WorkerError `seal.no-spool`, `seal.no-packets` (final), `seal.encoder`, `seal.decoder`; the disk's own.
 */
export async function sealCall(job: SealJob, options: SealOptions): Promise<SealedFacts> {
  const folder = callFolder(options.spoolDir, job.callId);
  const spool = await fingerprintOf(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (spool === '') {
    throw new WorkerError('seal.no-spool', 'No worker that shares this spool has captured the call.');
  }
  const before = await readManifest(options.spoolDir, job.callId);
  if (before?.spool === spool && before.sealerVersion === sealerVersion) return before.facts;

  const call = await readSpool(folder);
  const legs = call.legs.flatMap((leg): PlacedLeg[] => {
    const timeline = placePackets(leg.index, leg.leg.clockRate);
    return timeline ? [{ ...leg, timeline }] : [];
  });
  if (legs.length === 0) {
    throw new WorkerError('seal.no-packets', 'No packet of this call was captured.', { final: true });
  }

  const work = join(folder, `sealing-${randomUUID()}`);
  await mkdir(work);
  try {
    const made = await makeFiles(work, job, call, legs, spool, options);
    await replaceSealed(folder, work, options.spoolDir, job.callId);
    return made.facts;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export async function readManifest(spoolDir: string, callId: string): Promise<Manifest | undefined> {
  try {
    const text = await readFile(join(sealedPath(spoolDir, callId), sealedFiles.manifest), 'utf8');
    return manifest.parse(JSON.parse(text));
  } catch {
    // Not there, or of another version: sealing makes a new one.
    return undefined;
  }
}

async function makeFiles(
  work: string,
  job: SealJob,
  call: SpooledCall,
  legs: readonly PlacedLeg[],
  spool: string,
  options: SealOptions,
): Promise<Manifest> {
  const rate = legs.every(({ leg }) => leg.clockRate === sampleRates.telephone)
    ? sampleRates.telephone
    : sampleRates.wide;
  const startMs = Math.min(...legs.map(({ timeline }) => timeline.startMs));
  const totalSamples = Math.max(...legs.map(({ timeline }) => endSample(timeline, startMs, rate)));
  const audioPath = join(work, sealedFiles.audio);
  const peaks = await makeAudio({ path: audioPath, legs, startMs, totalSamples, rate, options });

  const durationMs = Math.round((totalSamples * 1_000) / rate);
  const gaps = keepLongest(
    legs.flatMap(({ leg, timeline, holds }) =>
      gapsOf({
        role: leg.role,
        timeline,
        holds,
        dropped: call.dropped,
        pauses: call.pauses,
        recordingStartMs: startMs,
      }),
    ),
  );
  const packets = legs.reduce((sum, { index }) => sum + index.count, 0);
  const placed = new Map(legs.map(({ leg, timeline }) => [leg, timeline]));
  const facts: SealedFacts = {
    startedAt: Math.round(startMs),
    durationMs,
    coverage: packets / (packets + call.droppedPackets),
    gaps,
    legs: call.legs.map(({ leg, index }) => ({
      ...leg,
      packets: index.count,
      lost: placed.get(leg)?.lost ?? 0,
    })),
    thumbnail: thumbnailOf(peaks.left, peaks.right),
  };

  const peaksPath = join(work, sealedFiles.peaks);
  const peaksFile = peaksFileOf(durationMs, peaks.left, peaks.right);
  await writeFile(peaksPath, JSON.stringify(peaksFile), { flush: true });
  const made: Manifest = {
    version: 1,
    sealerVersion,
    recordingId: job.recordingId,
    callId: job.callId,
    startedAt: facts.startedAt,
    callEndedAt: call.endedAt,
    durationMs,
    audio: { container: 'webm', codec: 'opus', encodedAtHz: rate, channels: ['agent', 'customer'] },
    legs: call.legs.map(({ leg, index }) => {
      const timeline = placed.get(leg);
      const fromMs = timeline ? Math.round(timeline.startMs - startMs) : null;
      return {
        ...leg,
        fromMs,
        toMs: timeline
          ? Math.round(timeline.startMs - startMs + (timeline.length * 1_000) / timeline.clockRate)
          : null,
        packets: index.count,
        lost: timeline?.lost ?? 0,
        duplicates: index.duplicates,
        foreign: index.foreign,
        streams: timeline?.runs ?? 0,
        tornBytes: index.tornBytes,
      };
    }),
    droppedByTap: call.droppedPackets,
    gaps,
    segments: call.segments.map(({ name, head, packets: kept }) => ({
      name,
      workerId: head.workerId,
      openedAt: head.openedAt,
      packets: kept,
    })),
    files: [
      { name: sealedFiles.audio, ...(await checksumOf(audioPath)) },
      { name: sealedFiles.peaks, ...(await checksumOf(peaksPath)) },
    ],
    spool,
    facts,
  };
  const text = JSON.stringify(manifest.parse(made), null, 1);
  await writeFile(join(work, sealedFiles.manifest), text, { flush: true });
  await syncFolder(work);
  return made;
}

function endSample(timeline: LegTimeline, startMs: number, rate: SampleRate): number {
  const offset = Math.round(((timeline.startMs - startMs) * rate) / 1_000);
  return offset + Math.round((timeline.length * rate) / timeline.clockRate);
}

interface AudioInput {
  readonly path: string;
  readonly legs: readonly PlacedLeg[];
  readonly startMs: number;
  readonly totalSamples: number;
  readonly rate: SampleRate;
  readonly options: SealOptions;
}

async function makeAudio(input: AudioInput): Promise<{ left: number[]; right: number[] }> {
  const { rate, startMs, totalSamples } = input;
  const { signal } = input.options;
  const legs: MixdownLeg[] = input.legs.map(({ leg, index, timeline }) => ({
    side: sideOf(leg.role),
    timeline,
    pcm: openLegPcm({ codec: leg.codec, index, timeline, rate, signal }),
  }));
  const encoder = new StereoEncoder(input.path, rate, signal);
  try {
    const peaks = await mixDown({ legs, startMs, totalSamples, rate, encoder });
    await encoder.finish();
    return peaks;
  } finally {
    for (const { pcm } of legs) pcm.close();
    encoder.kill();
  }
}

async function checksumOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

async function replaceSealed(folder: string, work: string, spoolDir: string, callId: string): Promise<void> {
  const target = sealedPath(spoolDir, callId);
  const replaced = join(folder, `replaced-${randomUUID()}`);
  await rename(target, replaced).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(work, target);
  await syncFolder(folder);
  await rm(replaced, { recursive: true, force: true });
}
