import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import type { CallTap, CallTapEvents } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newSecret } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import { type TapHello, tapProtocolVersion } from '#kernel/rtp/tap-protocol.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { RecorderConnection } from './recorder-connection.ts';
import { BufferedCall, type TapCall } from './tap-call.ts';

export type { TapCall, TapLeg } from './tap-call.ts';

export interface TapServerOptions {
  readonly listenIp: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The name recorders reach the tap by; the listen address unless told. */
  readonly advertisedHost?: string | undefined;
  /** Audio kept per call for a recorder that is away, ms. */
  readonly bufferMs: number;
  /** Memory per call, bytes; 16 MiB unless told (two minutes of two G.711 legs take 2.3 MB). */
  readonly maxBytesPerCall?: number;
  /** Memory of all calls together, bytes; 512 MiB unless told. Above it the largest buffers lose their oldest. */
  readonly maxBytes?: number;
  /** A recorder that owes an acknowledgement for longer counts as lost, ms; 10 s unless told. */
  readonly ackWithinMs?: number;
  readonly log: Log;
  readonly clock: Clock;
}

export interface TapServer extends CallTap {
  /** Errors: AppError `call.exists`. */
  openCall(callId: string): TapCall;
  /** Where it listens. */
  address(): { host: string; port: number };
  /** Figures for metrics. */
  totals(): { calls: number; recorders: number; bytes: number; dropped: number; refused: number };
  /** Ends the calls still open and waits, at most `withinMs` (5 s), until recorders have everything. */
  close(withinMs?: number): Promise<void>;
}

const mebibyte = 1_048_576;
/** Items leave in one write per call and tick: 10 system calls a second instead of one per packet, here and there. */
const flushEveryMs = 100;
const superviseEveryMs = 1_000;
/**
 * A worker that is killed is told of as lost a moment later: the queue through which the next one is found must have
 * noticed, too, or it hands the job to the dead one and only gets it back seconds later.
 */
const tellLossAfterMs = 150;
/** Connections that have not shown a lease yet. */
const maxStrangers = 64;
/** An ended call that no recorder ever comes for gives its memory back. */
const forgetEndedAfterMs = 3_600_000;

/** Listens for recorders. Rejects when the address cannot be had. */
export async function createTapServer(options: TapServerOptions): Promise<TapServer> {
  const tap = new TcpTap(options);
  await tap.listen();
  return tap;
}

interface Entry {
  readonly call: BufferedCall;
  lease: string | undefined;
  connection: RecorderConnection | undefined;
}

