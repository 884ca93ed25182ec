import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FaultRule } from '#scripts/embedded/s3/faults.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { FaultWorld, type FaultWorldOptions, type Recorder } from './fault-world.ts';
import { type FaultCall, placeCall, settle, Traffic } from './traffic.ts';

const run = promisify(execFile);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const between = (least: number, most: number) => least + Math.random() * (most - least);
const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;

/** One line of the table. */
export interface FaultRow {
  readonly fault: string;
  /** How often the fault was made, at random moments. */
  readonly moments: number;
  readonly calls: number;
  readonly sent: number;
  readonly archived: number;
  readonly gaps: number;
  readonly longestGapMs: number;
  /** Calls that were not archived in time, with what they were instead. */
  readonly stuck: readonly string[];
  /** What may not happen did. */
  readonly broken: readonly string[];
}

export interface FaultOptions {
  readonly moments: number;
  /** Calls at a time. */
  readonly lanes: number;
  readonly onProgress?: (text: string) => void;
}

export interface Fault {
  readonly name: string;
  /** How many moments of it make a full run. */
  readonly moments: number;
  readonly measure: (options: FaultOptions) => Promise<FaultRow>;
}

/** What a recording's length may differ from the time in which its packets were sent, ms. */
const lengthToleranceMs = 400;

interface Bounds {
  /** Audio that may be missing from one call, ms. */
  readonly gapMs: number;
  readonly settleMs?: number;
}

/** What became of the calls, and which of it may not be. */
export async function account(
  fault: string,
  moments: number,
  world: FaultWorld,
  calls: readonly FaultCall[],
  bounds: Bounds,
): Promise<FaultRow> {
  const kept = await settle(world, calls, bounds.settleMs ?? 120_000);
  const sums = { sent: 0, archived: 0, gaps: 0, longestGapMs: 0 };
  const stuck: string[] = [];
  const broken: string[] = [];
  for (const { callId, sent, tookMs } of calls) {
    const one = kept.get(callId);
    sums.sent += sent;
    if (one?.state !== 'archived') {
      const entry = await world.book(callId).catch(() => null);
      stuck.push(`${callId}: ${one?.state ?? entry?.state ?? 'unknown'}`, ...world.said(callId).slice(-12));
      continue;
    }
    sums.archived += one.packets;
    sums.gaps += one.gaps;
    sums.longestGapMs = Math.max(sums.longestGapMs, one.longestGapMs);
    // Two legs of 50 packets a second.
    const missingMs = (sent - one.packets) * 10;
    if (missingMs > bounds.gapMs)
      broken.push(`${callId}: ${sent - one.packets} of ${sent} packets are missing`);
    if (missingMs === 0 && one.gaps > 0)
      broken.push(`${callId}: ${one.gaps} gaps, though every packet is there`);
    if (bounds.gapMs === 0 && tookMs !== undefined) {
      const [least, most] = [sent * 10 - lengthToleranceMs, Math.max(tookMs, sent * 10) + lengthToleranceMs];
      if (one.durationMs < least || one.durationMs > most)
        broken.push(`${callId}: ${one.durationMs} ms long, not ${least}–${most}`);
    }
  }
  return { fault, moments, calls: calls.length, ...sums, stuck, broken };
}

/** A world, calls all the time, the fault at random moments, and what became of the calls. */
async function underTraffic(
  fault: string,
  options: FaultOptions,
  world: FaultWorldOptions,
  bounds: Bounds,
  act: (world: FaultWorld, moment: number) => Promise<void>,
): Promise<FaultRow> {
  const house = await FaultWorld.start(world);
  try {
    const traffic = new Traffic(house, options.lanes, [3, 7]);
    await pause(1_500);
    for (let moment = 0; moment < options.moments; moment++) {
      await pause(between(300, 2_000));
      await act(house, moment);
      options.onProgress?.(`${fault}: ${moment + 1} of ${options.moments}`);
    }
    await traffic.stop();
    return await account(fault, options.moments, house, traffic.calls, bounds);
  } finally {
    await house.stop();
  }
}

/** Dies, and is there again a moment later, with its disk as it was. */
export async function killAndRestart(recorder: Recorder): Promise<void> {
  recorder.kill();
  await pause(between(0, 800));
  await recorder.start();
}

