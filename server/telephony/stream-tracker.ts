import { type RtpHeader, sequenceDistance } from '#kernel/rtp/packet.ts';

/**
 * What to do with a packet of the leg's own source:
 * - `accept`: it belongs to the running stream, at position {@link StreamTracker.position}.
 * - `duplicate`: it was here before.
 * - `candidate`: it may be the first packet of a restarted stream. Keep it (in place of an older one) and wait.
 * - `restart`: it confirms the kept candidate: the stream goes on at {@link StreamTracker.candidatePosition}
 *   with the kept one and at {@link StreamTracker.position} with this one.
 * - `stray`: it belongs to nothing.
 */
export type Verdict = 'accept' | 'duplicate' | 'candidate' | 'restart' | 'stray';

/** Packets a stream may lose in a row before the next one is taken for a restart (RFC 3550 A.1 MAX_DROPOUT). */
const MAX_DROPOUT = 3_000;
/** Packets a packet may be behind before it is taken for a restart (RFC 3550 A.1 MAX_MISORDER). */
const MAX_MISORDER = 100;
/** Up to so many lost packets need no proof; more must have had the time to get lost. */
const UNPROVEN_DROPOUT = 100;
/** The shortest a lost packet can have played, ms. */
const SHORTEST_PACKET_MS = 5;
/** A candidate is confirmed by a packet at most so far behind it. One stray packet flips nothing. */
const CONFIRM_WITHIN = 4;
const CANDIDATE_LIVES_MS = 5_000;
/** A stream that was left counts as gone for good while the new one is alive; silent so long, it may return. */
const RETURN_AFTER_MS = 200;
/** A run of "late" packets of such length and time is a stream that restarted just below where it was. */
const LATE_RUN_PACKETS = 4;
const LATE_RUN_MS = 60;
const RETIRED_KEPT = 4;
const SEEN = 128;

/**
 * Follows one RTP stream through wrap-around, loss, restarts and changes of SSRC, and gives every packet a position
 * on one endless line: consecutive packets differ by one, a restart goes on right behind the highest position.
 * Restarts and changes of SSRC are on probation as in RFC 3550 A.1, except that the first packet of the probation
 * is kept and not lost. Pure: time is passed in, monotonic ms.
 */
export class StreamTracker {
  /** Position of the packet last judged `accept`, `duplicate` or `restart`. */
  position = 0;
  /** Position of the kept candidate after `restart`. */
  candidatePosition = 0;
  ssrcChanges = 0;
  /** Restarts of sequence numbers under the same SSRC. */
  restarts = 0;

  #ssrc = -1;
  #highestSequence = 0;
  #highestPosition = 0;
  #lastMs = 0;

  #candidate = false;
  #candidateSsrc = 0;
  #candidateSequence = 0;
  #candidateMs = 0;

  #lateRun = 0;
  #lateRunSequence = 0;
  #lateRunSinceMs = 0;

  readonly #retired: number[] = [];
  readonly #seen = new Float64Array(SEEN).fill(-1);

