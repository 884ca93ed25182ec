import { cpus } from 'node:os';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { MongoClient } from 'mongodb';
import type { ArchivedFile } from '#contract/capture.ts';
import { recordingManifest } from '#worker/archive/archive-documents.ts';
import { recordWithFfmpeg } from './ffmpeg-per-call.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { RtpSource } from './rtp-source.ts';
import { cpuSecondsOf, memoryOf, type World } from './world.ts';

/** A call is five minutes long on average: of N calls N / 300 end in a second. */
const averageSeconds = 300;
/** Four fifths of the calls end at once after the others: their sealing is a queue of many minutes on two cores. */
const patienceMs = 20 * 60_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Load {
  readonly calls: number;
  readonly workerCores: number;
  readonly serverCores: number;
  readonly workerMiB: number;
  /** Recorder's CPU per second of a call, sealing and archiving included. */
  readonly perCallSecond: number;
  readonly sent: number;
  readonly kept: number;
  readonly unfinished: number;
  /** Hang-up to replayable, s, of calls that ended while all the others went on. */
  readonly waits: readonly number[];
}

/**
 * Two-leg G.711 calls at once, captured for `seconds` (the last step; a minute the others): what the recorder and the server take, whether every packet that
 * was sent is in the archive, and how long a call takes from its end to its replay while the others go on; beside it
 * one ffmpeg per call with the same source, as far as the machine carries them.
 */
export async function* measureCaptureLoad(
  world: World,
  steps: readonly number[],
  seconds: number,
): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const books = new MongoClient(world.stores.MONGODB_URL);
  try {
    let usualFits = true;
    for (const [place, calls] of steps.entries()) {
      // How the cost grows shows within a minute; the full length is for the largest load.
      const length = calls === steps.at(-1) ? seconds : Math.min(seconds, 60);
      const load = await carry(world, books, source, calls, length);
      const usual: Usual | undefined = usualFits
        ? await recordWithFfmpeg(source, calls, Math.min(seconds, 60))
        : undefined;
      yield rowsOf(load, usual);
      // Where files have holes already, or the next step needs more than there is, processes would only wait for each other.
      const next: number = ((usual?.cores ?? 0) * (steps[place + 1] ?? 0)) / calls;
      usualFits &&= (usual?.coverage ?? 0) > 0.95 && next < cpus().length * 0.9;
    }
  } finally {
    source.close();
    await books.close();
  }
}

type Usual = Awaited<ReturnType<typeof recordWithFfmpeg>>;

function rowsOf(load: Load, usual: Usual | undefined): Figure[] {
  const { calls, sent, kept } = load;
  const whole = kept === sent && load.unfinished === 0;
  const rows: Figure[] = [
    {
      name: `${calls} calls: packets archived ÷ sent`,
      value: rounded((kept / sent) * 100, 7),
      unit: '%',
      beside: `target 100.00 %; ${kept} of ${sent}${load.unfinished > 0 ? `, ${load.unfinished} not archived` : ''}`,
      met: whole,
    },
    {
      name: `${calls} calls: recorder while capturing`,
      value: rounded(load.workerCores * 100),
      unit: '% of a core',
      beside: `${rounded(load.workerMiB)} MiB; the server takes ${rounded(load.serverCores * 100)} %`,
    },
  ];
  if (usual) {
    rows.push({
      name: `${calls} calls: recorder with sealing, beside one ffmpeg a call`,
      value: rounded(load.perCallSecond * calls * 100),
      unit: '% of a core',
      beside: `ffmpeg ${rounded(usual.cores * 100)} %, ${rounded(usual.rssMiB)} MiB, coverage ${rounded(usual.coverage * 100, 5)} %`,
      ratio: rounded((load.perCallSecond * calls) / usual.cores),
    });
  } else {
    rows.push({
      name: `${calls} calls: recorder with sealing`,
      value: rounded(load.perCallSecond * calls * 100),
      unit: '% of a core',
      beside: 'one ffmpeg a call: the machine did not carry fewer of them',
    });
  }
  if (load.waits.length > 0) {
    const p95 = percentile(load.waits, 95);
    rows.push(
      {
        name: `hang-up to replayable while ${calls} calls run, p95 of ${load.waits.length}`,
        value: rounded(p95),
        unit: 's',
        beside: 'what captures leave of the machine is for sealing',
      },
      {
        name: `hang-up to replayable while ${calls} calls run, p50`,
        value: rounded(percentile(load.waits, 50)),
        unit: 's',
      },
    );
  }
  return rows;
}

