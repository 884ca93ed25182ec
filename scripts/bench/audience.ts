import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { decodeG711 } from '#kernel/rtp/g711.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { dominantFrequency } from '#support/tone.ts';
import type { HeardStream } from '#support/webrtc-listener.ts';
import type { BenchNetwork } from './bench-network.ts';
import { JanusListener } from './janus.ts';
import { machineNow, sentAt } from './rtp-source.ts';

/** What an audience is told to do; each is answered before the next is told. */
type Order =
  | { do: 'open'; url: string; slotId: string; from: number; count: number }
  | { do: 'join'; listeners: readonly number[]; callIds: readonly string[]; atOnce: boolean }
  | { do: 'measure'; seconds: number }
  | { do: 'watch'; url: string; count: number }
  | { do: 'leave' };

export interface Joins {
  /** From the request to the first packet of every leg, ms, of those who came in. */
  readonly ms: readonly number[];
  /** How many were refused, by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface Heard {
  readonly listeners: number;
  readonly packets: number;
  /** Gaps in the sequence numbers. */
  readonly lost: number;
  /** Due by 50 a second and leg, less what came: a backlog is missing although nothing is lost. */
  readonly missing: number;
  /** From the sender to the listener's ear, ms; of every packet, or of every n-th. */
  readonly travelledMs: readonly number[];
  /** Listeners whose latest half second is not the tone that was sent, of those looked at. */
  readonly wrong: number;
  readonly lookedAt: number;
}

/** Listeners in a process of their own: real ICE, DTLS and SRTP, and what they cost is not the server's. */
export class Audience {
  readonly #child: ChildProcess;

