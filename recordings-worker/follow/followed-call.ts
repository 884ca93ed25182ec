import { readdir } from 'node:fs/promises';
import type { CaptureLeg } from '#contract/capture.ts';
import { eventsSuffix } from '../spool/spool-layout.ts';
import { FollowedLeg, type FollowedPacket } from './followed-leg.ts';
import { FollowedSegment } from './followed-segment.ts';

/** Requests that come this close to each other share one look at the disk, ms. */
const lookEveryMs = 100;
/** A leg that is further behind the others than this does not send: nothing of it is waited for, ms. */
const silentLegMs = 1_500;
/** The network may bring a packet so much later than one that was sent after it, ms. */
const lateMs = 150;
/** The files of a call are written side by side: what the log says may be this far ahead of a leg's file, ms. */
const settledMs = 300;

/** UTC ms. */
export interface FollowedState {
  readonly ended: boolean;
  readonly edgeMs: number;
  readonly spans: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly pauses: readonly { readonly fromMs: number; readonly toMs: number | null }[];
}

/**
 * A call in the spool, read while it is written: several segments, of workers that took over from each other or
 * recorded side by side. Looks read only what was appended since the last one. Files are held open: what was in them
 * can be heard to its end although the call has been archived and its spool was cleared meanwhile.
 */
export class FollowedCall {
  readonly #folder: string;
  readonly #writtenThrough: () => number | undefined;
  readonly #lookEveryMs: number;
  readonly #segments = new Map<string, FollowedSegment>();
  readonly #legs = new Map<string, FollowedLeg>();
  /** When each pause ended, by when it began; null while it lasts. */
  readonly #pauses = new Map<number, number | null>();
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #endSeenAt: number | undefined;
  #endMs: number | undefined;
  #settled = false;
  #throughMs: number | undefined;
  #closed = false;
  /** Its folder is gone: what is held open is all there is. */
  cleared = false;

  /** `writtenThrough`: UTC ms up to which this very process has written all that came, where it records the call. */
  constructor(
    folder: string,
    options: { writtenThrough?: () => number | undefined; lookEveryMs?: number } = {},
  ) {
    this.#folder = folder;
    this.#writtenThrough = options.writtenThrough ?? (() => undefined);
    this.#lookEveryMs = options.lookEveryMs ?? lookEveryMs;
  }

  get known(): boolean {
    return this.#segments.size > 0;
  }