const killWhileCapturing = (copies: '1' | '2'): Fault => ({
  name: `worker killed while capturing, ${copies === '2' ? 'two copies' : 'one copy'}`,
  moments: 20,
  measure: (options) =>
    underTraffic(
      `worker killed while capturing, ${copies === '2' ? 'two copies' : 'one copy'}`,
      options,
      { copies, workers: 2 },
      { gapMs: copies === '2' ? 0 : 2_000 },
      async (world) => {
        await killAndRestart(pick(world.recorders));
      },
    ),
});

export type Stage = 'sealing' | 'uploading' | 'verifying';

/** Slows the store down, so that a random moment is one of this stage; says when that has begun. */
const slowed: Record<Exclude<Stage, 'sealing'>, FaultRule> = {
  uploading: { kind: 'slow', operation: 'PutObject', keyPrefix: 'recordings/', latencyMs: 400 },
  verifying: { kind: 'slow', operation: 'GetObject', keyPrefix: 'recordings/', latencyMs: 400 },
};

/** The recorder that is at this stage of one of the calls now. */
async function recorderAt(
  stage: Stage,
  world: FaultWorld,
  calls: readonly FaultCall[],
): Promise<Recorder | undefined> {
  for (const recorder of world.recorders) {
    for (const { callId } of calls) {
      const names = await recorder.spoolOf(callId);
      if (names.some((name) => (stage === 'sealing' ? name.startsWith('sealing-') : name === 'sealed'))) {
        return recorder;
      }
    }
  }
  return undefined;
}

/**
 * Places calls and kills the recorder that is at this stage of one of them, until that struck `moments` times; a stage
 * that was over before the signal came is no moment of it. Answers how often it struck.
 */
export async function killDuring(
  stage: Stage,
  moments: number,
  world: FaultWorld,
  calls: FaultCall[],
  onProgress?: (text: string) => void,
): Promise<number> {
  const { faults } = world.objects;
  let hits = 0;
  for (let turn = 0; hits < moments && turn < moments * 4; turn++) {
    const rule = stage === 'sealing' ? undefined : faults.add(slowed[stage]);
    const matched = () => faults.list().find(({ id }) => id === rule)?.matched ?? 0;
    const placed = await Promise.all([1.2, 1.4, 1.6].map((seconds) => placeCall(world, seconds)));
    calls.push(...placed);
    const until = Date.now() + 20_000;
    let at: Recorder | undefined;
    while (!at && Date.now() < until) {
      if (rule === undefined || matched() > 0) at = await recorderAt(stage, world, placed);
      if (!at) await pause(3);
    }
    await pause(between(0, stage === 'sealing' ? 60 : 380));
    if (at !== undefined && (await recorderAt(stage, world, placed)) === at) hits += 1;
    at?.kill();
    if (rule !== undefined) faults.clear(rule);
    await pause(between(0, 300));
    await at?.start();
    await Promise.all(placed.map(({ over }) => over));
    onProgress?.(`killed while ${stage}: ${hits} of ${moments}`);
  }
  return hits;
}

const killAtStage = (stage: Stage): Fault => ({
  name: `worker killed while ${stage}, two copies`,
  moments: 20,
  measure: async (options) => {
    const world = await FaultWorld.start({ copies: '2', workers: 2 });
    try {
      const calls: FaultCall[] = [];
      const hits = await killDuring(stage, options.moments, world, calls, options.onProgress);
      const name = `worker killed while ${stage}, two copies`;
      const row = await account(name, hits, world, calls, { gapMs: 0 });
      const few = hits < options.moments ? [`only ${hits} moments were hit`] : [];
      return { ...row, broken: [...row.broken, ...few] };
    } finally {
      await world.stop();
    }
  },
});

const serverKilled: Fault = {
  name: 'server killed',
  moments: 5,
  measure: async (options) => {
    const world = await FaultWorld.start({ copies: '2', workers: 2 });
    const calls: FaultCall[] = [];
    try {
      for (let moment = 0; moment < options.moments; moment++) {
        const opened = await Promise.all(
          Array.from({ length: options.lanes }, () => world.telephony.open({ lineId: 'supermarket' })),
        );
        const sendings = opened.map(({ legs }) =>
          legs.map((leg) => sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 20 })),
        );
        await pause(between(2_500, 5_000));
        world.server.kill();
        // What is sent after this is sent to nobody.
        const sent = await Promise.all(
          sendings.map(async (legs) => {
            const streams = await Promise.all(legs.map((leg) => leg.stop()));
            return streams.reduce((sum, { packets }) => sum + packets, 0);
          }),
        );
        opened.forEach(({ callId }, index) => {
          calls.push({
            callId,
            seconds: 0,
            sent: sent[index]!,
            tookMs: undefined,
            over: Promise.resolve(),
            endedAt: undefined,
          });
        });
        await world.restartServer();
        options.onProgress?.(`server killed: ${moment + 1} of ${options.moments}`);
      }
      return await account('server killed', options.moments, world, calls, { gapMs: 2_000 });
    } finally {
      await world.stop();
    }
  },
};