  /** The running stream's SSRC; undefined before the first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc < 0 ? undefined : this.#ssrc;
  }

  /** Judges a packet that carries this leg's audio. */
  judge(header: RtpHeader, nowMs: number): Verdict {
    if (this.#ssrc < 0) {
      this.#ssrc = header.ssrc;
      // Far from zero, so that packets from before the first one have positions too.
      return this.#advance(header, 1_000, nowMs);
    }
    if (header.ssrc !== this.#ssrc) {
      if (this.#retired.includes(header.ssrc) && nowMs - this.#lastMs < RETURN_AFTER_MS) return 'stray';
      return this.#probation(header, nowMs);
    }
    const distance = sequenceDistance(header.sequenceNumber, this.#highestSequence);
    if (distance > 0) {
      if (!this.#plausibleLoss(distance - 1, nowMs)) return this.#probation(header, nowMs);
      // Under one SSRC old and new numbers never alternate: what jumped was a stray.
      if (this.#candidateSsrc === this.#ssrc) this.#candidate = false;
      return this.#advance(header, this.#highestPosition + distance, nowMs);
    }
    if (distance < -MAX_MISORDER) return this.#probation(header, nowMs);
    if (this.#followsCandidate(header, nowMs)) return this.#probation(header, nowMs);
    if (this.#lateRunIsRestart(header.sequenceNumber, nowMs)) {
      this.#lateRun = 0;
      return this.#keep(header, nowMs);
    }
    this.position = this.#highestPosition + distance;
    if (this.#seen[this.position % SEEN] === this.position) return 'duplicate';
    this.#seen[this.position % SEEN] = this.position;
    return 'accept';
  }

  /**
   * Position of a packet that carries no audio of this leg (telephone-event, comfort noise, a keep-alive), so that
   * its sequence number is not taken for a loss. Undefined when it does not fit the running stream: such a packet
   * can neither start nor move a stream.
   */
  locate(header: RtpHeader, nowMs: number): number | undefined {
    if (header.ssrc !== this.#ssrc) return undefined;
    const distance = sequenceDistance(header.sequenceNumber, this.#highestSequence);
    if (distance === 0 || distance < -MAX_MISORDER) return undefined;
    const position = this.#highestPosition + distance;
    if (distance > 0) {
      if (!this.#plausibleLoss(distance - 1, nowMs)) return undefined;
      this.#highestSequence = header.sequenceNumber;
      this.#highestPosition = position;
      this.#lastMs = nowMs;
    }
    this.#seen[position % SEEN] = position;
    return position;
  }

  #advance(header: RtpHeader, position: number, nowMs: number): Verdict {
    this.position = position;
    this.#highestPosition = position;
    this.#highestSequence = header.sequenceNumber;
    this.#lastMs = nowMs;
    this.#lateRun = 0;
    this.#seen[position % SEEN] = position;
    return 'accept';
  }

  /** Many packets can only have been lost if there was time to lose them; otherwise the numbering jumped. */
  #plausibleLoss(lost: number, nowMs: number): boolean {
    if (lost <= UNPROVEN_DROPOUT) return true;
    return lost <= MAX_DROPOUT && nowMs - this.#lastMs >= lost * SHORTEST_PACKET_MS;
  }

  #probation(header: RtpHeader, nowMs: number): Verdict {
    if (!this.#followsCandidate(header, nowMs)) {
      if (
        this.#candidate &&
        header.ssrc === this.#candidateSsrc &&
        header.sequenceNumber === this.#candidateSequence
      )
        return 'duplicate';
      return this.#keep(header, nowMs);
    }
    const distance = sequenceDistance(header.sequenceNumber, this.#candidateSequence);
    this.#candidate = false;
    if (header.ssrc === this.#ssrc) this.restarts++;
    else this.#changeSsrc(header.ssrc);
    this.candidatePosition = this.#highestPosition + 1;
    this.#seen[this.candidatePosition % SEEN] = this.candidatePosition;
    this.#advance(header, this.candidatePosition + distance, nowMs);
    return 'restart';
  }

  #followsCandidate(header: RtpHeader, nowMs: number): boolean {
    if (!this.#candidate || header.ssrc !== this.#candidateSsrc) return false;
    if (nowMs - this.#candidateMs > CANDIDATE_LIVES_MS) return false;
    const distance = sequenceDistance(header.sequenceNumber, this.#candidateSequence);
    return distance > 0 && distance <= CONFIRM_WITHIN;
  }

  #keep(header: RtpHeader, nowMs: number): Verdict {
    this.#candidate = true;
    this.#candidateSsrc = header.ssrc;
    this.#candidateSequence = header.sequenceNumber;
    this.#candidateMs = nowMs;
    return 'candidate';
  }

  #changeSsrc(ssrc: number): void {
    this.ssrcChanges++;
    const known = this.#retired.indexOf(ssrc);
    if (known >= 0) this.#retired.splice(known, 1);
    this.#retired.push(this.#ssrc);
    if (this.#retired.length > RETIRED_KEPT) this.#retired.shift();
    this.#ssrc = ssrc;
  }

  /**
   * A sender that restarts less than MAX_MISORDER below its old numbers looks late for seconds. What tells it from
   * a late burst: its packets come one after the other over a while, and nothing newer comes between them.
   */
  #lateRunIsRestart(sequence: number, nowMs: number): boolean {
    if (this.#lateRun > 0 && sequenceDistance(sequence, this.#lateRunSequence) === 1) {
      this.#lateRun++;
    } else {
      this.#lateRun = 1;
      this.#lateRunSinceMs = nowMs;
    }
    this.#lateRunSequence = sequence;
    return this.#lateRun >= LATE_RUN_PACKETS && nowMs - this.#lateRunSinceMs >= LATE_RUN_MS;
  }
}
