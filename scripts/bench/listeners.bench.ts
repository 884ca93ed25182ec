import { readFile } from 'node:fs/promises';
import { Audience, type Heard, type Joins } from './audience.ts';
import { BareSfu } from './bare-sfu.ts';
import { CpuSpent, processesOf, shares, sumOf } from './cpu-spent.ts';
import { Crowd } from './crowd.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { addedLatency, probeCount } from './probes.ts';
import { RtpSource } from './rtp-source.ts';
import { mediaWorkersOf, memoryOf, type World } from './world.ts';

interface Round {
  readonly heard: Heard;
  /** CPU of all SFU workers per packet they sent, µs. */
  readonly sfuMicroseconds: number;
  /** CPU of the listeners' own process per packet that it took, µs. */
  readonly listenersMicroseconds: number;
  readonly serverCores: number;
  readonly sfuMiB: number;
  readonly serverMiB: number;
}

/** All at once, here and at the bare SFU in turn: one moment is not a measure. */
const roundsAtOnce = 3;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/**
 * Many listeners: one after the other and all in one moment, on one call and spread over twenty; what a packet costs,
 * how long it takes, what a listener takes of memory, and how these grow. Beside it the same listeners at the bare SFU:
 * what no product on this machine can be below.
 */
export async function* measureListeners(
  world: World,
  listeners: number,
  seconds: number,
): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const [audience, probes] = [new Crowd(listeners), new Audience({ probes: true })];
  const bare = await BareSfu.start();
  const open: string[] = [];
  const callsOf = async (count: number): Promise<string[]> => {
    while (open.length < count) {
      const call = await world.telephony.open({ lineId: 'supermarket' });
      await source.start([{ id: call.callId, ports: call.legs.map(({ port }) => port) }]);
      await heard(world, call.callId);
      open.push(call.callId);
    }
    return open.slice(0, count);
  };
  const all = numbers(0, listeners);
  const everyProbe = numbers(0, probeCount);
  const ours = await processesOf(world, audience.pids);
  const theirs = { listeners: audience.pids, SFU: [bare.workerPid], signalling: [bare.pid] };
  const everybodyLeaves = async () => {
    await Promise.all([audience.leave(), probes.leave()]);
    // What the leaving sets off is not part of what is measured next.
    await pause(1_500);
  };
  try {
    const at = { url: world.server.url, slotId: world.slotId };
    await audience.open({ ...at, from: 1, count: listeners });
    await probes.open({ ...at, from: listeners + 1, count: probeCount });
    await probes.openDirect();
    await audience.openBare(bare.url, listeners);
    await probes.openBare(bare.url, probeCount);
    const empty = await load(world);
    const one = await callsOf(1);
    await source.start([bare.target]);

    // One after the other, and how cost grows with them. Probes come in between, as the SFU serves them by their place.
    const joins: number[] = [];
    let spentOnJoins: Record<string, number> = {};
    const steps = [...new Set([8, 4, 2, 1].map((part) => Math.ceil(listeners / part)))];
    let before = 0;
    let placed = 0;
    for (const step of steps) {
      const spent = await CpuSpent.from(ours);
      const { ms, refused } = await audience.join(numbers(before, step), one, false);
      spentOnJoins = added(spentOnJoins, await spent.soFar());
      assertAll(refused);
      joins.push(...ms);
      before = step;
      const probesDue = Math.round((probeCount * (steps.indexOf(step) + 1)) / steps.length);
      assertAll((await probes.join(numbers(placed, probesDue), one, false)).refused);
      placed = probesDue;
      const now = await round(world, audience, placed, seconds);
      yield growth(step, step + placed, now, empty);
    }
    const oneByOne = `join one by one, ${listeners} on one call, request to first packet of both legs`;
    yield [...percentiles(oneByOne, joins, [50, 95, 99]), perJoin(oneByOne, spentOnJoins, listeners)];

    // Looking at the tones of the round before was work on the same cores.
    await pause(1_500);
    const measuring = probes.measure(seconds);
    const whole = await round(world, audience, probeCount, seconds);
    const probed = await measuring;
    yield [
      ...addedLatency(`${listeners} on one call`, probed, { p50: 2, p99: 5 }),
      ...reliability(`${listeners} on one call`, whole, probed),
    ];
    await everybodyLeaves();

    // The floor: the same at the bare SFU.
    const spent = await CpuSpent.from(theirs);
    const bareJoins = await audience.joinBare(all, false);
    const spentThere = await spent.soFar();
    assertAll(bareJoins.refused);
    assertAll((await probes.joinBare(everyProbe, false)).refused);
    const name = `bare SFU: join one by one, ${listeners}`;
    yield [
      ...percentiles(name, bareJoins.ms, [50, 95, 99]),
      perJoin(name, spentThere, listeners, spentOnJoins),
    ];
    const [, there] = await Promise.all([audience.measure(seconds), probes.measure(seconds)]);
    yield addedLatency(`bare SFU, ${listeners} on one call`, there);
    await everybodyLeaves();

    // All in one moment, here and there in turn.
    const here: Crowding = { ms: [], spent: {} };
    const floor: Crowding = { ms: [], spent: {} };
    for (let turn = 0; turn < roundsAtOnce; turn++) {
      await crowd(here, await CpuSpent.from(ours), audience.join(all, one, true));
      await everybodyLeaves();
      await crowd(floor, await CpuSpent.from(theirs), audience.joinBare(all, true));
      await everybodyLeaves();
    }
    yield atOnce(`join all ${listeners} at once, one call`, here, floor, listeners);

    const twenty = await callsOf(20);
    const spread: Crowding = { ms: [], spent: {} };
    for (let turn = 0; turn < roundsAtOnce; turn++) {
      if (turn > 0) await everybodyLeaves();
      await crowd(spread, await CpuSpent.from(ours), audience.join(all, twenty, true));
    }
    yield atOnce(`join all ${listeners} at once, 20 calls`, spread, floor, listeners);
    assertAll((await probes.join(everyProbe, twenty, false)).refused);
    const among = probes.measure(seconds);
    const over = await round(world, audience, probeCount, seconds);
    const amongTwenty = await among;
    yield [
      ...addedLatency(`${listeners} over 20 calls`, amongTwenty),
      ...reliability(`${listeners} over 20 calls`, over, amongTwenty),
    ];
  } finally {
    audience.close();
    probes.close();
    bare.close();
    source.close();
    for (const callId of open) await world.telephony.end(callId).catch(() => undefined);
  }
}

