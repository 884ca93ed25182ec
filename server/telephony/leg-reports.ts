import { randomBytes, randomInt } from 'node:crypto';
import type { PortPair } from './port-pairs.ts';
import type { Reception } from './reception.ts';
import { parseRtcp, writeReceiverReport } from './rtcp.ts';
import type { SourceCheck } from './source-check.ts';
import type { StreamTracker } from './stream-tracker.ts';

/** Mean time between receiver reports, ms; each is drawn from half to one and a half of it (RFC 3550 §6.2, §6.3.1). */
const REPORT_EVERY_MS = 5_000;

/** The RTCP side of one leg: reads sender reports and goodbyes, sends receiver reports. */
export class LegReports {
  /** Reports sent. */
  sent = 0;

  readonly #pair: PortPair;
  readonly #source: SourceCheck;
  readonly #tracker: StreamTracker;
  readonly #reception: Reception;
  readonly #ssrc = randomInt(1, 0x1_0000_0000);
  /** Random, as RFC 7022 §4.2 recommends: says nothing about this host. */
  readonly #cname = randomBytes(12).toString('base64url');
  #dueMs: number;
  /** Where the sender's RTCP comes from, once it has sent some; else the port above its RTP. */
  #learntPort: number | undefined;
  #muxed = false;
  #byeSsrc: number | undefined;

  constructor(parts: {
    pair: PortPair;
    source: SourceCheck;
    tracker: StreamTracker;
    reception: Reception;
    /** Monotonic ms. */
    nowMs: number;
  }) {
    this.#pair = parts.pair;
    this.#source = parts.source;
    this.#tracker = parts.tracker;
    this.#reception = parts.reception;
    this.#dueMs = parts.nowMs + nextInterval();
  }

  /** The sender said BYE for the SSRC it sends with now. */
  get bye(): boolean {
    return this.#byeSsrc !== undefined && this.#byeSsrc === this.#tracker.ssrc;
  }

  /** False when the bytes are no RTCP. `port` is where they came from, `muxed` whether on the RTP port (RFC 5761). */
  read(bytes: Buffer, port: number, muxed: boolean, nowMs: number): boolean {
    const news = parseRtcp(bytes);
    if (!news) return false;
    this.#learntPort = port;
    this.#muxed = muxed;
    const ssrc = this.#tracker.ssrc;
    for (const report of news.senderReports) {
      if (report.ssrc === ssrc) this.#reception.senderReport(report.ntpMiddle, nowMs);
    }
    if (ssrc !== undefined && news.byes.includes(ssrc)) this.#byeSsrc = ssrc;
    return true;
  }

  /** Sends a receiver report if its time has come and somebody sends to us. */
  sendIfDue(nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + nextInterval();
    if (this.#tracker.ssrc === undefined) return;
    this.#send(nowMs, false);
  }

  /** A last report with a BYE. Resolves when it was handed to the kernel, or could not be. */
  goodbye(nowMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#tracker.ssrc === undefined || !this.#send(nowMs, true, resolve)) resolve();
    });
  }

  #send(nowMs: number, bye: boolean, done: () => void = () => {}): boolean {
    const address = this.#source.address;
    const rtpPort = this.#source.port;
    if (address === undefined || rtpPort === undefined) return false;
    const port = this.#learntPort ?? rtpPort + 1;
    if (port > 65_535) return false;
    const bytes = writeReceiverReport({
      ssrc: this.#ssrc,
      block: this.#reception.report(nowMs),
      cname: this.#cname,
      bye,
    });
    this.sent++;
    // A report that cannot be sent is no reason to disturb the leg.
    (this.#muxed ? this.#pair.rtp : this.#pair.rtcp).send(bytes, port, address, () => done());
    return true;
  }
}

const nextInterval = (): number => REPORT_EVERY_MS * (0.5 + Math.random());
