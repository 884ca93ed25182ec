import type { CaptureLeg } from '#contract/capture.ts';
import type { Codec } from '#contract/primitives.ts';
import type { RtpLegStats } from '#domains/calls/calls.ports.ts';

/**
 * What the live plane needs from its neighbours. Telephony and the tap fulfil these shapes; the plane imports
 * neither, the composition root puts them together.
 */

/** One leg's door to the network. It outlives SFU workers: the address that was given out never changes. */
export interface RtpIngressLeg {
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
  /** While on hold nothing is forwarded, and nothing arrives; what had arrived before has been handed over. */
  hold(on: boolean): void;
  /** Packets in order, fit for the SFU, go to this UDP port on 127.0.0.1 from now on; without a port nowhere. */
  forwardTo(port: number | undefined): void;
  stats(): Omit<RtpLegStats, 'legId'>;
  close(): void | Promise<void>;
}

export interface RtpIngressOptions {
  readonly legId: string;
  readonly codec: Codec;
  readonly payloadType: number;
  readonly telephoneEventPayloadType: number;
  readonly source?: { readonly address: string; readonly port?: number | undefined } | undefined;
  /** What forwarded packets carry, whatever the network sends. */
  readonly ssrc: number;
  /** Every packet of the leg as it arrived, a moment later. `arrivalMs`: UTC ms. Right only until this returns. */
  onArrival(packet: Buffer, arrivalMs: number): void;
}

/** Telephony's door: what comes in goes straight on to the SFU workers, and as a copy to this side. */
export interface TelephonyIngress {
  /** Forwarded packets come from this UDP port on 127.0.0.1. */
  readonly feedPort: number;
  /** Errors: `media.full` (no port left), `media.unavailable`. */
  openLeg(options: RtpIngressOptions): Promise<RtpIngressLeg>;
}

export interface TapLeg {
  packet(bytes: Buffer, arrivalMs: number): void;
  hold(on: boolean, atMs: number): void;
  end(atMs: number): void;
}

export interface TapCall {
  addLeg(leg: CaptureLeg): TapLeg;
  /** Listening and capture of all legs stand still, or go on. */
  pause(on: boolean, atMs: number): void;
  end(atMs: number): void;
}

export interface RecorderTap {
  openCall(callId: string): TapCall;
}
