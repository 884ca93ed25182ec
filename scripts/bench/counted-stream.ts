import type { LegRole } from '#contract/primitives.ts';
import { decodeG711 } from '#kernel/rtp/g711.ts';
import { parseRtp, sequenceDistance } from '#kernel/rtp/packet.ts';
import { dominantFrequency } from '#support/tone.ts';
import { machineNow, sentAt, sourceToneHz } from './rtp-source.ts';

export interface Attention {
  /** The latest half second is kept, so that its tone can be looked at. */
  readonly keeps?: boolean;
  /** Is told how long each packet travelled from the source, ms. */
  readonly onTravelled?: (ms: number) => void;
}

const keptPackets = 25;

/**
 * One leg as a listener of a bench has it. Hundreds of these share two cores with what is measured, so a packet costs
 * as little as it can: who wants nothing but the count gets the count.
 */
export class CountedStream {
  readonly role: LegRole;
  packets = 0;
  /** Gaps in the sequence numbers, less what came late. */
  lost = 0;
  /** Resolves with `performance.now()` of the first packet. */
  readonly first: Promise<number>;
  readonly #attention: Attention;
  readonly #kept: Buffer[] = [];
  #highest = -1;
  #onFirst: ((at: number) => void) | undefined;

  constructor(role: LegRole, attention: Attention) {
    this.role = role;
    this.#attention = attention;
    this.first = new Promise((resolve) => {
      this.#onFirst = resolve;
    });
  }

  /** One packet, whole, RTP or RTCP. */
  take(bytes: Buffer): void {
    const { onTravelled, keeps } = this.#attention;
    // Before anything else is done with it.
    const at = onTravelled ? machineNow() : 0;
    const second = bytes[1]!;
    // RFC 5761 §4.
    if (second >= 192 && second <= 223) return;
    this.packets += 1;
    const sequence = (bytes[2]! << 8) | bytes[3]!;
    if (sequence === ((this.#highest + 1) & 0xffff)) this.#highest = sequence;
    else this.#outOfLine(sequence);
    if (onTravelled) {
      const payload = parseRtp(bytes)?.payload;
      if (payload) onTravelled(at - sentAt(payload));
    }
    if (keeps && this.#kept.push(bytes) > keptPackets) this.#kept.shift();
    if (this.#onFirst) {
      this.#onFirst(performance.now());
      this.#onFirst = undefined;
    }
  }

  /** Whether the kept half second is the tone that the source sends on this leg. */
  isTheTone(): boolean {
    const payloads = this.#kept.flatMap((bytes) => parseRtp(bytes)?.payload ?? []);
    const hz = dominantFrequency(decodeG711('PCMU', Buffer.concat(payloads)), 8_000) ?? 0;
    return Math.abs(hz - sourceToneHz(this.role === 'agent' ? 0 : 1)) <= 10;
  }

  get keeps(): boolean {
    return this.#attention.keeps === true;
  }

  #outOfLine(sequence: number): void {
    const step = this.#highest < 0 ? 1 : sequenceDistance(sequence, this.#highest);
    if (step > 0) this.#highest = sequence;
    this.lost += step > 0 ? step - 1 : -1;
  }
}