const two: FaultWorldOptions = { copies: '2', workers: 2 };
const traffic = (
  name: string,
  moments: number,
  world: FaultWorldOptions,
  act: (world: FaultWorld, moment: number) => Promise<void>,
): Fault => ({
  name,
  moments,
  measure: (options) => underTraffic(name, options, world, { gapMs: 0, settleMs: 150_000 }, act),
});

const redisRestart = traffic('Redis killed and restarted', 5, two, (world) =>
  world.restartStore('redis', between(200, 3_000)),
);
const mongoRestart = traffic('MongoDB killed and restarted', 5, two, (world) =>
  world.restartStore('mongodb', between(200, 3_000)),
);
const storeOutage = traffic('S3 away', 4, two, async (world) => {
  await world.objects.faults.startOutage();
  await pause(between(3_000, 8_000));
  await world.objects.faults.endOutage();
});
const storeCorrupting = traffic('S3 gives back or keeps something else', 10, two, async (world, moment) => {
  const { faults } = world.objects;
  const rules: FaultRule[] = [
    { kind: 'flip-byte', operation: 'GetObject', atByte: 100, count: 2 },
    { kind: 'flip-byte', operation: 'PutObject', atByte: 100, count: 2 },
    { kind: 'cut-response', operation: 'GetObject', atByte: 50, count: 2 },
    { kind: 'cut-request', operation: 'PutObject', atByte: 50, count: 2 },
    { kind: 'reset', count: 3 },
  ];
  const id = faults.add({ ...rules[moment % rules.length]!, keyPrefix: 'recordings/' });
  await pause(3_000);
  faults.clear(id);
});

/** Both clocks are stepped by an hour, forth and back, in turns: server, one worker, the other. */
const stepClock = {
  NODE_OPTIONS: `--import ${new URL('./step-clock.ts', import.meta.url).href}`,
  CLOCK_STEP_MS: '3600000',
};
const clockStep = traffic(
  'clock of server or worker set by an hour',
  6,
  { ...two, serverEnv: stepClock, workerEnv: () => stepClock },
  async (world, moment) => {
    const pids = [world.server.pid, ...world.recorders.map(({ pid }) => pid)];
    const pid = pids[moment % pids.length];
    if (pid === undefined) throw new Error('nobody is there to set the clock of');
    process.kill(pid, 'SIGUSR2');
  },
);

/** MiB of the disk that fills up in mid-call. */
const smallDiskMb = 2;

const diskFull: Fault = {
  name: 'disk of one worker full, one copy',
  moments: 3,
  measure: async (options) => {
    const folder = await mkdtemp(join(tmpdir(), 'small-disk-'));
    // The kernel's own ENOSPC: that takes the right to mount.
    await run('mount', ['-t', 'tmpfs', '-o', `size=${smallDiskMb}m`, 'none', folder]);
    try {
      return await underTraffic(
        diskFull.name,
        options,
        {
          copies: '1',
          workers: 2,
          spoolDir: (index) => (index === 0 ? folder : undefined),
          // Admission would see to it that the disk does not fill up.
          workerEnv: () => ({ SPOOL_LEAST_FREE_MB: '0' }),
        },
        { gapMs: 0, settleMs: 240_000 },
        // Time for the calls to fill it.
        () => pause(8_000),
      );
    } finally {
      await run('umount', [folder]);
      await rm(folder, { recursive: true, force: true });
    }
  },
};

export const canMount = (): boolean => process.getuid?.() === 0;

export const faults: readonly Fault[] = [
  killWhileCapturing('2'),
  killWhileCapturing('1'),
  killAtStage('sealing'),
  killAtStage('uploading'),
  killAtStage('verifying'),
  serverKilled,
  redisRestart,
  mongoRestart,
  storeOutage,
  storeCorrupting,
  diskFull,
  clockStep,
];
