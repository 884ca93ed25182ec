import { Audience, type Heard } from './audience.ts';
import { type BenchNetwork, makeNetwork } from './bench-network.ts';
import { CpuSpent } from './cpu-spent.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { type Janus, startJanus } from './janus.ts';
import { heard } from './join.bench.ts';
import { assertAll } from './listeners.bench.ts';
import { RtpSource } from './rtp-source.ts';
import { mediaWorkersOf, memoryOf, openWorld } from './world.ts';

const rounds = 3;
const probeCount = 4;
/** The whole comparison takes three to four minutes with two hundred; a machine that needs longer is not one to compare on. */
const wholeWithinMs = 12 * 60_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

interface Turn {
  readonly sfu: number;
  /** With the process that takes the packets in, where that is another one. */
  readonly whole: number;
  readonly p50: number;
  readonly p99: number;
  readonly heard: Heard;
}

interface Contestant {
  readonly name: string;
  readonly crowd: Audience;
  readonly probes: Audience;
  /** The processes that forward, and those that work for them. */
  readonly sfu: readonly number[];
  readonly beside: readonly number[];
  readonly turns: Turn[];
}

/**
 * The same listeners on one two-leg call here and at Debian's Janus (its streaming plugin, as it comes and with event
 * loops), over the same pair of interfaces, in turn, three rounds: the machine's speed drifts, so only the ratio of one
 * run says something. Ours is what the SFU process takes; beside it with the share of the server's own process, which
 * takes the packets in, checks them and hands them to the recorder.
 */
export async function* measureBesideJanus(listeners: number, seconds: number): AsyncGenerator<Figure[]> {
  const deadline = performance.now() + wholeWithinMs;
  const cleanUp: (() => unknown)[] = [];
  try {
    const network = await makeNetwork();
    cleanUp.push(() => network.remove());
    const source = new RtpSource();
    cleanUp.push(() => source.close());
    const audience = (probes: boolean): Audience => {
      const one = new Audience({ network, probes });
      cleanUp.push(() => one.close());
      return one;
    };
    const ours = await oursOn(network, source, [audience(false), audience(true)], listeners, cleanUp);
    yield [ours.took];
    const januses: Janus[] = [];
    const contestants = [ours.contestant];
    for (const [place, eventLoops] of [0, 2].entries()) {
      const janus = await startJanus({
        address: network.here,
        httpPort: 8_188 + place,
        ports: [6_000 + place * 10, 6_002 + place * 10],
        range: place === 0 ? [40_000, 49_999] : [50_000, 59_999],
        eventLoops,
      });
      cleanUp.push(() => janus.stop());
      januses.push(janus);
      const [crowd, probes] = [audience(false), audience(true)];
      const name = eventLoops === 0 ? 'Janus' : `Janus with ${eventLoops} event loops`;
      const from = performance.now();
      const took = await crowd.watch(janus.url, listeners);
      await probes.watch(janus.url, probeCount);
      yield [joined(name, took, performance.now() - from)];
      await source.start([{ id: name, ports: janus.ports }]);
      source.hold(name, true);
      contestants.push({ ...{ name, crowd, probes, turns: [] }, sfu: [janus.pid], beside: [] });
    }

    for (let round = 1; round <= rounds; round++) {
      for (const one of contestants) {
        if (performance.now() > deadline)
          throw new Error(`not done within ${wholeWithinMs / 60_000} minutes: this machine is too busy`);
        await takeTurn(one, source, seconds);
        yield [ofTurn(one, round)];
      }
    }
    yield* compared(contestants, listeners);
    const sizes = await Promise.all(contestants.map(({ sfu }) => memoryOf(sfu[0]!)));
    yield [
      {
        name: 'memory of the SFU with all of them',
        value: rounded(sizes[0]! / 1_048_576),
        unit: 'MiB',
        beside: contestants
          .slice(1)
          .map(({ name }, place) => `${name} ${rounded(sizes[place + 1]! / 1_048_576)} MiB`)
          .join(', '),
      },
    ];
  } finally {
    // Whatever fails, the rest is cleared away: the listeners first, the network last.
    for (const clear of cleanUp.reverse()) {
      await Promise.resolve(clear()).catch((error: unknown) => console.error(error));
    }
  }
}

