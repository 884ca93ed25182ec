import { readFile } from 'node:fs/promises';
import { Audience, type Heard } from './audience.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { RtpSource } from './rtp-source.ts';
import { cpuSecondsOf, mediaWorkersOf, memoryOf, type World } from './world.ts';

const legs = 2;

interface Round {
  readonly heard: Heard;
  /** CPU of all SFU workers per packet they sent, µs. */
  readonly sfuMicroseconds: number;
  readonly serverCores: number;
  readonly sfuMiB: number;
  readonly serverMiB: number;
}

/**
 * Many listeners: one after the other and all in one moment, on one call and spread over twenty; what a packet costs,
 * how long it takes, what a listener takes of memory, and how these grow.
 */
export async function* measureListeners(
  world: World,
  listeners: number,
  seconds: number,
): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const audience = new Audience();
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
  const all = Array.from({ length: listeners }, (_, index) => index);
  try {
    await audience.open({ url: world.server.url, slotId: world.slotId, from: 1, count: listeners });
    const empty = await load(world);
    const one = await callsOf(1);

    // One after the other, and how cost grows with them.
    const joins: number[] = [];
    const steps = [
      ...new Set([Math.ceil(listeners / 8), Math.ceil(listeners / 4), Math.ceil(listeners / 2), listeners]),
    ];
    let before = 0;
    for (const step of steps) {
      const { ms, refused } = await audience.join(all.slice(before, step), one, false);
      assertAll(refused);
      joins.push(...ms);
      before = step;
      yield growth(step, await round(world, audience, seconds), empty);
    }
    yield percentiles(
      `join one by one, ${listeners} on one call, request to first packet of both legs`,
      joins,
      'ms',
      [50, 95, 99],
    );
    yield whole(`${listeners} on one call`, await round(world, audience, seconds), { p50: 2, p99: 5 });
    await audience.leave();

    const atOnce = await audience.join(all, one, true);
    assertAll(atOnce.refused);
    yield percentiles(`join all ${listeners} at once, one call`, atOnce.ms, 'ms', [50, 95, 99], 400);
    await audience.leave();

    const twenty = await callsOf(20);
    const spread = await audience.join(all, twenty, true);
    assertAll(spread.refused);
    yield percentiles(`join all ${listeners} at once, 20 calls`, spread.ms, 'ms', [50, 95, 99], 400);
    yield whole(`${listeners} over 20 calls`, await round(world, audience, seconds));
  } finally {
    audience.close();
    source.close();
    for (const callId of open) await world.telephony.end(callId).catch(() => undefined);
  }
}

/**
 * Offers far more than a worker carries: `offered` listeners of one call in one moment, while `hearing` hear it. The
 * surplus is refused with a word, and those who hear go on hearing.
 */
export async function* measureOverload(
  world: World,
  hearing: number,
  offered: number,
  seconds: number,
): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const [before, crowd] = [new Audience(), new Audience()];
  const call = await world.telephony.open({ lineId: 'supermarket' });
  try {
    await source.start([{ id: call.callId, ports: call.legs.map(({ port }) => port) }]);
    await heard(world, call.callId);
    const at = { url: world.server.url, slotId: world.slotId };
    await before.open({ ...at, from: 1, count: hearing });
    await crowd.open({ ...at, from: hearing + 1, count: offered });
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
    assertAll((await before.join(numbers(hearing), [call.callId], false)).refused);
    const quiet = await before.measure(seconds);
    const [during, joins] = await Promise.all([
      before.measure(seconds),
      crowd.join(numbers(offered), [call.callId], true),
    ]);
    const after = await before.measure(seconds);
    const refused = Object.values(joins.refused).reduce((a, b) => a + b, 0);
    const strange = Object.keys(joins.refused).filter((code) => code !== 'media.full');
    yield [
      {
        name: `${offered * legs} streams offered at once: listeners let in, refused with media.full`,
        value: joins.ms.length,
        unit: 'listeners',
        beside: `${refused} refused${strange.length > 0 ? `, some by ${strange.join(', ')}` : ''}`,
        met: joins.ms.length + refused === offered && strange.length === 0,
      },
      ...stillHearing('before', quiet),
      ...stillHearing('while the crowd joins', during, 20),
      ...stillHearing('with the crowd', after, 20),
    ];
  } finally {
    before.close();
    crowd.close();
    source.close();
    await world.telephony.end(call.callId).catch(() => undefined);
  }
}

