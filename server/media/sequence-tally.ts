import { sequenceDistance } from '#kernel/rtp/packet.ts';

/** Counts packets and what is missing between them (RFC 3550 §A.3), over several streams one after the other. */
export class SequenceTally {
  received = 0;
  #lostBefore = 0;
  #receivedOfStream = 0;
  #highest: number | undefined;
  #span = 0;

  /** `sequenceNumber`: 0–65535. */
  add(sequenceNumber: number): void {
    this.received += 1;
    this.#receivedOfStream += 1;
    if (this.#highest === undefined) {
      this.#highest = sequenceNumber;
      this.#span = 1;
      return;
    }
    const step = sequenceDistance(sequenceNumber, this.#highest);
    if (step <= 0) return;
    this.#highest = sequenceNumber;
    this.#span += step;
  }

  /** What follows is a new stream: its numbers have nothing to do with those before. */
  restart(): void {
    this.#lostBefore = this.lost;
    this.#receivedOfStream = 0;
    this.#highest = undefined;
    this.#span = 0;
  }

  /** Packets that never came; never negative, also when some came twice. */
  get lost(): number {
    return this.#lostBefore + Math.max(0, this.#span - this.#receivedOfStream);
  }
}
