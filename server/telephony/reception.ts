import { sequenceDistance } from '#kernel/rtp/packet.ts';

/** What a receiver report says of one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Lost since the last report, in 1/256. */
  readonly fractionLost: number;
  /** 24 bits, signed: duplicates can make it negative. */
  readonly cumulativeLost: number;
  /** Cycles in the upper 16 bits. */
  readonly highestSequence: number;
  /** Interarrival jitter in ticks of the codec's clock. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's NTP time, 0 without one. */
  readonly lastSenderReport: number;
  /** Since then, in 1/65536 s. */
  readonly delaySinceLastSenderReport: number;
}

/** Counts one source's packets for receiver reports (RFC 3550 A.1, A.3, A.8). Starts anew with every SSRC or restart. */
export class Reception {
  readonly #ticksPerMs: number;
  #ssrc = 0;
  #base = 0;
  #highest = 0;
  #cycles = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit = Number.NaN;
  #jitter = 0;
  #lastSenderReport = 0;
  #lastSenderReportMs = 0;

  /** @param clockRate ticks per second of the RTP timestamps. */
  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1_000;
  }

  /** Interarrival jitter in ms. */
  get jitterMs(): number {
    return this.#jitter / this.#ticksPerMs;
  }

  start(ssrc: number, sequence: number): void {
    this.#ssrc = ssrc;
    this.#base = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#transit = Number.NaN;
    this.#lastSenderReport = 0;
  }

  /** One packet of the source. `timestamp` undefined: not for the jitter (telephone-event repeats its timestamp). */
  count(sequence: number, timestamp: number | undefined, arrivalMs: number): void {
    this.#received++;
    const distance = sequenceDistance(sequence, this.#highest);
    if (distance > 0) {
      if (sequence < this.#highest) this.#cycles++;
      this.#highest = sequence;
    }
    if (timestamp === undefined) return;
    const transit = (Math.round(arrivalMs * this.#ticksPerMs) - timestamp) | 0;
    if (!Number.isNaN(this.#transit)) {
      const difference = Math.abs((transit - this.#transit) | 0);
      // A jump of a second is a reset of the sender's timestamps, not the network's jitter.
      if (difference < 1_000 * this.#ticksPerMs) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** @param ntpMiddle middle 32 bits of the report's NTP time. */
  senderReport(ntpMiddle: number, nowMs: number): void {
    this.#lastSenderReport = ntpMiddle;
    this.#lastSenderReportMs = nowMs;
  }

  /** The block for the next report; the interval of the fraction lost begins anew. */
  report(nowMs: number): ReportBlock {
    const highestSequence = this.#cycles * 65_536 + this.#highest;
    const expected = highestSequence - this.#base + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const since = this.#lastSenderReport === 0 ? 0 : nowMs - this.#lastSenderReportMs;
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: Math.max(-0x800000, Math.min(0x7fffff, expected - this.#received)),
      highestSequence: highestSequence >>> 0,
      jitter: Math.floor(this.#jitter),
      lastSenderReport: this.#lastSenderReport,
      delaySinceLastSenderReport: Math.min(0xffffffff, Math.round((since * 65_536) / 1_000)),
    };
  }
}