function stillHearing(
  when: string,
  { travelledMs, missing, packets, wrong, lookedAt }: Heard,
  limitMs?: number,
): Figure[] {
  const p99 = percentile(travelledMs, 99);
  return [
    {
      name: `those who heard already, ${when}: sender to ear p99`,
      value: rounded(p99),
      unit: 'ms',
      beside: `${limitMs === undefined ? '' : `target < ${limitMs} ms; `}${missing} of ${packets + missing} packets missing; ${wrong} of ${lookedAt} tones wrong`,
      ...(limitMs === undefined ? {} : { met: p99 < limitMs && wrong === 0 }),
    },
  ];
}

function assertAll(refused: Readonly<Record<string, number>>): void {
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

async function round(world: World, audience: Audience, seconds: number): Promise<Round> {
  const workers = await mediaWorkersOf(world.server.pid);
  const cpu = async () =>
    (await Promise.all(workers.map((pid) => cpuSecondsOf(pid)))).reduce((a, b) => a + b, 0);
  const [sfu, server, at] = [await cpu(), await cpuSecondsOf(world.server.pid), performance.now()];
  const heardNow = await audience.measure(seconds);
  const elapsed = (performance.now() - at) / 1_000;
  const perSecond = heardNow.packets / seconds;
  return {
    heard: heardNow,
    sfuMicroseconds: (((await cpu()) - sfu) / elapsed / perSecond) * 1e6,
    serverCores: ((await cpuSecondsOf(world.server.pid)) - server) / elapsed,
    ...(await load(world)),
  };
}

function growth(listeners: number, now: Round, empty: { sfuMiB: number; serverMiB: number }): Figure[] {
  const kB = (mib: number) => rounded((mib * 1_024) / listeners);
  return [
    {
      name: `${listeners} on one call: SFU CPU per forwarded packet`,
      value: rounded(now.sfuMicroseconds),
      unit: 'µs',
      beside: `server ${rounded(now.serverCores * 100)} % of a core; a listener takes ${kB(now.sfuMiB - empty.sfuMiB)} kB of the SFU, ${kB(now.serverMiB - empty.serverMiB)} kB of the server`,
    },
  ];
}

function whole(
  name: string,
  { heard: { travelledMs, packets, lost, missing, wrong, lookedAt }, sfuMicroseconds }: Round,
  limits?: { p50: number; p99: number },
): Figure[] {
  const [p50, p99] = [percentile(travelledMs, 50), percentile(travelledMs, 99)];
  return [
    {
      name: `${name}: sender to ear p50`,
      value: rounded(p50),
      unit: 'ms',
      ...(limits && {
        beside: `target ≤ ${limits.p50} ms added, the listener's own part included here`,
        met: p50 <= limits.p50,
      }),
    },
    {
      name: `${name}: sender to ear p99`,
      value: rounded(p99),
      unit: 'ms',
      ...(limits && { beside: `target ≤ ${limits.p99} ms`, met: p99 <= limits.p99 }),
    },
    {
      name: `${name}: packets lost`,
      value: lost,
      unit: 'packets',
      beside: `${missing} late of ${packets + missing} due; ${wrong} of ${lookedAt} streams looked at are not the tone that was sent`,
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

function percentiles(
  name: string,
  values: readonly number[],
  unit: string,
  ranks: readonly number[],
  limit95?: number,
): Figure[] {
  return ranks.map((rank) => ({
    name: `${name}, p${rank} of ${values.length}`,
    value: rounded(percentile(values, rank)),
    unit,
    ...(limit95 !== undefined && rank === 95
      ? { beside: `target < ${limit95} ms`, met: percentile(values, 95) < limit95 }
      : {}),
  }));
}