class TcpTap implements TapServer {
  readonly #options: TapServerOptions;
  readonly #server: Server;
  readonly #events: TypedEvents<CallTapEvents>;
  readonly #entries = new Map<string, Entry>();
  readonly #byLease = new Map<string, Entry>();
  readonly #byConnection = new Map<RecorderConnection, Entry>();
  readonly #strangers = new Set<RecorderConnection>();
  readonly #dirty = new Set<Entry>();
  readonly #losses = new Set<NodeJS.Timeout>();
  #flushTimer: NodeJS.Timeout | undefined;
  #superviseTimer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #droppedOfGoneCalls = 0;
  #refused = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: TapServerOptions) {
    this.#options = options;
    this.#events = new TypedEvents((event, fault) =>
      options.log.error({ event, err: fault }, 'tap listener'),
    );
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#strangers.size >= maxStrangers) {
        this.#refused += 1;
        socket.destroy();
        return;
      }
      this.#strangers.add(
        new RecorderConnection(socket, {
          onHello: (connection, hello) => this.#admit(connection, hello),
          onAck: (connection) => this.#afterAck(connection),
          onClosed: (connection, reason) => this.#closed(connection, reason),
        }),
      );
    });
  }

  async listen(): Promise<void> {
    const { listenIp, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, listenIp, resolve);
    });
    this.#server.on('error', (err) => this.#options.log.error({ err }, 'tap server'));
    this.#superviseTimer = setInterval(() => this.#supervise(), superviseEveryMs);
  }

  address(): { host: string; port: number } {
    const { advertisedHost, listenIp } = this.#options;
    const anywhere = listenIp === '0.0.0.0' || listenIp === '::';
    return {
      host: advertisedHost ?? (anywhere ? hostname() : listenIp),
      port: (this.#server.address() as AddressInfo).port,
    };
  }

  openCall(callId: string): TapCall {
    if (this.#entries.has(callId)) throw new AppError('call.exists', 'This call is open at the tap already.');
    const { bufferMs, maxBytesPerCall } = this.#options;
    const entry: Entry = {
      call: new BufferedCall(
        callId,
        { bufferMs, maxBytes: maxBytesPerCall ?? 16 * mebibyte },
        { onItem: () => this.#touch(entry), onEnd: () => this.#ended(entry) },
        (delta) => this.#allocated(delta),
      ),
      lease: undefined,
      connection: undefined,
    };
    this.#entries.set(callId, entry);
    return entry.call;
  }

  lease(callId: string): { host: string; port: number; lease: string } {
    const entry = this.#entries.get(callId);
    if (!entry) throw new AppError('not-found', 'This call is not open at the tap.', { details: { callId } });
    if (entry.lease !== undefined) this.#byLease.delete(entry.lease);
    this.#shutOut(entry);
    entry.lease = newSecret();
    this.#byLease.set(entry.lease, entry);
    return { ...this.address(), lease: entry.lease };
  }

  status(): ReturnType<CallTap['status']> {
    return [...this.#entries.values()].map(({ call, connection }) => ({
      callId: call.callId,
      connected: connection !== undefined,
      bufferedMs: Math.round(call.buffer.unacknowledgedMs),
      bufferedBytes: call.buffer.unacknowledgedBytes,
      packets: call.buffer.packets,
      dropped: call.buffer.dropped,
    }));
  }

  totals(): { calls: number; recorders: number; bytes: number; dropped: number; refused: number } {
    let dropped = this.#droppedOfGoneCalls;
    for (const { call } of this.#entries.values()) dropped += call.buffer.dropped;
    return {
      calls: this.#entries.size,
      recorders: this.#byConnection.size,
      bytes: this.#bytes,
      dropped,
      refused: this.#refused,
    };
  }

  on<K extends keyof CallTapEvents & string>(event: K, listener: (payload: CallTapEvents[K]) => void) {
    return this.#events.on(event, listener);
  }

  async close(withinMs = 5_000): Promise<void> {
    const now = this.#options.clock();
    for (const { call } of this.#entries.values()) call.end(now);
    if (this.#awaited()) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        timer = setTimeout(resolve, withinMs);
      });
      clearTimeout(timer);
    }
    clearInterval(this.#superviseTimer);
    clearTimeout(this.#flushTimer);
    for (const timer of this.#losses) clearTimeout(timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { call } of this.#entries.values()) {
      this.#options.log.warn({ callId: call.callId, packets: call.buffer.packets }, 'call left unrecorded');
    }
    for (const connection of [...this.#strangers, ...this.#byConnection.keys()])
      connection.drop('tap closed');
    await closed;
  }

  /** Only calls with a lease out have anyone to wait for. */
  #awaited(): boolean {
    return [...this.#entries.values()].some((entry) => entry.lease !== undefined);
  }

  #touch(entry: Entry): void {
    if (!entry.connection) return;
    this.#dirty.add(entry);
    this.#flushTimer ??= setTimeout(() => this.#flush(), flushEveryMs);
  }

  #flush(): void {
    this.#flushTimer = undefined;
    for (const entry of this.#dirty) entry.connection?.flush();
    this.#dirty.clear();
  }

  #ended(entry: Entry): void {
    // The end does not wait for the tick: people wait for the replay.
    entry.connection?.flush();
  }

  #admit(connection: RecorderConnection, hello: TapHello): void {
    this.#strangers.delete(connection);
    const entry = this.#byLease.get(hello.lease);
    if (hello.version !== tapProtocolVersion || !entry) {
      this.#refused += 1;
      connection.refuse(hello.version === tapProtocolVersion ? 'unknown-lease' : 'version');
      return;
    }
    // The same lease twice: a queue that gave the job to a second worker. The newer one is the living one.
    this.#shutOut(entry);
    entry.connection = connection;
    this.#byConnection.set(connection, entry);
    const { callId } = entry.call;
    this.#options.log.info({ callId, workerId: hello.workerId }, 'recorder connected');
    this.#events.emit('recorder-connected', { callId, lease: hello.lease });
    connection.welcome(callId, entry.call.buffer, entry.call.knownLegFrames());
  }

  #shutOut(entry: Entry): void {
    const { connection } = entry;
    if (!connection) return;
    entry.connection = undefined;
    this.#byConnection.delete(connection);
    connection.refuse('superseded');
  }

  #afterAck(connection: RecorderConnection): void {
    const entry = this.#byConnection.get(connection);
    if (!entry?.call.complete) return;
    const { callId, buffer } = entry.call;
    const lease = entry.lease!;
    this.#byConnection.delete(connection);
    connection.finish();
    entry.connection = undefined;
    this.#options.log.info({ callId, packets: buffer.packets, dropped: buffer.dropped }, 'recorder finished');
    // Told first: a listener may still ask for this call's figures.
    this.#events.emit('recorder-finished', { callId, lease, packets: buffer.packets });
    this.#forget(entry);
  }

  #closed(connection: RecorderConnection, reason: string): void {
    this.#strangers.delete(connection);
    const entry = this.#byConnection.get(connection);
    if (!entry) return;
    this.#byConnection.delete(connection);
    entry.connection = undefined;
    const { callId, buffer } = entry.call;
    this.#options.log.warn({ callId, reason, bufferedBytes: buffer.unacknowledgedBytes }, 'recorder lost');
    const lease = entry.lease!;
    const timer = setTimeout(() => {
      this.#losses.delete(timer);
      // Somebody may have led the call on in the meantime.
      if (entry.connection || entry.lease !== lease) return;
      this.#events.emit('recorder-lost', { callId, lease });
    }, tellLossAfterMs);
    this.#losses.add(timer);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.call.callId);
    if (entry.lease !== undefined) this.#byLease.delete(entry.lease);
    this.#dirty.delete(entry);
    this.#droppedOfGoneCalls += entry.call.buffer.dropped;
    entry.call.buffer.discard();
    if (this.#onIdle && !this.#awaited()) this.#onIdle();
  }

  #supervise(): void {
    const ackWithinMs = this.#options.ackWithinMs ?? 10_000;
    const monotonic = performance.now();
    const now = this.#options.clock();
    for (const entry of this.#entries.values()) {
      const { connection, call } = entry;
      if (connection && connection.owesForMs(monotonic) > ackWithinMs) {
        connection.drop('no acknowledgement');
      } else if (!connection && call.endedAt !== undefined && now - call.endedAt > forgetEndedAfterMs) {
        this.#options.log.error({ callId: call.callId }, 'no recorder came for an ended call');
        this.#forget(entry);
      }
    }
  }

  #allocated(delta: number): void {
    this.#bytes += delta;
    const limit = this.#options.maxBytes ?? 512 * mebibyte;
    if (delta <= 0 || this.#bytes <= limit) return;
    // A tenth more than needed, so that this search is not made for every chunk.
    while (this.#bytes > limit * 0.9) {
      let largest: BufferedCall | undefined;
      for (const { call } of this.#entries.values()) {
        if (!largest || call.buffer.allocatedBytes > largest.buffer.allocatedBytes) largest = call;
      }
      const before = this.#bytes;
      for (let i = 0; i < 8 && largest; i++) largest.buffer.dropOldest();
      if (this.#bytes >= before) return;
    }
  }
}
