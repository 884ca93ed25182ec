import type { CaptureLeg } from '#contract/capture.ts';
import { AppError } from '#kernel/errors.ts';
import { controlFrame, maxLegs } from '#kernel/rtp/tap-protocol.ts';
import { type BufferLimits, CallBuffer } from './call-buffer.ts';

/** One direction of audio, as the media plane hands it over. Nothing here throws on the media path. */
export interface TapLeg {
  /** One RTP packet as it goes to the listeners; copied at once. `arrivalMs`: UTC ms, fractions welcome. */
  packet(bytes: Buffer, arrivalMs: number): void;
  hold(on: boolean, atMs: number): void;
  /** Later packets of this leg are ignored. Ending twice does nothing. */
  end(atMs: number): void;
}

export interface TapCall {
  /**
   * Adding the same leg again (same id, codec and payload type) goes on with it, as when a softphone comes back.
   * Errors: AppError `call.ended`, `call.legs` (more than 255).
   */
  addLeg(leg: CaptureLeg): TapLeg;
  /**
   * Listening and capture of the whole call stand still, or go on. The recorder is told when, so that it knows the
   * silence for what it is. Asking for what is so already does nothing.
   */
  pause(on: boolean, atMs: number): void;
  /** No leg speaks any more. What is buffered stays until a recorder has it. Ending twice does nothing. */
  end(atMs: number): void;
}

/** What the server side of a call does when there is something new to send. */
export interface TapCallEvents {
  onItem(): void;
  onEnd(): void;
}

interface KnownLeg {
  readonly index: number;
  /** Of the item that announced it. */
  readonly sequence: number;
  readonly leg: CaptureLeg;
  ended: boolean;
}

const sameLeg = (a: CaptureLeg, b: CaptureLeg): boolean =>
  a.legId === b.legId &&
  a.role === b.role &&
  a.codec === b.codec &&
  a.payloadType === b.payloadType &&
  a.clockRate === b.clockRate &&
  a.channels === b.channels;

/** A call's items and legs, whoever reads them. */
export class BufferedCall implements TapCall {
  readonly callId: string;
  readonly buffer: CallBuffer;
  readonly #events: TapCallEvents;
  readonly #legs: KnownLeg[] = [];
  #pausedSince: number | undefined;
  #endedAt: number | undefined;

  constructor(
    callId: string,
    limits: BufferLimits,
    events: TapCallEvents,
    onAllocated: (deltaBytes: number) => void,
  ) {
    this.callId = callId;
    this.#events = events;
    this.buffer = new CallBuffer(limits, onAllocated);
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** True when the call is over and all of it is on some recorder's disk. */
  get complete(): boolean {
    return this.#endedAt !== undefined && this.buffer.acknowledged >= this.buffer.sequence;
  }

  /** The legs that a recorder beginning behind `sequence` is not told of by an item, as frames with sequence 0. */
  knownLegFrames(sequence: number): Buffer[] {
    return this.#legs
      .filter((known) => known.sequence <= sequence)
      .map(({ index, leg }) => controlFrame({ kind: 'leg', sequence: 0, index, leg }));
  }

  addLeg(leg: CaptureLeg): TapLeg {
    if (this.#endedAt !== undefined) throw new AppError('call.ended', 'This call has ended.');
    let known = this.#legs.find((other) => sameLeg(other.leg, leg));
    if (known) known.ended = false;
    else {
      if (this.#legs.length >= maxLegs) {
        throw new AppError('call.legs', `A call can have at most ${maxLegs} legs.`);
      }
      known = { index: this.#legs.length, sequence: this.buffer.sequence + 1, leg, ended: false };
      this.#legs.push(known);
      this.buffer.appendControl({ kind: 'leg', index: known.index, leg });
      this.#events.onItem();
    }
    return this.#handle(known);
  }

  pause(on: boolean, atMs: number): void {
    if (this.#endedAt !== undefined || on === (this.#pausedSince !== undefined)) return;
    const sinceMs = this.#pausedSince ?? atMs;
    this.#pausedSince = on ? atMs : undefined;
    this.buffer.appendControl({ kind: 'pause', on, sinceMs, atMs });
    this.#events.onItem();
  }

  end(atMs: number): void {
    if (this.#endedAt !== undefined) return;
    this.pause(false, atMs);
    this.#endedAt = atMs;
    this.buffer.appendControl({ kind: 'call-end', atMs });
    this.#events.onEnd();
  }

  #handle(known: KnownLeg): TapLeg {
    const { index } = known;
    const open = (): boolean => !known.ended && this.#endedAt === undefined;
    return {
      packet: (bytes, arrivalMs) => {
        if (!open()) return;
        this.buffer.appendPacket(index, arrivalMs, bytes);
        this.#events.onItem();
      },
      hold: (on, atMs) => {
        if (!open()) return;
        this.buffer.appendControl({ kind: 'hold', index, on, atMs });
        this.#events.onItem();
      },
      end: (atMs) => {
        if (!open()) return;
        known.ended = true;
        this.buffer.appendControl({ kind: 'leg-end', index, atMs });
        this.#events.onItem();
      },
    };
  }
}
