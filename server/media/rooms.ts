import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { CallRoom, type Ear, type Place } from './call-room.ts';
import type { RecorderTap, TelephonyIngress } from './media.ports.ts';
import { callOver, unavailable } from './media-faults.ts';
import { type HostLoad, type PlacementLimits, placeCall, placeListener } from './placement.ts';
import type { MediaHost, WorkerPool } from './worker-pool.ts';

export interface RoomsOptions {
  readonly pool: WorkerPool;
  readonly ingress: TelephonyIngress;
  readonly tap: RecorderTap;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: PlacementLimits;
  readonly onLegHeard: (room: CallRoom, legId: string, at: number) => void;
}

const retryMs = 250;

const pastKeys = ['received', 'forwarded', 'lost'] as const;
type Past = Record<(typeof pastKeys)[number], number>;

/** The calls of this process, and on which worker each of them is. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, CallRoom>();
  /** Calls that lost their worker and have not been given another yet. */
  readonly #homeless = new Set<CallRoom>();
  /** Who heard such a call; they are told when it can be joined again, so that joining at once works. */
  readonly #untold = new Map<CallRoom, Ear[]>();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  refused = 0;
  moved = 0;
  /** Packets of legs whose calls are over. */
  readonly past: Past = { received: 0, forwarded: 0, lost: 0 };

  constructor(options: RoomsOptions) {
    this.#options = options;
    options.pool.onLost((host) => this.#onHostLost(host));
    options.pool.onReady(() => this.#houseAll());
  }

  get(callId: string): CallRoom | undefined {
    return this.#rooms.get(callId);
  }

  /** Error: `call.ended` when the call is not here. */
  require(callId: string): CallRoom {
    const room = this.#rooms.get(callId);
    if (room === undefined) throw callOver(callId);
    return room;
  }

  all(): Iterable<CallRoom> {
    return this.#rooms.values();
  }

  get size(): number {
    return this.#rooms.size;
  }

  loads(): HostLoad[] {
    const loads = new Map(
      this.#options.pool.hosts.map((host) => [
        host,
        { index: host.index, calls: 0, streams: 0, cpuPercent: host.cpuPercent },
      ]),
    );
    for (const room of this.#rooms.values()) {
      for (const host of room.hosts) {
        const load = loads.get(host);
        if (!load) continue;
        if (host === room.host) load.calls += 1;
        load.streams += room.streamsOn(host);
      }
    }
    return [...loads.values()];
  }

  /** Errors: `media.full` (every worker at its limit), `media.unavailable` (no worker lives). */
  async open(callId: string): Promise<void> {
    if (this.#rooms.has(callId)) return;
    if (this.#options.pool.hosts.length === 0) throw unavailable();
    const host = this.#choose();
    if (host === undefined) {
      this.refused += 1;
      throw new AppError('media.full', 'The media service carries as many calls as it can. Try again later.');
    }
    const { tap, ingress, clock, log, onLegHeard } = this.#options;
    const room = new CallRoom({
      callId,
      tapCall: tap.openCall(callId),
      ingress,
      clock,
      log,
      onLegHeard,
    });
    this.#rooms.set(callId, room);
    await room.settle(host);
  }

  /**
   * A place for one more listener of this call, on its own worker or on one it is piped to. Refuses before a worker is
   * past its limit: everyone on it would hear the overload. Errors: `media.full`, `media.unavailable`.
   */
  placeListener(room: CallRoom): Place {
    return room.take(this.hostForListener(room));
  }

  /** Where one more listener of this call would be placed. Errors: as of {@link placeListener}. */
  hostForListener(room: CallRoom): MediaHost {
    const heardOn = room.hosts.map(({ index }) => index);
    const load = placeListener(this.loads(), heardOn, Math.max(1, room.legs.size), this.#options.limits);
    if (load === undefined) {
      this.refused += 1;
      throw new AppError('media.full', 'No more listeners fit on this call right now.');
    }
    const host = this.#options.pool.hosts.find(({ index }) => index === load.index);
    if (host === undefined) throw unavailable();
    return host;
  }

  async close(callId: string): Promise<void> {
    const room = this.#rooms.get(callId);
    if (room === undefined) return;
    this.#rooms.delete(callId);
    this.#homeless.delete(room);
    for (const ear of this.#untold.get(room) ?? []) ear.dismiss();
    this.#untold.delete(room);
    // At once, so that no figure ever sinks; what the last moment brought is known when the legs are closed.
    const sums = this.#count(room, { received: 0, forwarded: 0, lost: 0 });
    await room.close();
    this.#count(room, sums);
  }

  async closeAll(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await Promise.all([...this.#rooms.keys()].map((callId) => this.close(callId)));
  }

  /** Adds to the past what a room's legs have counted beyond `known`. Answers what they have counted. */
  #count(room: CallRoom, known: Past): Past {
    const sums = { received: 0, forwarded: 0, lost: 0 };
    for (const leg of room.legs.values()) {
      const stats = leg.stats();
      for (const key of pastKeys) sums[key] += stats[key];
    }
    for (const key of pastKeys) this.past[key] += sums[key] - known[key];
    return sums;
  }

  #choose(): MediaHost | undefined {
    const load = placeCall(this.loads(), this.#options.limits);
    return load && this.#options.pool.hosts.find((host) => host.index === load.index);
  }

  #onHostLost(host: MediaHost): void {
    for (const room of this.#rooms.values()) {
      if (room.host === host) this.#unhouse(room);
      else for (const ear of room.closeAnnex(host)) ear.interrupted();
    }
    this.#houseAll();
  }

  #unhouse(room: CallRoom): void {
    this.#untold.set(room, [...(this.#untold.get(room) ?? []), ...room.unsettle()]);
    this.#homeless.add(room);
  }

  /** Gives every homeless call a place: at once where a worker lives, else when one is ready. */
  #houseAll(): void {
    for (const room of this.#homeless) {
      const host = this.#choose();
      if (host === undefined) {
        this.#houseLater();
        return;
      }
      this.#homeless.delete(room);
      void this.#house(room, host);
    }
  }

  async #house(room: CallRoom, host: MediaHost): Promise<void> {
    try {
      await room.settle(host);
    } catch (error) {
      // When that worker died too, its loss has already sent the call elsewhere.
      if (room.closed || room.host !== host) return;
      this.#options.log.error({ callId: room.callId, worker: host.index, err: error }, 'call not moved');
      this.#unhouse(room);
      this.#houseLater();
      return;
    }
    if (room.closed || room.host !== host) return;
    this.moved += 1;
    const ears = this.#untold.get(room) ?? [];
    this.#untold.delete(room);
    this.#options.log.info(
      { callId: room.callId, worker: host.index, listeners: ears.length },
      'call moved to a living worker',
    );
    for (const ear of ears) ear.interrupted();
  }

  #houseLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#houseAll(), retryMs);
    this.#retry.unref();
  }
}
