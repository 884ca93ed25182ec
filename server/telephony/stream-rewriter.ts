import type { Codec } from '#contract/primitives.ts';
import { type RtpHeader, timestampDistance } from '#kernel/rtp/packet.ts';
import { clockRate, packetDuration } from './packet-duration.ts';

/** A packet whose timestamp lies so far ahead of its arrival (against the quickest packets) has jumped, ms. */
const AHEAD_MS = 500;
/** After so long without a packet the next one begins a talkspurt (RFC 3551 §4.1). */
const TALKSPURT_MS = 500;

/**
 * Rewrites packets, given in order, into one stream without a break: one SSRC and payload type, sequence numbers
 * that differ by exactly what was lost, timestamps that go on at the pace of arrival when the sender's jump.
 * CSRCs, header extensions and padding are left behind. Pure: time is passed in, monotonic ms.
 */
export class StreamRewriter {
  readonly #codec: Codec;
  readonly #ssrc: number;
  readonly #payloadType: number;
  readonly #ticksPerMs: number;

  /** Added to a position to get the outgoing sequence number, modulo 2^16. */
  #sequenceShift = 0;
  #lastSequence = 0;
  #lastTimestampIn = 0;
  #lastTimestampOut = 0;
  #lastDuration = 0;
  #lastMs = 0;
  #started = false;
  #broken = false;
  #realign = false;
  /** Outgoing time line in ticks, never wrapping, and its quickest arrival: ms of arrival minus ms of media. */
  #mediaTicks = 0;
  #quickest = 0;
  /** Times the sender's timestamps jumped within a stream. */
  timestampJumps = 0;

  constructor(options: { codec: Codec; ssrc: number; payloadType: number }) {
    this.#codec = options.codec;
    this.#ssrc = options.ssrc >>> 0;
    this.#payloadType = options.payloadType;
    this.#ticksPerMs = clockRate(options.codec) / 1_000;
  }

  /** The next packet's timestamps have nothing to do with those before: SSRC change or restart. */
  breakStream(): void {
    this.#broken = true;
  }

  /** The next packet's sequence number follows on the last one, whatever is missing between: end of a hold. */
  realign(): void {
    this.#realign = true;
  }

  /** A position that carries nothing to forward: what follows moves up. */
  skip(): void {
    this.#sequenceShift--;
  }

  /** A new buffer with the packet `bytes` of `header`, at `position`, that arrived at `arrivalMs`. */
  rewrite(bytes: Buffer, header: RtpHeader, position: number, arrivalMs: number): Buffer {
    const start = header.payloadStart;
    const end = header.payloadEnd;
    const duration = packetDuration(this.#codec, bytes, start, end);
    let marker = header.marker;
    if (!this.#started) {
      this.#started = true;
      this.#sequenceShift = header.sequenceNumber - position;
      this.#lastTimestampOut = header.timestamp;
      this.#quickest = arrivalMs;
      marker = true;
    } else {
      if (this.#realign) {
        this.#sequenceShift = this.#lastSequence + 1 - position;
        marker = true;
      }
      const elapsedMs = Math.max(0, arrivalMs - this.#lastMs);
      let advance = timestampDistance(header.timestamp, this.#lastTimestampIn);
      if (this.#broken || !this.#plausible(advance, arrivalMs)) {
        if (!this.#broken) this.timestampJumps++;
        advance = this.#advanceByArrival(elapsedMs);
        marker = true;
      } else if (elapsedMs >= TALKSPURT_MS) marker = true;
      this.#lastTimestampOut = (this.#lastTimestampOut + advance) >>> 0;
      this.#mediaTicks += advance;
      const offset = arrivalMs - this.#mediaTicks / this.#ticksPerMs;
      // The slow rise follows a sender whose clock is slower than ours.
      this.#quickest = Math.min(offset, this.#quickest + (offset - this.#quickest) / 1_000);
    }
    this.#broken = false;
    this.#realign = false;
    this.#lastTimestampIn = header.timestamp;
    this.#lastDuration = duration;
    this.#lastMs = arrivalMs;
    const sequence = (position + this.#sequenceShift) & 0xffff;
    this.#lastSequence = sequence;
    return this.#write(bytes, start, end, marker, sequence);
  }

  /** Timestamps must grow, and may not run ahead of the time that has passed. Running behind is a stalled network. */
  #plausible(advance: number, arrivalMs: number): boolean {
    if (advance <= 0) return false;
    const offset = arrivalMs - (this.#mediaTicks + advance) / this.#ticksPerMs;
    return this.#quickest - offset <= AHEAD_MS;
  }

  /** Ticks that passed since the last packet, in whole packets, at least one. */
  #advanceByArrival(elapsedMs: number): number {
    const duration = this.#lastDuration > 0 ? this.#lastDuration : 20 * this.#ticksPerMs;
    return Math.max(1, Math.round((elapsedMs * this.#ticksPerMs) / duration)) * duration;
  }

  #write(bytes: Buffer, start: number, end: number, marker: boolean, sequence: number): Buffer {
    const out = Buffer.allocUnsafe(12 + end - start);
    out[0] = 0x80;
    out[1] = (marker ? 0x80 : 0) | this.#payloadType;
    out[2] = sequence >> 8;
    out[3] = sequence & 0xff;
    const timestamp = this.#lastTimestampOut;
    out[4] = timestamp >>> 24;
    out[5] = (timestamp >>> 16) & 0xff;
    out[6] = (timestamp >>> 8) & 0xff;
    out[7] = timestamp & 0xff;
    const ssrc = this.#ssrc;
    out[8] = ssrc >>> 24;
    out[9] = (ssrc >>> 16) & 0xff;
    out[10] = (ssrc >>> 8) & 0xff;
    out[11] = ssrc & 0xff;
    bytes.copy(out, 12, start, end);
    return out;
  }
}
