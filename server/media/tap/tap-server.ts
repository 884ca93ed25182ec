import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import type { CallTapEvents, TapStatus } from '#domains/calls/calls.ports.ts';
import { AppError } from '#kernel/errors.ts';
import { newSecret } from '#kernel/ids.ts';
import { type TapHello, tapProtocolVersion } from '#kernel/rtp/tap-protocol.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { maxCopies } from './call-buffer.ts';
import { RecorderConnection } from './recorder-connection.ts';
import type { Entry, Place, Slot, TapServer, TapServerOptions } from './tap.ts';
import { BufferedCall, type TapCall } from './tap-call.ts';

export type { TapServer, TapServerOptions } from './tap.ts';
export type { TapCall, TapLeg } from './tap-call.ts';

const mebibyte = 1_048_576;
/** Items leave in one write per call and tick: 10 system calls a second instead of one per packet, here and there. */
const flushEveryMs = 100;
const superviseEveryMs = 1_000;
/**
 * A worker that is killed is told of as lost a moment later: the queue through which the next one is found must have
 * noticed, too, or it hands the job to the dead one and only gets it back seconds later.
 */
const tellLossAfterMs = 150;
/** When one copy has all of a call that has ended, the other one's recorder may still take this long, ms. */
const secondCopyWithinMs = 2_000;
const defaultLagMs = 15_000;
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

class TcpTap implements TapServer {
  readonly #options: TapServerOptions;
  readonly #server: Server;
  readonly #events: TypedEvents<CallTapEvents>;
  readonly #entries = new Map<string, Entry>();
  readonly #byLease = new Map<string, Place>();
  readonly #byConnection = new Map<RecorderConnection, Place>();
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
    const { bufferMs, maxBytesPerCall, lagMs } = this.#options;
    const entry: Entry = {
      call: new BufferedCall(
        callId,
        { bufferMs, lagMs: lagMs ?? defaultLagMs, maxBytes: maxBytesPerCall ?? 16 * mebibyte },
        { onItem: () => this.#touch(entry), onEnd: () => this.#ended(entry) },
        (delta) => this.#allocated(delta),
      ),
      slots: Array.from({ length: maxCopies }, (_, copy) => ({
        copy,
        lease: undefined,
        connection: undefined,
        workerId: null,
      })),
      spoolIds: new Set(),
      lastPatience: undefined,
    };
    this.#entries.set(callId, entry);
    return entry.call;
  }

  lease(callId: string, copy = 0): { host: string; port: number; lease: string } {
    const entry = this.#entries.get(callId);
    const slot = entry?.slots[copy];
    if (!slot) throw new AppError('not-found', 'This call is not open at the tap.', { details: { callId } });
    this.#close(slot);
    slot.lease = newSecret();
    this.#byLease.set(slot.lease, { entry: entry!, slot });
    entry!.call.buffer.expect(copy);
    return { ...this.address(), lease: slot.lease };
  }

  waive(callId: string, copy: number): void {
    const entry = this.#entries.get(callId);
    const slot = entry?.slots[copy];
    if (!entry || !slot) return;
    this.#close(slot);
    entry.call.buffer.waive(copy);
    this.#finishIfComplete(entry);
  }

  status(): TapStatus[] {
    return [...this.#entries.values()].map(({ call, slots }) => ({
      callId: call.callId,
      connected: slots.some(({ connection }) => connection !== undefined),
      copies: slots.map(({ workerId, copy }) => ({ workerId, expected: call.buffer.isExpected(copy) })),
      ended: call.endedAt !== undefined,
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
    return [...this.#entries.values()].some(({ slots }) => slots.some(({ lease }) => lease !== undefined));
  }

  #touch(entry: Entry): void {
    const [first, second] = entry.slots;
    if (!first!.connection && !second!.connection) return;
    this.#dirty.add(entry);
    this.#flushTimer ??= setTimeout(() => this.#flush(), flushEveryMs);
  }

  #flush(): void {
    this.#flushTimer = undefined;
    for (const { slots } of this.#dirty) for (const { connection } of slots) connection?.flush();
    this.#dirty.clear();
  }

  #ended(entry: Entry): void {
    // The end does not wait for the tick: people wait for the replay.
    for (const { connection } of entry.slots) connection?.flush();
  }

