import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { openSocket } from '#scripts/demo-calls/wheel.ts';

/** Where the two legs of a call are sent. */
export interface SourceTarget {
  readonly id: string;
  readonly ports: readonly number[];
  /** Where the other side wants to know them beforehand. */
  readonly ssrcs?: readonly number[];
}

type Order = { start: readonly SourceTarget[] } | { stop: string } | { hold: string; on: boolean };
type Answer = { started: number } | { stopped: string; packets: number };

const payloadBytes = 160;
const frameMs = 20;

/**
 * A process of its own that sends G.711 in real time to many ports and does nothing else: what is measured elsewhere is
 * not the sender. A tone a leg (400 Hz, 800 Hz), the sender's clock in the first eight bytes of each payload. Counts
 * what it sent, and leaves out nothing, however late.
 */
export class RtpSource {
  readonly #child = fork(fileURLToPath(import.meta.url), [], { env: { ...process.env, RTP_SOURCE: '1' } });
  readonly #stopped = new Map<string, (packets: number) => void>();
  #started: (() => void) | undefined;

  constructor() {
    this.#child.on('message', (answer: Answer) => {
      if ('started' in answer) this.#started?.();
      else this.#stopped.get(answer.stopped)?.(answer.packets);
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  start(targets: readonly SourceTarget[]): Promise<void> {
    return new Promise((resolve) => {
      this.#started = resolve;
      this.#child.send({ start: targets } satisfies Order);
    });
  }

  /** Answers how many packets both legs of the call were sent. */
  stop(id: string): Promise<number> {
    return new Promise((resolve) => {
      this.#stopped.set(id, resolve);
      this.#child.send({ stop: id } satisfies Order);
    });
  }

  /** Sends nothing to this one until it is taken back; from the same ports and with the same numbers then. */
  hold(id: string, on: boolean): void {
    this.#child.send({ hold: id, on } satisfies Order);
  }

  close(): void {
    this.#child.kill();
  }
}

interface Stream {
  readonly send: (packet: Buffer) => void;
  readonly close: () => void;
  readonly packet: Buffer;
  readonly ssrc: number;
  sequence: number;
  timestamp: number;
  packets: number;
}

/** Milliseconds of the clock that all processes of a machine share. */
export const machineNow = (): number => Number(process.hrtime.bigint()) / 1e6;

/** When a packet of this source left it, by {@link machineNow}. */
export const sentAt = (payload: Buffer): number => payload.readDoubleBE(0);

/**
 * The tone of a call's n-th leg, Hz: 20 ms hold a whole number of its periods, so that one payload after the other is
 * one tone.
 */
export const sourceToneHz = (leg: number): number => 400 * (leg + 1);

async function openStream(port: number, ssrc: number, leg: number): Promise<Stream> {
  const socket = await openSocket('127.0.0.1');
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', () => resolve()));
  const packet = Buffer.alloc(12 + payloadBytes);
  packet[0] = 0x80;
  packet.writeUInt32BE(ssrc, 8);
  const tone = Int16Array.from({ length: payloadBytes }, (_, i) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * sourceToneHz(leg) * i) / 8_000)),
  );
  Buffer.from(encodeG711('PCMU', tone)).copy(packet, 12);
  return {
    // The kernel has copied it when the call returns: one buffer a stream is enough.
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
    packet,
    ssrc,
    sequence: ssrc & 0xffff,
    timestamp: (ssrc * 7_919) >>> 0,
    packets: 0,
  };
}

function serve(): void {
  const calls = new Map<string, Stream[]>();
  const held = new Set<string>();
  const origin = performance.now();
  let turns = 0;
  let ssrc = 1_000;

  const sendNext = (stream: Stream) => {
    const { packet } = stream;
    packet.writeUInt16BE(stream.sequence, 2);
    packet.writeUInt32BE(stream.timestamp, 4);
    packet.writeDoubleBE(machineNow(), 12);
    stream.send(packet);
    stream.sequence = (stream.sequence + 1) & 0xffff;
    stream.timestamp = (stream.timestamp + payloadBytes) >>> 0;
    stream.packets += 1;
  };
  // Calls take turns over the 20 ms, as calls do that began at different moments.
  const slices = 4;
  const turn = () => {
    const due = Math.floor(((performance.now() - origin) * slices) / frameMs) + 1;
    for (; turns < due; turns++) {
      let index = 0;
      for (const [id, streams] of calls) {
        if (index++ % slices === turns % slices && !held.has(id))
          for (const stream of streams) sendNext(stream);
      }
    }
    const next = origin + (turns * frameMs) / slices;
    setTimeout(turn, Math.max(1, next - performance.now()));
  };
  turn();

  // Whoever forked it may be killed: then there is nobody to send for.
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (order: Order) => {
    if ('start' in order) {
      for (const { id, ports, ssrcs } of order.start) {
        const streams = ports.map((port, leg) => openStream(port, ssrcs?.[leg] ?? ssrc++, leg));
        calls.set(id, await Promise.all(streams));
      }
      process.send?.({ started: order.start.length } satisfies Answer);
      return;
    }
    if ('hold' in order) {
      if (order.on) held.add(order.hold);
      else held.delete(order.hold);
      return;
    }
    const streams = calls.get(order.stop) ?? [];
    calls.delete(order.stop);
    // One turn later all of it has left.
    await new Promise((resolve) => setTimeout(resolve, frameMs));
    for (const stream of streams) stream.close();
    const packets = streams.reduce((sum, stream) => sum + stream.packets, 0);
    process.send?.({ stopped: order.stop, packets } satisfies Answer);
  });
}

if (process.env.RTP_SOURCE === '1') serve();
