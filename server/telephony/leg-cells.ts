import type { RefusalReason, RtpIngressLegStats } from './leg-types.ts';

const reasons: readonly RefusalReason[] = ['source', 'size', 'malformed', 'payload-type', 'stray'];
const counts = [
  'received',
  'forwarded',
  'lost',
  'late',
  'refused',
  'ssrcChanges',
  'duplicates',
  'stripped',
  'held',
  'restarts',
  'timestampJumps',
  'jitterMs',
  'reportsSent',
] as const satisfies readonly (keyof RtpIngressLegStats)[];

const switchBytes = 8;
const lastPacketAt = counts.length;
const bye = lastPacketAt + 1;
const firstReason = bye + 1;
const cells = firstReason + reasons.length;

/**
 * What two threads know of one leg, in memory that both see: who owns the leg switches it without waiting for a
 * message, and reads its counters as they were last published.
 */
export class LegCells {
  readonly memory: SharedArrayBuffer;
  readonly #switches: Int32Array;
  readonly #counts: Float64Array;

  constructor(memory = new SharedArrayBuffer(switchBytes + cells * 8)) {
    this.memory = memory;
    this.#switches = new Int32Array(memory, 0, switchBytes / 4);
    this.#counts = new Float64Array(memory, switchBytes, cells);
  }

  /** Packets go nowhere. */
  get shut(): boolean {
    return Atomics.load(this.#switches, 0) === 1;
  }

  set shut(on: boolean) {
    Atomics.store(this.#switches, 0, on ? 1 : 0);
  }

  /** UDP port on 127.0.0.1 that ordered packets go to; 0 when there is none. */
  get forwardPort(): number {
    return Atomics.load(this.#switches, 1);
  }

  set forwardPort(port: number) {
    Atomics.store(this.#switches, 1, port);
  }

  publish(stats: RtpIngressLegStats): void {
    counts.forEach((key, at) => {
      this.#counts[at] = stats[key];
    });
    this.#counts[lastPacketAt] = stats.lastPacketAt ?? Number.NaN;
    this.#counts[bye] = stats.bye ? 1 : 0;
    reasons.forEach((reason, at) => {
      this.#counts[firstReason + at] = stats.refusedBy[reason];
    });
  }

  /** As last published; `lastPacketAt` by the publishing thread's clock. */
  read(legId: string): RtpIngressLegStats {
    const value = (at: number) => this.#counts[at]!;
    // Zeros before anything was published: nothing has come.
    const at = value(lastPacketAt);
    return {
      legId,
      ...(Object.fromEntries(counts.map((key, index) => [key, value(index)])) as Record<
        (typeof counts)[number],
        number
      >),
      lastPacketAt: Number.isNaN(at) || at === 0 ? null : at,
      bye: value(bye) === 1,
      refusedBy: Object.fromEntries(
        reasons.map((reason, index) => [reason, value(firstReason + index)]),
      ) as Record<RefusalReason, number>,
    };
  }
}
