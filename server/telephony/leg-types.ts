import type { Codec } from '#contract/primitives.ts';
import type { RtpLegStats } from '#domains/calls/calls.ports.ts';

export interface RtpLegOptions {
  readonly legId: string;
  readonly codec: Codec;
  /** 0–127. Other payload types are refused, but for telephone-event and comfort noise, which are dropped. */
  readonly payloadType: number;
  readonly telephoneEventPayloadType: number;
  /** Only packets from here; without it the first valid source is pinned. */
  readonly source?: { readonly address: string; readonly port?: number | undefined } | undefined;
  /** What everything is rewritten to. */
  readonly ssrc: number;
  /**
   * Each accepted packet as it came (own sequence number, timestamp and SSRC), in order of arrival, before
   * resequencing; late ones too. Not: duplicates, telephone-event, comfort noise, what came on hold.
   * `arrivalMs` is UTC ms. The buffer is the caller's to keep.
   */
  onArrival(packet: Buffer, arrivalMs: number): void;
  /**
   * Packets in order, rewritten to `ssrc` and `payloadType`: a sequence number is missing only where a packet is
   * lost, timestamps go on over a change of SSRC, a reset or a hold. The buffer is the caller's to keep.
   */
  onForward(packet: Buffer): void;
  /** Once, with the first packet's arrival, UTC ms, before its `onArrival`. A leg on hold has not been heard. */
  onFirstPacket?(atMs: number): void;
}

/** Counters since the leg was opened. */
export interface RtpIngressLegStats extends RtpLegStats {
  /** Accepted packets that were here before; they go nowhere. */
  readonly duplicates: number;
  /** Dropped telephone-event and comfort noise packets. */
  readonly stripped: number;
  /** Dropped because the leg was on hold. */
  readonly held: number;
  /** `refused` by reason. */
  readonly refusedBy: Readonly<Record<RefusalReason, number>>;
  /** Restarts of sequence numbers under one SSRC. */
  readonly restarts: number;
  /** Jumps of the sender's timestamps that were smoothed. */
  readonly timestampJumps: number;
  /** Interarrival jitter (RFC 3550 A.8), ms. */
  readonly jitterMs: number;
  /** The sender said BYE for its present SSRC. */
  readonly bye: boolean;
  readonly reportsSent: number;
}

/**
 * Why a packet was refused: another sender's address, larger than 1,500 bytes, not RTP or RTCP, a payload type that
 * is not this leg's, or a single packet that belongs to no stream.
 */
export type RefusalReason = 'source' | 'size' | 'malformed' | 'payload-type' | 'stray';

export interface RtpLeg {
  readonly legId: string;
  /** Where to send RTP and RTCP. */
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
  /** UTC ms of the last accepted packet, also on hold; null before the first. */
  readonly lastPacketAt: number | null;
  readonly onHold: boolean;
  /** While on hold packets are counted and dropped. */
  hold(on: boolean): void;
  stats(): RtpIngressLegStats;
  /** Says BYE to the sender and frees the ports. Nothing is called back afterwards. Closing twice does nothing. */
  close(): Promise<void>;
}