/** Joins in one moment, of several rounds. */
interface Crowding {
  readonly ms: number[];
  spent: Record<string, number>;
}

async function crowd(crowding: Crowding, spent: CpuSpent, joining: Promise<Joins>): Promise<void> {
  const { ms, refused } = await joining;
  crowding.spent = added(crowding.spent, await spent.soFar());
  assertAll(refused);
  crowding.ms.push(...ms);
}

function atOnce(name: string, here: Crowding, floor: Crowding, listeners: number): Figure[] {
  const ranks = [50, 95, 99] as const;
  const joins = listeners * roundsAtOnce;
  return [
    ...ranks.map((rank): Figure => {
      const [value, bare] = [percentile(here.ms, rank), percentile(floor.ms, rank)];
      return {
        name: `${name}, p${rank} of ${roundsAtOnce} × ${listeners}`,
        value: rounded(value),
        unit: 'ms',
        beside: `${rank === 95 ? 'target < 400 ms; ' : ''}bare SFU, same listeners, in turn: ${rounded(bare)} ms`,
        ratio: rounded(value / bare),
        ...(rank === 95 ? { met: value < 400 } : {}),
      };
    }),
    perJoin(name, here.spent, joins, floor.spent),
  ];
}

function perJoin(
  name: string,
  spent: Record<string, number>,
  joins: number,
  floor?: Record<string, number>,
): Figure {
  const perJoinMs = { ...spent };
  for (const key of Object.keys(perJoinMs)) perJoinMs[key]! *= 1_000;
  const ratio = floor && sumOf(floor) > 0 ? rounded(sumOf(spent) / sumOf(floor)) : undefined;
  return {
    name: `${name}: CPU of all processes per join`,
    value: rounded((sumOf(spent) / joins) * 1_000),
    unit: 'ms',
    beside: `${shares(perJoinMs, joins)}; ${rounded(sumOf(spent))} CPU-s for ${joins}`,
    ...(ratio !== undefined && { ratio }),
  };
}