async function carry(
  world: World,
  books: MongoClient,
  source: RtpSource,
  calls: number,
  seconds: number,
): Promise<Load> {
  const { server, recorder, telephony } = world;
  const recorderCpu = () => cpuSecondsOf(recorder.pid, { withChildren: true });
  const everything = await recorderCpu();
  const ids: string[] = [];
  for (let i = 0; i < calls; i++) {
    const call = await telephony.open({ lineId: 'supermarket' });
    ids.push(call.callId);
    // One after the other, as calls begin.
    await source.start([{ id: call.callId, ports: call.legs.map(({ port }) => port) }]);
  }
  const openedAt = performance.now();
  await pause(2_000);
  const before = { worker: await recorderCpu(), server: await cpuSecondsOf(server.pid) };
  const from = performance.now();
  await pause(seconds * 1_000);
  const elapsed = (performance.now() - from) / 1_000;
  const workerCores = ((await recorderCpu()) - before.worker) / elapsed;
  const serverCores = ((await cpuSecondsOf(server.pid)) - before.server) / elapsed;
  const workerMiB = (await memoryOf(recorder.pid)) / 1_048_576;

  // A fifth of them hangs up as calls do, while the others go on.
  const waits: Promise<number>[] = [];
  let sent = 0;
  const early = ids.slice(0, Math.ceil(calls / 5));
  let callSeconds = 0;
  const end = async (callId: string): Promise<number> => {
    sent += await source.stop(callId);
    callSeconds += (performance.now() - openedAt) / 1_000;
    const hungUp = performance.now();
    await telephony.end(callId);
    return hungUp;
  };
  for (const callId of early) {
    const hungUp = await end(callId);
    waits.push(archived(books, callId).then((at) => (at - hungUp) / 1_000));
    await pause((averageSeconds / calls) * 1_000);
  }
  const natural = await Promise.allSettled(waits);
  for (const callId of ids.slice(early.length)) await end(callId);
  const kept = await Promise.allSettled(
    ids.map((callId) => archived(books, callId).then(() => packetsOf(world, books, callId))),
  );
  const perCallSecond = ((await recorderCpu()) - everything) / callSeconds;
  return {
    calls,
    workerCores,
    serverCores,
    workerMiB,
    perCallSecond,
    sent,
    kept: kept.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0),
    unfinished: kept.filter(({ status }) => status === 'rejected').length,
    waits: natural.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
  };
}

interface Entry {
  readonly callId: string;
  readonly state: string;
  readonly files: readonly ArchivedFile[];
}
const recordings = (books: MongoClient) => books.db().collection<Entry>('recordings');

/** When it was seen to be archived, by `performance.now()`. */
async function archived(books: MongoClient, callId: string, within = patienceMs): Promise<number> {
  const deadline = performance.now() + within;
  for (;;) {
    const entry = await recordings(books).findOne({ callId }, { projection: { state: 1 } });
    if (entry?.state === 'archived') return performance.now();
    if (performance.now() > deadline)
      throw new Error(`${callId} is ${entry?.state ?? 'unknown'} after ${within / 1_000} s`);
    await pause(50);
  }
}

async function packetsOf(world: World, books: MongoClient, callId: string): Promise<number> {
  const entry = await recordings(books).findOne({ callId });
  const key = entry?.files.find(({ kind }) => kind === 'manifest')?.key;
  const { client, bucket } = world.objects;
  const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const { legs } = recordingManifest.parse(JSON.parse((await object.Body?.transformToString()) ?? ''));
  return legs.reduce((sum, leg) => sum + leg.packets, 0);
}