  /** `network`: on its other side. */
  constructor(network?: BenchNetwork) {
    const [command = '', ...words] = [
      ...(network?.over ?? []),
      process.execPath,
      fileURLToPath(import.meta.url),
    ];
    this.#child = spawn(command, words, {
      env: { ...process.env, AUDIENCE: '1', ...(network && { LISTENER_ADDRESS: network.there }) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Signs `count` programme hosts in, each with a socket in the slot's room: they need no seat. */
  open(order: Omit<Extract<Order, { do: 'open' }>, 'do'>): Promise<void> {
    return this.#tell({ do: 'open', ...order });
  }

  /** These listeners join these calls, in turn; one after the other, or all in the same moment. */
  join(listeners: readonly number[], callIds: readonly string[], atOnce: boolean): Promise<Joins> {
    return this.#tell({ do: 'join', listeners, callIds, atOnce });
  }

  measure(seconds: number): Promise<Heard> {
    return this.#tell({ do: 'measure', seconds });
  }

  /** So many subscribe to a Janus, one after the other. */
  watch(url: string, count: number): Promise<void> {
    return this.#tell({ do: 'watch', url, count });
  }

  /** All stop hearing and stay in the room. */
  leave(): Promise<void> {
    return this.#tell({ do: 'leave' });
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #tell<T>(order: Order): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (answer?: { done?: T; failed?: string }) => {
        this.#child.off('message', settle);
        this.#child.off('exit', ended);
        if (!answer || answer.failed !== undefined)
          reject(new Error(answer?.failed ?? 'the audience ended early'));
        else resolve(answer.done as T);
      };
      const ended = () => settle();
      this.#child.on('message', settle);
      this.#child.once('exit', ended);
      this.#child.send(order);
    });
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const joinWithinMs = 20_000;
/** Enough for a 99th percentile, and not so many that keeping them is work. */
const samplesWanted = 200_000;

function serve(): void {
  const rooms: RoomClient[] = [];
  const hearing = new Map<number, { readonly streams: HeardStream[]; close(): void }>();
  let travelled: number[] | undefined;
  let every = 1;
  let turn = 0;

  const onPacket = (_: string, payload: Buffer) => {
    if (travelled && turn++ % every === 0) travelled.push(machineNow() - sentAt(payload));
  };

  async function open(order: Extract<Order, { do: 'open' }>): Promise<void> {
    for (let index = 0; index < order.count; index++) {
      const person = await PersonClient.signIn(order.url, `crowd-${order.from + index}`);
      const room = await RoomClient.open(person, order.slotId);
      await room.enter();
      rooms.push(room);
    }
  }

  /** Milliseconds to the first packet of both legs. */
  async function joinOne(index: number, callId: string): Promise<number> {
    const asked = performance.now();
    const { ears } = await rooms[index]!.listen(callId, { onPacket, keepPayloads: 25 });
    hearing.set(index, ears);
    while (ears.streams.some(({ firstAt }) => firstAt === undefined)) {
      if (performance.now() - asked > joinWithinMs) throw new Error('joined, and heard nothing');
      await pause(1);
    }
    return Math.max(...ears.streams.map(({ firstAt }) => firstAt!)) - asked;
  }

  async function join({ listeners, callIds, atOnce }: Extract<Order, { do: 'join' }>): Promise<Joins> {
    const ms: number[] = [];
    const refused: Record<string, number> = {};
    const one = async (index: number, place: number) => {
      try {
        ms.push(await joinOne(index, callIds[place % callIds.length]!));
      } catch (error) {
        const code = error instanceof ApiError ? error.code : String((error as Error).message).slice(0, 60);
        refused[code] = (refused[code] ?? 0) + 1;
      }
    };
    if (atOnce) await Promise.all(listeners.map(one));
    else for (const [place, index] of listeners.entries()) await one(index, place);
    return { ms, refused };
  }

  async function measure({ seconds }: Extract<Order, { do: 'measure' }>): Promise<Heard> {
    const streams = [...hearing.values()].flatMap((ears) => ears.streams);
    const before = streams.map(({ packets, lost }) => ({ packets, lost }));
    every = Math.max(1, Math.ceil((streams.length * 50 * seconds) / samplesWanted));
    const samples: number[] = [];
    travelled = samples;
    const from = performance.now();
    await pause(seconds * 1_000);
    travelled = undefined;
    const elapsed = (performance.now() - from) / 1_000;
    let [packets, lost] = [0, 0];
    for (const [index, stream] of streams.entries()) {
      packets += stream.packets - before[index]!.packets;
      lost += stream.lost - before[index]!.lost;
    }
    // Every seventh: the look itself is work.
    const some = streams.filter((_, index) => index % 7 === 0);
    const wrong = some.filter(({ payloads, role }) => {
      const hz = dominantFrequency(decodeG711('PCMU', Buffer.concat(payloads)), 8_000);
      return Math.abs((hz ?? 0) - (role === 'agent' ? 400 : 800)) > 10;
    });
    return {
      listeners: hearing.size,
      packets,
      lost,
      missing: Math.max(0, Math.round(elapsed * 50 * streams.length) - packets),
      travelledMs: samples,
      wrong: wrong.length,
      lookedAt: some.length,
    };
  }

  async function leave(): Promise<void> {
    for (const [index, ears] of hearing) {
      await rooms[index]?.stop();
      ears.close();
    }
    hearing.clear();
  }

  async function watch({ url, count }: Extract<Order, { do: 'watch' }>): Promise<void> {
    const address = process.env.LISTENER_ADDRESS ?? '127.0.0.1';
    for (let index = 0; index < count; index++) {
      hearing.set(index, await JanusListener.watch(url, address, (payload) => onPacket('', payload)));
    }
  }

  const obey = (order: Order): Promise<unknown> => {
    switch (order.do) {
      case 'open':
        return open(order);
      case 'join':
        return join(order);
      case 'measure':
        return measure(order);
      case 'watch':
        return watch(order);
      case 'leave':
        return leave();
    }
  };
  process.on('disconnect', () => process.exit(0));
  process.on('message', (order: Order) => {
    obey(order).then(
      (done) => process.send?.({ done }),
      (error: unknown) => process.send?.({ failed: String((error as Error).stack ?? error) }),
    );
  });
}

if (process.env.AUDIENCE === '1') serve();