function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  return Object.fromEntries(Object.entries(b).map(([name, seconds]) => [name, seconds + (a[name] ?? 0)]));
}

export function assertAll(refused: Readonly<Record<string, number>>): void {
  if (Object.keys(refused).length > 0) throw new Error(`not everybody came in: ${JSON.stringify(refused)}`);
}

async function load(world: World): Promise<{ sfuMiB: number; serverMiB: number }> {
  const workers = await mediaWorkersOf(world.server.pid);
  const sizes = await Promise.all(workers.map(privateBytes));
  const sum = sizes.reduce((a, b) => a + b, 0);
  return { sfuMiB: sum / 1_048_576, serverMiB: (await memoryOf(world.server.pid)) / 1_048_576 };
}

/** What the process would give back: what it shares with others of its kind is not its listeners'. */
async function privateBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kB = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  return kB * 1_024;
}

/** `probes`: so many hear beside them. */
async function round(world: World, audience: Crowd, probes: number, seconds: number): Promise<Round> {
  const spent = await CpuSpent.from(await processesOf(world, audience.pids));
  const at = performance.now();
  const heardNow = await audience.measure(seconds);
  const elapsed = (performance.now() - at) / 1_000;
  const { SFU = 0, server = 0, listeners = 0 } = await spent.soFar();
  // The probes hear as well, on as many streams each.
  const forwarded = (heardNow.packets * (heardNow.listeners + probes)) / heardNow.listeners;
  return {
    heard: heardNow,
    sfuMicroseconds: (SFU / forwarded) * 1e6,
    listenersMicroseconds: (listeners / heardNow.packets) * 1e6,
    serverCores: server / elapsed,
    ...(await load(world)),
  };
}

function growth(
  listeners: number,
  present: number,
  now: Round,
  empty: { sfuMiB: number; serverMiB: number },
): Figure[] {
  const kB = (mib: number) => rounded((mib * 1_024) / present);
  return [
    {
      name: `${listeners} on one call: SFU CPU per forwarded packet`,
      value: rounded(now.sfuMicroseconds),
      unit: 'µs',
      beside: `listeners ${rounded(now.listenersMicroseconds)} µs, server ${rounded(now.serverCores * 100)} % of a core; a listener takes ${kB(now.sfuMiB - empty.sfuMiB)} kB of the SFU, ${kB(now.serverMiB - empty.serverMiB)} kB of the server`,
    },
  ];
}

function reliability(name: string, { heard: crowdHeard, sfuMicroseconds }: Round, probed: Heard): Figure[] {
  const [lost, wrong] = [crowdHeard.lost + probed.lost, crowdHeard.wrong + probed.wrong];
  const missing = crowdHeard.missing + probed.missing;
  const packets = crowdHeard.packets + probed.packets;
  return [
    {
      name: `${name}: packets lost`,
      value: lost,
      unit: 'packets',
      beside: `${missing} late of ${packets + missing} due; ${wrong} of ${crowdHeard.lookedAt + probed.lookedAt} streams looked at are not the tone that was sent`,
      met: lost === 0 && wrong === 0,
    },
    {
      name: `${name}: SFU CPU per forwarded packet`,
      value: rounded(sfuMicroseconds),
      unit: 'µs',
      beside: 'goal ≤ 8.5 µs',
      met: sfuMicroseconds <= 8.5,
    },
  ];
}

function percentiles(name: string, values: readonly number[], ranks: readonly number[]): Figure[] {
  return ranks.map((rank) => ({
    name: `${name}, p${rank} of ${values.length}`,
    value: rounded(percentile(values, rank)),
    unit: 'ms',
  }));
}