  #admit(connection: RecorderConnection, hello: TapHello): void {
    this.#strangers.delete(connection);
    const place = this.#byLease.get(hello.lease);
    if (hello.version !== tapProtocolVersion || !place) {
      this.#refused += 1;
      connection.refuse(hello.version === tapProtocolVersion ? 'unknown-lease' : 'version');
      return;
    }
    const { entry, slot } = place;
    if (entry.slots.some((other) => other !== slot && other.workerId === hello.workerId)) {
      // Both copies in one process would die together.
      this.#refused += 1;
      connection.refuse('busy');
      return;
    }
    // The same lease twice: a queue that gave the job to a second worker. The newer one is the living one.
    this.#shutOut(slot);
    slot.connection = connection;
    slot.workerId = hello.workerId;
    entry.spoolIds.add(hello.spoolId);
    this.#byConnection.set(connection, place);
    const { callId, buffer } = entry.call;
    const { copy } = slot;
    const { lease, workerId, spoolId } = hello;
    this.#options.log.info({ callId, copy, workerId }, 'recorder connected');
    this.#events.emit('recorder-connected', { callId, lease, copy, workerId, spoolId });
    connection.welcome(callId, buffer, copy, entry.call.knownLegFrames(buffer.reached(copy)));
  }

  /** Takes the copy's lease back and hangs up on who held it. */
  #close(slot: Slot): void {
    if (slot.lease !== undefined) this.#byLease.delete(slot.lease);
    slot.lease = undefined;
    this.#shutOut(slot);
  }

  #shutOut(slot: Slot): void {
    const { connection } = slot;
    if (!connection) return;
    slot.connection = undefined;
    slot.workerId = null;
    this.#byConnection.delete(connection);
    connection.refuse('superseded');
  }

  #afterAck(connection: RecorderConnection): void {
    const place = this.#byConnection.get(connection);
    if (place) this.#finishIfComplete(place.entry);
  }

  /** A call that is over and on disk is forgotten, as soon as the recorders that are there have all of it. */
  #finishIfComplete(entry: Entry): void {
    const { call, slots } = entry;
    if (!call.complete || this.#entries.get(call.callId) !== entry) return;
    const behind = slots.filter(
      ({ connection, copy }) => connection && call.buffer.reached(copy) < call.buffer.sequence,
    );
    if (behind.length === 0) this.#finish(entry);
    else entry.lastPatience ??= setTimeout(() => this.#finish(entry), secondCopyWithinMs);
  }

  #finish(entry: Entry): void {
    const { callId, buffer } = entry.call;
    const { packets, dropped, sequence: items } = buffer;
    const lease = entry.slots.find((slot) => slot.lease !== undefined)?.lease ?? '';
    for (const slot of entry.slots) {
      const { connection, copy } = slot;
      if (!connection || buffer.reached(copy) < items) {
        this.#shutOut(slot);
        continue;
      }
      this.#byConnection.delete(connection);
      slot.connection = undefined;
      connection.finish();
    }
    this.#options.log.info({ callId, packets, dropped }, 'recorder finished');
    const spoolIds = [...entry.spoolIds];
    this.#forget(entry);
    this.#events.emit('recorder-finished', { callId, lease, packets, dropped, items, spoolIds });
  }

  #closed(connection: RecorderConnection, reason: string): void {
    this.#strangers.delete(connection);
    const place = this.#byConnection.get(connection);
    if (!place) return;
    const { entry, slot } = place;
    this.#byConnection.delete(connection);
    slot.connection = undefined;
    slot.workerId = null;
    const { callId, buffer } = entry.call;
    const { copy } = slot;
    this.#options.log.warn(
      { callId, copy, reason, bufferedBytes: buffer.unacknowledgedBytes },
      'recorder lost',
    );
    // The other copy may have all of it already: then there is nothing to move.
    this.#finishIfComplete(entry);
    const lease = slot.lease!;
    const timer = setTimeout(() => {
      this.#losses.delete(timer);
      // Somebody may have led the call on in the meantime, or it is over.
      if (slot.connection || slot.lease !== lease || this.#entries.get(callId) !== entry) return;
      this.#events.emit('recorder-lost', { callId, lease, copy });
    }, tellLossAfterMs);
    this.#losses.add(timer);
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.lastPatience);
    this.#entries.delete(entry.call.callId);
    for (const slot of entry.slots) this.#close(slot);
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
      const { slots, call } = entry;
      for (const { connection } of slots) {
        if (connection && connection.owesForMs(monotonic) > ackWithinMs) {
          connection.drop('no acknowledgement');
        }
      }
      const deserted = slots.every(({ connection }) => connection === undefined);
      if (deserted && call.endedAt !== undefined && now - call.endedAt > forgetEndedAfterMs) {
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