  get packets(): number {
    let sum = 0;
    for (const { index } of this.#legs.values()) sum += index.count;
    return sum;
  }

  /** Reads what was appended. Looks take turns; one that is under way or just over serves all. */
  async look(): Promise<void> {
    if (this.#looking) return this.#looking;
    if (this.#settled || performance.now() - this.#lookedAt < this.#lookEveryMs) return;
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      this.#lookedAt = performance.now();
    });
    return this.#looking;
  }

  state(): FollowedState {
    return {
      ended: this.#settled,
      edgeMs: this.#edge(),
      spans: this.#spans(),
      pauses: [...this.#pauses]
        .map(([fromMs, toMs]) => ({ fromMs, toMs: toMs ?? this.#endMs ?? null }))
        .sort((a, b) => a.fromMs - b.fromMs),
    };
  }

  /** Packets of all legs that begin in [fromMs, toMs), UTC, in order of time; some of them up to `maxBytes`. */
  packetsBetween(
    fromMs: number,
    toMs: number,
    maxBytes: number,
  ): { packets: FollowedPacket[]; bytes: number; toMs: number } {
    const found = [...this.#legs.values()].flatMap((leg) => [...leg.between(fromMs, toMs)]);
    found.sort((a, b) => a.atMs - b.atMs || a.leg.side - b.leg.side);
    let bytes = 0;
    for (const [i, { leg, packet, atMs }] of found.entries()) {
      const more = leg.bytesOf(packet);
      if (bytes + more > maxBytes) return { packets: found.slice(0, i), bytes, toMs: atMs };
      bytes += more;
    }
    return { packets: found, bytes, toMs };
  }

  legs(): Iterable<FollowedLeg> {
    return this.#legs.values();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking?.catch(() => {});
    await Promise.all([
      ...[...this.#segments.values()].map((segment) => segment.close()),
      ...[...this.#legs.values()].map((leg) => leg.close()),
    ]);
  }

  async #look(): Promise<void> {
    // Asked first: all that was written by then is there to be read.
    const throughMs = this.#writtenThrough();
    const beganAt = performance.now();
    for (const name of await this.#names()) {
      if (!this.#segments.has(name)) this.#segments.set(name, this.#follow(name));
    }
    for (const segment of this.#inOrder()) {
      if (this.#closed) return;
      await segment.look();
    }
    for (const leg of this.#legs.values()) leg.placing.place();
    this.#throughMs = throughMs;
    if (this.#endSeenAt !== undefined && beganAt - this.#endSeenAt > settledMs) this.#settled = true;
  }

  async #names(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder);
      return names
        .filter((name) => name.endsWith(eventsSuffix))
        .map((name) => name.slice(0, -eventsSuffix.length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.cleared = this.known;
      return [];
    }
  }

  #follow(name: string): FollowedSegment {
    return new FollowedSegment(this.#folder, name, {
      legOf: (leg) => this.#legOf(leg),
      onPause: ({ on, sinceMs, atMs }) => {
        if (!on) this.#pauses.set(sinceMs, atMs);
        else if (!this.#pauses.has(sinceMs)) this.#pauses.set(sinceMs, null);
      },
      onCallEnd: (atMs) => {
        this.#endMs = atMs;
        this.#endSeenAt ??= performance.now();
      },
    });
  }

  #legOf(leg: CaptureLeg): FollowedLeg {
    // A leg that came back with another codec is another one (as in the seal's `readSpool`).
    const key = JSON.stringify([leg.legId, leg.codec, leg.payloadType, leg.clockRate]);
    let known = this.#legs.get(key);
    if (!known) {
      known = new FollowedLeg(leg);
      this.#legs.set(key, known);
    }
    return known;
  }

  /** In the order in which the tap gave their packets; those whose first line is not there yet come last. */
  #inOrder(): FollowedSegment[] {
    const behind = Number.MAX_SAFE_INTEGER;
    return [...this.#segments.values()].sort(
      (a, b) =>
        (a.head?.after ?? behind) - (b.head?.after ?? behind) ||
        (a.head?.openedAt ?? behind) - (b.head?.openedAt ?? behind),
    );
  }

  /** UTC ms up to which nothing is missing that will still come. */
  #edge(): number {
    let last = Number.NEGATIVE_INFINITY;
    let slowest = Number.POSITIVE_INFINITY;
    for (const leg of this.#legs.values()) {
      const { endMs } = leg.placing;
      last = Math.max(last, endMs);
      if (leg.isOpen && leg.placing.count > 0) slowest = Math.min(slowest, endMs);
    }
    if (this.#settled) return last;
    // Every leg has got here; or who is further behind does not send; or the writer itself says how far it is.
    return Math.max(
      Number.isFinite(slowest) ? slowest : Number.NEGATIVE_INFINITY,
      last - silentLegMs,
      (this.#throughMs ?? Number.NEGATIVE_INFINITY) - lateMs,
    );
  }

  #spans(): { fromMs: number; toMs: number }[] {
    const edge = this.#edge();
    const spans: { fromMs: number; toMs: number }[] = [];
    let reached = 0;
    for (const segment of this.#inOrder()) {
      const { head, firstMs, lastMs, lastSequence } = segment;
      if (!head || !Number.isFinite(firstMs)) continue;
      const last = spans.at(-1);
      if (last && head.after <= reached) last.toMs = Math.max(last.toMs, lastMs);
      else spans.push({ fromMs: head.after === 0 ? Number.NEGATIVE_INFINITY : firstMs, toMs: lastMs });
      reached = Math.max(reached, lastSequence);
    }
    const last = spans.at(-1);
    if (last) last.toMs = Math.max(last.toMs, edge);
    return spans;
  }
}
