import { Audience, type Heard } from './audience.ts';
import { makeNetwork } from './bench-network.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { type Janus, startJanus } from './janus.ts';
import { heard } from './join.bench.ts';
import { RtpSource } from './rtp-source.ts';
import { cpuSecondsOf, mediaWorkersOf, memoryOf, openWorld } from './world.ts';

const rounds = 3;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Contestant {
  readonly name: string;
  readonly audience: Audience;
  /** The processes that forward. */
  readonly pids: () => Promise<number[]>;
  readonly spent: { microseconds: number; p50: number; p99: number; missing: number; packets: number }[];
}

/**
 * The same listeners on one two-leg call here and at Debian's Janus (its streaming plugin, as it comes and with event
 * loops), over the same pair of interfaces, in turn, three rounds: the machine's speed drifts, so only the ratio of one
 * run says something. Ours is what the SFU process takes; beside it with the share of the server's own process, which
 * takes the packets in, checks them and hands them to the recorder.
 */
export async function* measureBesideJanus(listeners: number, seconds: number): AsyncGenerator<Figure[]> {
  const network = await makeNetwork();
  const source = new RtpSource();
  const januses: Janus[] = [];
  const audiences: Audience[] = [];
  const audience = (): Audience => {
    const one = new Audience(network);
    audiences.push(one);
    return one;
  };
  const world = await openWorld({
    MEDIA_WORKERS: '1',
    MEDIA_LISTEN_IP: network.here,
    HOST: '0.0.0.0',
    // Nothing is sent to it while it is the others' turn.
    CALL_MEDIA_TIMEOUT_MS: '600000',
  });
  try {
    const call = await world.telephony.open({ lineId: 'supermarket' });
    const contestants: Contestant[] = [];
    const ours = audience();
    const ports = call.legs.map(({ port }) => port);
    await source.start([{ id: 'ours', ports }]);
    await heard(world, call.callId);
    const url = `http://${network.here}:${world.server.port}`;
    await ours.open({ url, slotId: world.slotId, from: 1, count: listeners });
    const everyone = Array.from({ length: listeners }, (_, index) => index);
    const { refused } = await ours.join(everyone, [call.callId], false);
    if (Object.keys(refused).length > 0) throw new Error(`not everybody came in: ${JSON.stringify(refused)}`);
    source.hold('ours', true);
    contestants.push({
      ...{ name: 'ours', audience: ours, spent: [] },
      pids: () => mediaWorkersOf(world.server.pid),
    });
    for (const [place, eventLoops] of [0, 2].entries()) {
      const janus = await startJanus({
        address: network.here,
        httpPort: 8_188 + place,
        ports: [6_000 + place * 10, 6_002 + place * 10],
        range: place === 0 ? [40_000, 49_999] : [50_000, 59_999],
        eventLoops,
      });
      januses.push(janus);
      const crowd = audience();
      await crowd.watch(janus.url, listeners);
      const name = eventLoops === 0 ? 'Janus' : `Janus with ${eventLoops} event loops`;
      await source.start([{ id: name, ports: janus.ports }]);
      source.hold(name, true);
      contestants.push({
        name,
        audience: crowd,
        spent: [],
        pids: async () => [janus.pid],
      });
    }
    const server: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const one of contestants) {
        source.hold(one.name, false);
        await pause(2_000);
        const pids = await one.pids();
        const cpu = async () =>
          (await Promise.all(pids.map((pid) => cpuSecondsOf(pid)))).reduce((a, b) => a + b, 0);
        const [before, serverBefore] = [await cpu(), await cpuSecondsOf(world.server.pid)];
        const result: Heard = await one.audience.measure(seconds);
        const microseconds = (((await cpu()) - before) / result.packets) * 1e6;
        if (one.name === 'ours') {
          server.push((((await cpuSecondsOf(world.server.pid)) - serverBefore) / result.packets) * 1e6);
        }
        source.hold(one.name, true);
        if (result.wrong > 0)
          throw new Error(`${one.name}: ${result.wrong} of ${result.lookedAt} streams are not the tone`);
        one.spent.push({
          microseconds,
          p50: percentile(result.travelledMs, 50),
          p99: percentile(result.travelledMs, 99),
          missing: result.missing,
          packets: result.packets,
        });
        await pause(500);
      }
    }
    const middle = (values: readonly number[]) => percentile(values, 50);
    const of = (one: Contestant, what: 'microseconds' | 'p50' | 'p99') =>
      middle(one.spent.map((spent) => spent[what]));
    const [us, ...others] = contestants as [Contestant, ...Contestant[]];
    const best = Math.min(...others.map((one) => of(one, 'microseconds')));
    const cost = of(us, 'microseconds');
    yield [
      {
        name: `${listeners} listeners of one call: CPU per forwarded packet, SFU`,
        value: rounded(cost),
        unit: 'µs',
        beside: others.map((one) => `${one.name} ${rounded(of(one, 'microseconds'))} µs`).join(', '),
        ratio: rounded(cost / best),
        met: cost / best <= 0.5,
      },
      {
        name: 'the same with the server’s own process',
        value: rounded(cost + middle(server)),
        unit: 'µs',
        beside: 'which takes packets in, checks them, hands them to the recorder and keeps the room',
        ratio: rounded((cost + middle(server)) / best),
      },
      ...contestants.map(
        (one): Figure => ({
          name: `${one.name}: sender to ear, p50 and p99`,
          value: rounded(of(one, 'p50')),
          unit: 'ms',
          beside: `p99 ${rounded(of(one, 'p99'))} ms; ${one.spent.reduce((sum, { missing }) => sum + missing, 0)} of ${one.spent.reduce((sum, { packets, missing }) => sum + packets + missing, 0)} packets missing`,
        }),
      ),
    ];
    const sfu = await us.pids();
    const sizes = await Promise.all([...sfu, ...januses.map(({ pid }) => pid)].map(memoryOf));
    yield [
      {
        name: 'memory of the SFU with all of them',
        value: rounded(sizes[0]! / 1_048_576),
        unit: 'MiB',
        beside: januses
          .map((_, place) => `${others[place]!.name} ${rounded(sizes[place + 1]! / 1_048_576)} MiB`)
          .join(', '),
      },
    ];
    await world.telephony.end(call.callId);
  } finally {
    for (const one of audiences) one.close();
    source.close();
    for (const janus of januses) await janus.stop();
    await world.close();
    await network.remove();
  }
}
