import type { Log } from '#kernel/log.ts';
import { callFolder } from '../spool/spool-layout.ts';
import { FollowedCall } from './followed-call.ts';

/** A call nobody asks about is forgotten; one whose spool is cleared could not be read again, and waits longer. ms */
const idleMs = 60_000;
const idleClearedMs = 600_000;
const tidyEveryMs = 10_000;
/** Files of so many calls are held open at most, and places of so many packets kept (some 60 bytes each). */
const maxCalls = 128;
const maxPackets = 6_000_000;

interface Entry {
  readonly call: FollowedCall;
  askedAt: number;
}

export interface FollowedCallsOptions {
  readonly spoolDir: string;
  /** UTC ms up to which this process has written all it was given of a call that it records now. */
  readonly writtenThrough: (callId: string) => number | undefined;
  readonly log: Log;
  readonly maxCalls?: number;
  /** Tests set the time. ms, of any origin */
  readonly now?: () => number;
}

/** The calls of this spool that somebody asks about, each with its index; bounded in number, size and time. */
export class FollowedCalls {
  readonly #options: FollowedCallsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(options: FollowedCallsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#timer = setInterval(() => this.tidy(), tidyEveryMs);
    this.#timer.unref();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The call as it is on disk now; undefined when this spool has nothing of it. */
  async look(callId: string): Promise<FollowedCall | undefined> {
    const { spoolDir, writtenThrough } = this.#options;
    let entry = this.#entries.get(callId);
    if (!entry) {
      const call = new FollowedCall(callFolder(spoolDir, callId), {
        writtenThrough: () => writtenThrough(callId),
      });
      entry = { call, askedAt: this.#now() };
      this.#entries.set(callId, entry);
    }
    entry.askedAt = this.#now();
    await entry.call.look();
    if (!entry.call.known) {
      if (this.#entries.get(callId) === entry) this.#drop(callId, entry);
      return undefined;
    }
    this.tidy();
    return entry.call;
  }

  /** Lets go of what nobody asks about, and of the longest unasked when there is too much. */
  tidy(): void {
    const now = this.#now();
    let packets = 0;
    for (const [callId, entry] of this.#entries) {
      const idle = now - entry.askedAt;
      if (idle > (entry.call.cleared ? idleClearedMs : idleMs)) this.#drop(callId, entry);
      else packets += entry.call.packets;
    }
    if (this.#entries.size <= this.#maxCalls && packets <= maxPackets) return;
    const oldest = [...this.#entries].sort(([, a], [, b]) => a.askedAt - b.askedAt);
    for (const [callId, entry] of oldest) {
      // Whoever asked last is answered in any case.
      if (this.#entries.size <= 1) return;
      if (this.#entries.size <= this.#maxCalls && packets <= maxPackets) return;
      packets -= entry.call.packets;
      this.#drop(callId, entry);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ call }) => call.close()));
  }

  get #maxCalls(): number {
    return this.#options.maxCalls ?? maxCalls;
  }

  #drop(callId: string, { call }: Entry): void {
    this.#entries.delete(callId);
    call
      .close()
      .catch((err: unknown) => this.#options.log.warn({ callId, err }, 'files of a followed call stay open'));
  }
}