async function oursOn(
  network: BenchNetwork,
  source: RtpSource,
  [crowd, probes]: readonly [Audience, Audience],
  listeners: number,
  cleanUp: (() => unknown)[],
): Promise<{ contestant: Contestant; took: Figure }> {
  const world = await openWorld({
    MEDIA_WORKERS: '1',
    MEDIA_LISTEN_IP: network.here,
    HOST: '0.0.0.0',
    // Nothing is sent to it while it is the others' turn.
    CALL_MEDIA_TIMEOUT_MS: '1800000',
  });
  cleanUp.push(() => world.close());
  const call = await world.telephony.open({ lineId: 'supermarket' });
  await source.start([{ id: 'ours', ports: call.legs.map(({ port }) => port) }]);
  await heard(world, call.callId);
  const at = { url: `http://${network.here}:${world.server.port}`, slotId: world.slotId };
  await crowd.open({ ...at, from: 1, count: listeners });
  await probes.open({ ...at, from: listeners + 1, count: probeCount });
  const from = performance.now();
  const { ms, refused } = await crowd.join(numbers(listeners), [call.callId], false);
  assertAll(refused);
  assertAll((await probes.join(numbers(probeCount), [call.callId], false)).refused);
  source.hold('ours', true);
  return {
    contestant: {
      ...{ name: 'ours', crowd, probes, turns: [] },
      sfu: await mediaWorkersOf(world.server.pid),
      beside: [world.server.pid],
    },
    took: joined('ours', ms, performance.now() - from),
  };
}

function joined(name: string, ms: readonly number[], took: number): Figure {
  return {
    name: `${name}: ${ms.length} listeners joined`,
    value: rounded(took / 1_000),
    unit: 's',
    beside: `p50 of one ${rounded(percentile(ms, 50))} ms`,
  };
}

async function takeTurn(one: Contestant, source: RtpSource, seconds: number): Promise<void> {
  source.hold(one.name, false);
  await pause(2_000);
  const spent = await CpuSpent.from({ sfu: one.sfu, beside: one.beside });
  const [crowd, probed] = await Promise.all([one.crowd.measure(seconds), one.probes.measure(seconds)]);
  const { sfu = 0, beside = 0 } = await spent.soFar();
  source.hold(one.name, true);
  const packets = crowd.packets + probed.packets;
  if (packets === 0) throw new Error(`${one.name}: nothing was heard`);
  if (crowd.wrong > 0)
    throw new Error(`${one.name}: ${crowd.wrong} of ${crowd.lookedAt} streams are not the tone`);
  one.turns.push({
    sfu: (sfu / packets) * 1e6,
    whole: ((sfu + beside) / packets) * 1e6,
    p50: percentile(probed.travelledMs, 50),
    p99: percentile(probed.travelledMs, 99),
    heard: crowd,
  });
  await pause(500);
}

function ofTurn({ name, turns }: Contestant, round: number): Figure {
  const { sfu, p50, p99 } = turns.at(-1)!;
  return {
    name: `round ${round} of ${rounds}, ${name}: CPU per forwarded packet`,
    value: rounded(sfu),
    unit: 'µs',
    beside: `sender to ear p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms`,
  };
}

function* compared(contestants: readonly Contestant[], listeners: number): Generator<Figure[]> {
  const of = (one: Contestant, what: 'sfu' | 'whole' | 'p50' | 'p99') =>
    percentile(
      one.turns.map((turn) => turn[what]),
      50,
    );
  const [us, ...others] = contestants as [Contestant, ...Contestant[]];
  const best = Math.min(...others.map((one) => of(one, 'sfu')));
  const cost = of(us, 'sfu');
  yield [
    {
      name: `${listeners} listeners of one call: CPU per forwarded packet, SFU, median of ${rounds} rounds`,
      value: rounded(cost),
      unit: 'µs',
      beside: others.map((one) => `${one.name} ${rounded(of(one, 'sfu'))} µs`).join(', '),
      ratio: rounded(cost / best),
      met: cost / best <= 0.5,
    },
    {
      name: 'the same with the server’s own process',
      value: rounded(of(us, 'whole')),
      unit: 'µs',
      beside: 'which takes packets in, checks them, hands them to the recorder and keeps the room',
      ratio: rounded(of(us, 'whole') / best),
    },
    ...contestants.map((one): Figure => {
      const missing = one.turns.reduce((sum, turn) => sum + turn.heard.missing, 0);
      const due = one.turns.reduce((sum, turn) => sum + turn.heard.packets, missing);
      return {
        name: `${one.name}: sender to ear p50`,
        value: rounded(of(one, 'p50')),
        unit: 'ms',
        beside: `p99 ${rounded(of(one, 'p99'))} ms; ${missing} of ${due} packets missing`,
      };
    }),
  ];
}
