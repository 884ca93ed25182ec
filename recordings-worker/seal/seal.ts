import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureLeg, SealedFacts, SealJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import { syncFolder } from '../spool/segment-writer.ts';
import { callFolder, sealedFiles, sealedPath } from '../spool/spool-layout.ts';
import { WorkerError } from '../worker-error.ts';
import { makeAudio } from './audio.ts';
import { patienceFor } from './ffmpeg.ts';
import { gapsOf, keepLongest, withheldPackets } from './gaps.ts';
import { loudnessOf } from './loudness.ts';
import { type Manifest, manifest, sealerVersion } from './manifest.ts';
import { peaksFileOf, thumbnailOf } from './peaks.ts';
import { fingerprintOf, readSpool, type SpooledCall } from './read-spool.ts';
import type { PlacedLeg } from './side-plan.ts';
import { placePackets } from './timeline.ts';

export interface SealOptions {
  readonly spoolDir: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** How long ffmpeg may take over audio of so many ms before it is killed and the seal fails, ms. */
  readonly patience?: (audioMs: number) => number;
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
  const startMs = Math.min(...legs.map(({ timeline }) => timeline.startMs));
  const audioPath = join(work, sealedFiles.audio);
  const { signal, patience = patienceFor } = options;
  const audio = await makeAudio({ path: audioPath, legs, startMs, signal, patience });
  const [agent, customer] = [audio.left, audio.right];

  const durationMs = Math.round(audio.ticks / 48);
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
  const placed = new Map(legs.map((one) => [one.leg, one]));
  const lostIn = (leg: CaptureLeg): number => {
    const found = placed.get(leg);
    if (!found) return 0;
    return found.timeline.lost - withheldPackets(found.timeline, [...found.holds, ...call.pauses]);
  };
  const facts: SealedFacts = {
    startedAt: Math.round(startMs),
    durationMs,
    coverage: packets / (packets + call.droppedPackets),
    gaps,
    legs: call.legs.map(({ leg, index }) => ({
      ...leg,
      packets: index.count,
      lost: lostIn(leg),
    })),
    thumbnail: thumbnailOf(agent.peaks, customer.peaks),
    loudness: loudnessOf(agent.energy, customer.energy),
  };

  const peaksPath = join(work, sealedFiles.peaks);
  const peaksFile = peaksFileOf(durationMs, agent.peaks, customer.peaks);
  await writeFile(peaksPath, JSON.stringify(peaksFile), { flush: true });
  const made: Manifest = {
    version: 1,
    sealerVersion,
    recordingId: job.recordingId,
    callId: job.callId,
    startedAt: facts.startedAt,
    callEndedAt: call.endedAt,
    durationMs,
    audio: {
      container: 'webm',
      codec: 'opus',
      encodedAtHz: audio.encodedAtHz,
      channels: ['agent', 'customer'],
    },
    legs: call.legs.map(({ leg, index }) => {
      const found = placed.get(leg);
      const timeline = found?.timeline;
      const fromMs = timeline ? Math.round(timeline.startMs - startMs) : null;
      return {
        ...leg,
        fromMs,
        toMs: timeline
          ? Math.round(timeline.startMs - startMs + (timeline.length * 1_000) / timeline.clockRate)
          : null,
        packets: index.count,
        lost: lostIn(leg),
        duplicates: index.duplicates,
        foreign: index.foreign,
        streams: timeline?.runs ?? 0,
        driftPpm: timeline?.driftPpm ?? 0,
        copied: found !== undefined && audio.copied.has(found),
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
