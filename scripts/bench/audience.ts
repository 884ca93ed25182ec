import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchNetwork } from './bench-network.ts';

/** What an audience is told to do; each is answered before the next is told. */
export type Order =
  | { readonly do: 'open'; readonly url: string; readonly slotId: string; from: number; count: number }
  | { readonly do: 'open-bare'; readonly url: string; readonly count: number }
  | { readonly do: 'open-direct' }
  | ({ readonly do: 'join' } & JoinOrder)
  | { readonly do: 'begin' }
  | { readonly do: 'tell' }
  | { readonly do: 'watch'; readonly url: string; readonly count: number }
  | { readonly do: 'leave' };

export interface JoinOrder {
  readonly listeners: readonly number[];
  /** In turn. */
  readonly callIds: readonly string[];
  readonly atOnce: boolean;
  /** With `atOnce`: spread evenly over so many ms, whoever is still joining. 0: all in the same moment. */
  readonly withinMs: number;
  /** They sit at the bare SFU and not at the product. */
  readonly bare: boolean;
}

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
  /** From the sender to the listener's ear, ms, of every packet; of probes only. */
  readonly travelledMs: readonly number[];
  /** From another process to this one by a direct peer connection meanwhile, ms; where there is one. */
  readonly directMs: readonly number[];
  /** Streams whose latest half second is not the tone that was sent, of those looked at. */
  readonly wrong: number;
  readonly lookedAt: number;
}

/**
 * A listener whom a packet wakes must not take the core from whoever sends the packets: on a machine of their own it would
 * not. Tasks of SCHED_BATCH are woken without it (sched(7)), and have their full share all the same.
 */
const givingWay = process.platform === 'linux' ? ['chrt', '--batch', '0'] : [];
/** Beyond this the audience's process hangs, and the bench ends. Signing a thousand in takes a while. */
const orderWithinMs = 180_000;
const openWithinMs = 400_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Listeners in a process of their own: real ICE, DTLS and SRTP, and what they cost is not the server's. A crowd counts
 * what it hears; `probes`, a few in a process that does nothing else, also tell how long each packet travelled, which
 * a process that handles four hundred packets one after the other cannot.
 */
export class Audience {
  readonly #child: ChildProcess;

  /** `network`: on its other side. */
  constructor({ network, probes = false }: { network?: BenchNetwork; probes?: boolean } = {}) {
    const [command = '', ...words] = [
      ...(network?.over ?? []),
      ...(probes ? [] : givingWay),
      process.execPath,
      fileURLToPath(import.meta.resolve('./audience-process.ts')),
    ];
    this.#child = spawn(command, words, {
      env: {
        ...process.env,
        ...(probes && { AUDIENCE_PROBES: '1' }),
        ...(network && { LISTENER_ADDRESS: network.there }),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Signs `count` programme hosts in, each with a socket in the slot's room: they need no seat. */
  open(order: { url: string; slotId: string; from: number; count: number }): Promise<void> {
    return this.#tell({ do: 'open', ...order });
  }

  /** Connects so many to the bare SFU. */
  openBare(url: string, count: number): Promise<void> {
    return this.#tell({ do: 'open-bare', url, count });
  }

  /** Opens a direct path to this process, to measure beside. */
  openDirect(): Promise<void> {
    return this.#tell({ do: 'open-direct' });
  }

  /** These listeners join these calls, in turn; one after the other, or all in the same moment or within `withinMs`. */
  join(
    listeners: readonly number[],
    callIds: readonly string[],
    atOnce: boolean,
    withinMs = 0,
  ): Promise<Joins> {
    return this.#tell({ do: 'join', listeners, callIds, atOnce, withinMs, bare: false });
  }

  joinBare(listeners: readonly number[], atOnce: boolean): Promise<Joins> {
    return this.#tell({ do: 'join', listeners, callIds: ['bare'], atOnce, withinMs: 0, bare: true });
  }

  async measure(seconds: number): Promise<Heard> {
    await this.begin();
    await pause(seconds * 1_000);
    return this.tell();
  }

  /** From now on counts what is heard, until `tell`. */
  begin(): Promise<void> {
    return this.#tell({ do: 'begin' });
  }

  tell(): Promise<Heard> {
    return this.#tell({ do: 'tell' });
  }

  /** So many subscribe to a Janus. Milliseconds that each took. */
  watch(url: string, count: number): Promise<number[]> {
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
      const settle = (answer: { done?: T; failed?: string }) => {
        this.#child.off('message', settle);
        this.#child.off('exit', ended);
        clearTimeout(limit);
        if (answer.failed === undefined) resolve(answer.done as T);
        else reject(new Error(answer.failed));
      };
      const ended = () => settle({ failed: 'the audience ended early' });
      const withinMs = order.do === 'open' ? openWithinMs : orderWithinMs;
      const limit = setTimeout(
        () => settle({ failed: `the audience did not ${order.do} within ${withinMs / 1_000} s` }),
        withinMs,
      );
      this.#child.on('message', settle);
      this.#child.once('exit', ended);
      this.#child.send(order);
    });
  }
}
