import type { CaptureJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { TapItem, TapWelcome } from '#kernel/rtp/tap-protocol.ts';
import { SegmentWriter } from '../spool/segment-writer.ts';
import { callFolder } from '../spool/spool-layout.ts';
import { type ConnectionEnd, TapConnection } from './tap-connection.ts';

/** Unwritten bytes at which we stop reading until the disk has caught up. The tap then keeps the rest. */
const pauseAtBytes = 1_048_576;
/** How long a goodbye may take, ms. */
const goodbyeWithinMs = 2_000;

export type CaptureOutcome =
  | { kind: 'captured'; packets: number }
  /** Another worker has this call now, or the call is over: nothing to say about it. */
  | { kind: 'superseded' }
  | { kind: 'lost'; reason: 'tap-unreachable' | 'connection' | 'spool' | 'stopping'; cause?: unknown };

export interface CaptureOptions {
  readonly job: CaptureJob;
  readonly workerId: string;
  readonly spoolId: string;
  readonly spoolDir: string;
  /** What arrived is on disk and acknowledged at most this much later (and the disk's own time), ms. */
  readonly fsyncMs: number;
  readonly log: Log;
  /** The tap let us in and the segment is open. */
  readonly onStarted: () => void;
  /** Bytes as they reach the disk, for the worker's figures. */
  readonly onWritten: (bytes: number) => void;
}

/** One capture: pulls a call's packets from the tap into a segment of the spool, until the call ends or it cannot. */
export class Capture {
  readonly #options: CaptureOptions;
  readonly #connection: TapConnection;
  readonly #done = Promise.withResolvers<CaptureOutcome>();
  #writer: SegmentWriter | undefined;
  /** Items that came before the segment was open. */
  #early: TapItem[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #paused = false;
  #callEnded = false;
  #complete = false;
  #stopping = false;
  #fault: unknown;
  /** The tap's clock as its last packet told it, UTC ms, and when that came by our monotonic clock, ms. */
  #heardMs: number | undefined;
  #heardAt = 0;
  #writtenThroughMs: number | undefined;

  constructor(options: CaptureOptions) {
    this.#options = options;
    const { workerId, spoolId } = options;
    this.#connection = new TapConnection(
      options.job.tap,
      { workerId, spoolId },
      {
        onWelcome: (welcome) => void this.#open(welcome),
        onItem: (item) => this.#take(item),
        onClosed: (end) => void this.#closed(end),
      },
    );
  }

  /** Never rejects. */
  get outcome(): Promise<CaptureOutcome> {
    return this.#done.promise;
  }

  /**
   * UTC ms, by the tap's clock, up to which everything that the tap has given is on disk. It goes on while nobody
   * speaks. Undefined before the first packet.
   */
  get writtenThroughMs(): number | undefined {
    const idle = this.#writer?.pendingBytes === 0 && !this.#flushing && !this.#paused;
    return idle ? this.#tapTimeMs() : this.#writtenThroughMs;
  }

  /** Brings what came to disk, acknowledges it and lets go; the tap keeps the rest for another worker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#flushNow();
    this.#connection.end(goodbyeWithinMs);
    await this.#done.promise;
  }

  async #open(welcome: TapWelcome): Promise<void> {
    const { job, workerId, spoolDir } = this.#options;
    this.#connection.pause();
    try {
      this.#writer = await SegmentWriter.open({
        folder: callFolder(spoolDir, job.callId),
        head: {
          type: 'segment',
          version: 1,
          captureId: job.captureId,
          callId: job.callId,
          recordingId: job.recordingId,
          workerId,
          openedAt: Date.now(),
          after: welcome.acknowledged,
        },
      });
      this.#options.onStarted();
      const early = this.#early;
      this.#early = [];
      for (const item of early) this.#take(item);
      this.#connection.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(item: TapItem): void {
    if (this.#fault !== undefined || this.#stopping) return;
    if (!this.#writer) {
      // What came in one piece with the welcome; the socket is paused.
      this.#early.push(item);
      return;
    }
    if (item.kind === 'packet') {
      this.#heardMs = item.arrivalMs;
      this.#heardAt = this.#connection.heardAt;
    }
    try {
      this.#writer.append(item);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (item.kind === 'call-end') {
      this.#callEnded = true;
      void this.#flushNow();
    } else {
      this.#flushTimer ??= setTimeout(() => void this.#flushNow(), this.#options.fsyncMs);
    }
    if (!this.#paused && this.#writer.pendingBytes > pauseAtBytes) {
      this.#paused = true;
      this.#connection.pause();
      void this.#flushNow();
    }
  }

  /** Resolves when everything that came before this call is on disk. Faults end the capture, they are not thrown. */
  async #flushNow(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    while (this.#flushing) await this.#flushing;
    if (!this.#writer || this.#fault !== undefined) return;
    this.#flushing = this.#flush(this.#writer).finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #flush(writer: SegmentWriter): Promise<void> {
    const ended = this.#callEnded;
    const before = writer.flushedBytes;
    const throughMs = this.#tapTimeMs();
    try {
      this.#connection.acknowledge(await writer.flush());
      this.#writtenThroughMs = throughMs;
      this.#options.onWritten(writer.flushedBytes - before);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (ended && !this.#complete) {
      this.#complete = true;
      // The tap hangs up when it has heard our acknowledgement; only then is the call off its hands.
      const timer = setTimeout(() => this.#connection.close('no goodbye'), goodbyeWithinMs);
      void this.#done.promise.then(() => clearTimeout(timer));
    }
    if (this.#paused && writer.pendingBytes < pauseAtBytes) {
      this.#paused = false;
      this.#connection.resume();
    }
  }

  /** What the tap's clock said when it was heard last: all it had until then has come. It pings while a call is quiet. */
  #tapTimeMs(): number | undefined {
    return this.#heardMs === undefined
      ? undefined
      : this.#heardMs + (this.#connection.heardAt - this.#heardAt);
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
    this.#connection.close('spool');
  }

  async #closed(end: ConnectionEnd): Promise<void> {
    // What came before the end is worth keeping, though nobody hears the acknowledgement any more.
    await this.#flushNow();
    await this.#writer?.close().catch((error: unknown) => {
      this.#fault ??= error;
    });
    this.#done.resolve(this.#outcomeOf(end));
  }

  #outcomeOf(end: ConnectionEnd): CaptureOutcome {
    if (this.#complete && end.hungUp) return { kind: 'captured', packets: this.#writer?.packets ?? 0 };
    if (end.refused !== undefined) {
      this.#options.log.info({ captureId: this.#options.job.captureId, reason: end.refused }, 'tap refused');
      return { kind: 'superseded' };
    }
    if (this.#fault !== undefined) return { kind: 'lost', reason: 'spool', cause: this.#fault };
    if (this.#stopping) return { kind: 'lost', reason: 'stopping' };
    if (!end.connected) return { kind: 'lost', reason: 'tap-unreachable', cause: end.reason };
    return { kind: 'lost', reason: 'connection', cause: end.reason };
  }
}
