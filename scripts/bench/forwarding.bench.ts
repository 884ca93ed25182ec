import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { Audience } from './audience.ts';
import { type Figure, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { RtpSource } from './rtp-source.ts';
import { cpuSecondsOf, mediaWorkersOf, type World } from './world.ts';

const packetsPerSecond = 50;

/**
 * CPU of the SFU worker per stream that it forwards (50 packets/s), beside the bare limit: a process that sends as
 * many UDP datagrams of the same size to as many sockets, and does nothing else. The two in turn, three rounds.
 */
export async function measureForwarding(world: World, listeners: number, seconds: number): Promise<Figure[]> {
  const call = await world.telephony.open({ lineId: 'supermarket' });
  const source = new RtpSource();
  await source.start([{ id: call.callId, ports: call.legs.map(({ port }) => port) }]);
  const streams = listeners * call.legs.length;
  const audience = new Audience();
  const sfu: number[] = [];
  const node: number[] = [];
  const bare: number[] = [];
  let received = 0;
  let expected = 0;
  try {
    await heard(world, call.callId);
    await audience.open({ url: world.server.url, slotId: world.slotId, from: 1, count: listeners });
    const everyone = Array.from({ length: listeners }, (_, index) => index);
    await audience.join(everyone, [call.callId], false);
    const workers = await mediaWorkersOf(world.server.pid);
    const cpu = async () =>
      (await Promise.all(workers.map((pid) => cpuSecondsOf(pid)))).reduce((a, b) => a + b, 0);
    for (let round = 0; round < 3; round++) {
      const [sfuBefore, nodeBefore, at] = [
        await cpu(),
        await cpuSecondsOf(world.server.pid),
        performance.now(),
      ];
      const { packets, missing } = await audience.measure(seconds);
      const elapsed = (performance.now() - at) / 1_000;
      sfu.push(((await cpu()) - sfuBefore) / elapsed / streams);
      node.push(((await cpuSecondsOf(world.server.pid)) - nodeBefore) / elapsed / streams);
      received += packets;
      expected += packets + missing;
      bare.push(await bareFanOut(streams, seconds));
    }
  } finally {
    audience.close();
    source.close();
    await world.telephony.end(call.callId);
  }
  const middle = (values: number[]) => [...values].sort((a, b) => a - b)[1]!;
  const microseconds = (coresPerStream: number) => (coresPerStream / packetsPerSecond) * 1e6;
  return [
    {
      name: `SFU CPU per forwarded packet, ${streams} streams of one call`,
      value: rounded(microseconds(middle(sfu))),
      unit: 'µs',
      beside: `bare UDP fan-out without encryption ${rounded(microseconds(middle(bare)))} µs`,
      ratio: rounded(middle(sfu) / middle(bare)),
    },
    {
      name: 'SFU CPU per forwarded 50-packet/s stream',
      value: rounded(middle(sfu) * 100),
      unit: '% of a core',
    },
    {
      name: 'server (Node) CPU per forwarded stream beside it',
      value: rounded(middle(node) * 100),
      unit: '% of a core',
    },
    {
      name: 'packets that reached the listeners',
      value: rounded((received / expected) * 100, 5),
      unit: '% of those due',
    },
  ];
}

/** Cores per stream of a process that sends 50 datagrams/s to each of `streams` sockets on this machine. */
async function bareFanOut(streams: number, seconds: number): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, BENCH_FAN_OUT: `${streams} ${seconds}` },
  });
  return new Promise((resolve, reject) => {
    child.once('message', (cores) => resolve(Number(cores) / streams));
    child.once('exit', (code) => code !== 0 && reject(new Error('the fan-out ended early')));
  });
}

if (process.env.BENCH_FAN_OUT !== undefined) {
  const [streams = 0, seconds = 0] = process.env.BENCH_FAN_OUT.split(' ').map(Number);
  const sink = createSocket('udp4');
  await new Promise<void>((resolve) => sink.bind(0, '127.0.0.1', resolve));
  // Reading would be the listeners' cost: what overflows the socket's buffer is dropped by the kernel.
  const { port } = sink.address();
  sink.removeAllListeners('message');
  const source = createSocket('udp4');
  const datagram = Buffer.alloc(12 + 160 + 10, 0xff);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  let turns = 0;
  while (turns < seconds * packetsPerSecond) {
    for (let stream = 0; stream < streams; stream++) source.send(datagram, port, '127.0.0.1');
    turns += 1;
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, startedAt + turns * 20 - performance.now())),
    );
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / 1_000 / (performance.now() - startedAt));
  process.disconnect();
  source.close();
  sink.close();
}
