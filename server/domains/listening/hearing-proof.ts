import { type CreditLedger, handOut, judge, openLedger, type Span } from './credit.ts';

/** What is kept of a hearing besides who, what and when. */
export interface KeptProof {
  /** Audio packets that went out to the person over the live path. */
  readonly packets: number;
  /** When sound was last seen going out to them, live or from disk: where the hearing stops if its server dies. */
  readonly lastPacketAt: number | null;
  readonly heard: readonly Span[];
}

/** Gathers, for one running listening, what proves that sound got there. Times are UTC ms. */
export class HearingProof {
  #ledger: CreditLedger;
  #sent = 0;
  #received = 0;
  /** A report has come since the last judgement. */
  #reported = false;
  #lastPacketAt: number | null = null;

  constructor(startedAt: number) {
    this.#ledger = openLedger(startedAt);
  }

  /** The listener's side counts so many packets since the listening began. It may say what it likes. */
  report(receivedPackets: number): void {
    this.#received = Math.max(this.#received, receivedPackets);
    this.#reported = true;
  }

  /** So much sound was read from disk for the listener. */
  handOut(audioMs: number, at: number): void {
    if (audioMs <= 0) return;
    // What was handed out before is judged first: this piece was not there to be heard then.
    this.#judge(at);
    this.#ledger = handOut(this.#ledger, audioMs);
    this.#lastPacketAt = at;
  }

  /** We have sent so many packets since the listening began. */
  measure(sentPackets: number, at: number): void {
    if (sentPackets > this.#sent) {
      this.#sent = sentPackets;
      this.#lastPacketAt = at;
    }
    this.#judge(at);
  }

  get kept(): KeptProof {
    return { packets: this.#sent, lastPacketAt: this.#lastPacketAt, heard: this.#ledger.heard };
  }

  #judge(at: number): void {
    const received = this.#reported ? this.#received : null;
    this.#ledger = judge(this.#ledger, { at, received, sent: this.#sent });
    this.#reported = false;
  }
}
