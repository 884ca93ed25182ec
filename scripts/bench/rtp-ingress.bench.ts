import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createLog } from '#kernel/log.ts';
import { openSocket, RtpWheel } from '#scripts/demo-calls/wheel.ts';
import { createRtpIngress, type RtpLeg } from '#telephony/rtp-ingress.ts';

/**
 * What the RTP ingress costs: `node scripts/bench/rtp-ingress.bench.ts [legs] [seconds]`, 200 legs and 20 s unless told.
 * A second process sends PCMU at 50 packets/s per leg; only this process's CPU is measured. One line of JSON.
 */
export interface RtpIngressFigures {
  readonly legs: number;
  readonly seconds: number;
  /** Packets per second over all legs. */
  readonly packetsPerSecond: number;
  /** Of one core, 0–1. */
  readonly cores: number;
  readonly microsecondsPerPacket: number;
  /** Packets that were sent and not forwarded. */
  readonly missing: number;
}

export async function measureRtpIngress(legCount: number, seconds: number): Promise<RtpIngressFigures> {
  const ingress = createRtpIngress({
    listenIp: '127.0.0.1',
    portMin: 20_000,
    portMax: 29_999,
    log: createLog('bench', 'warn'),
  });
  let forwarded = 0;
  const legs = await Promise.all(
    Array.from({ length: legCount }, (_, i) =>
      ingress.openLeg({
        legId: `leg_${i}`,
        codec: 'PCMU',
        payloadType: 0,
        telephoneEventPayloadType: 101,
        ssrc: i + 1,
        onArrival: () => {},
        onForward: () => {
          forwarded++;
        },
      }),
    ),
  );
  const sender = fork(fileURLToPath(import.meta.url), [], { env: { ...process.env, RTP_BENCH_SENDER: '1' } });
  try {
    const sent = new Promise<number>((resolve, reject) => {
      sender.on('message', (packets) => resolve(Number(packets)));
      sender.once('exit', () => reject(new Error('the sender ended early')));
    });
    sender.send({ ports: legs.map((leg) => leg.port), seconds: seconds + 2 });
    // The first second is for the compiler.
    await until(() => forwarded > legCount * 50);
    const packetsBefore = forwarded;
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const { user, system } = process.cpuUsage(cpuBefore);
    const elapsedMs = performance.now() - startedAt;
    const packets = forwarded - packetsBefore;
    const sentPackets = await sent;
    await settled(legs);
    return {
      legs: legCount,
      seconds,
      packetsPerSecond: Math.round((packets / elapsedMs) * 1_000),
      cores: round((user + system) / 1_000 / elapsedMs),
      microsecondsPerPacket: round((user + system) / packets),
      missing: sentPackets - forwarded,
    };
  } finally {
    sender.removeAllListeners('exit');
    sender.kill();
    await ingress.close();
  }
}

const round = (value: number): number => Number(value.toPrecision(3));

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Until nothing has come for a moment. */
async function settled(legs: readonly RtpLeg[]): Promise<void> {
  await until(() => legs.every((leg) => Date.now() - (leg.lastPacketAt ?? 0) > 200));
}

async function send({ ports, seconds }: { ports: number[]; seconds: number }): Promise<void> {
  const wheel = new RtpWheel();
  const frames = seconds * 50;
  const leg = {
    payloadType: 0,
    ticks: 160,
    bytes: new Uint8Array(frames * 160).fill(0xff),
    sizes: new Uint16Array(frames).fill(160),
  };
  const streams = await Promise.all(
    ports.map(async (port) =>
      wheel.start(leg, await openSocket('127.0.0.1'), { address: '127.0.0.1', port }),
    ),
  );
  await Promise.all(streams.map(({ done }) => done));
  process.send?.(frames * ports.length);
}

if (process.env.RTP_BENCH_SENDER === '1') {
  process.once('message', (order: { ports: number[]; seconds: number }) => void send(order));
} else if (import.meta.main) {
  const [legs = '200', seconds = '20'] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await measureRtpIngress(Number(legs), Number(seconds)))}\n`);
}
