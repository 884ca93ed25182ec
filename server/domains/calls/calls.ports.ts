import type { Codec, LegRole } from '#contract/primitives.ts';

/** One leg of a call as the media plane knows it. `ssrc` is chosen by us; what the network sends is rewritten to it. */
export interface RtpLegSpec {
  readonly legId: string;
  readonly role: LegRole;
  readonly codec: Codec;
  readonly payloadType: number;
  readonly telephoneEventPayloadType: number;
  readonly source?: { readonly address: string; readonly port?: number | undefined } | undefined;
}

export interface RtpLegStats {
  readonly legId: string;
  readonly received: number;
  readonly forwarded: number;
  readonly lost: number;
  readonly late: number;
  readonly refused: number;
  readonly ssrcChanges: number;
  /** UTC ms. */
  readonly lastPacketAt: number | null;
}

export interface MediaDescription {
  readonly id: string;
  readonly iceParameters: Record<string, unknown>;
  readonly iceCandidates: Record<string, unknown>[];
  readonly dtlsParameters: Record<string, unknown>;
}

export interface ConsumerDescription {
  readonly id: string;
  readonly producerId: string;
  readonly kind: 'audio';
  readonly rtpParameters: Record<string, unknown>;
  readonly legId: string;
  readonly role: LegRole;
}

/** What the media plane tells the domains. Times are UTC ms. */
export type CallMediaEvents = {
  /** First packet of the first leg: the call's offset 0. */
  'call-heard': { callId: string; at: number };
  'leg-heard': { callId: string; legId: string; at: number };
  /** No packet on any leg that is not on hold for CALL_MEDIA_TIMEOUT_MS. */
  'call-silent': { callId: string; lastPacketAt: number };
};

/**
 * The live plane as the calls domain needs it: telephony legs in, softphone legs in and out, everything to the tap.
 * Errors: AppError `media.unavailable` (no worker), `media.full` (no port), `media.parameters`, `media.capabilities`.
 */
export interface CallMedia {
  /** Also opens the call at the recorder's tap; answers the lease that a capture job carries. */
  openCall(callId: string): Promise<void>;
  addRtpLeg(callId: string, leg: RtpLegSpec): Promise<{ address: string; port: number; rtcpPort: number }>;
  holdLeg(callId: string, legId: string, hold: boolean): void;
  /**
   * From the return of this call on, no listener is sent and no recorder is given anything of the call, on this SFU
   * worker or the next, until it is taken back. The two sides of a browser call go on hearing each other. Asking for
   * what is so already does nothing. Error: `call.ended`.
   */
  pauseCall(callId: string, on: boolean): void;
  legStats(callId: string): RtpLegStats[];
  /** Closes legs, consumers and listeners of the call, ends its tap. Closing an unknown call does nothing. */
  closeCall(callId: string): Promise<void>;
  on<K extends keyof CallMediaEvents & string>(
    event: K,
    listener: (payload: CallMediaEvents[K]) => void,
  ): () => void;
}

/** One side of a browser call. A second join of the same leg replaces the first. */
export interface SoftphoneMedia {
  routerRtpCapabilities(callId?: string): Record<string, unknown>;
  joinSide(input: {
    callId: string;
    legId: string;
    role: LegRole;
    rtpCapabilities: Record<string, unknown>;
  }): Promise<{
    routerRtpCapabilities: Record<string, unknown>;
    sendTransport: MediaDescription;
    receiveTransport: MediaDescription;
    /** The other sides that already speak; they come paused. */
    consumers: ConsumerDescription[];
  }>;
  connectTransport(
    callId: string,
    legId: string,
    transportId: string,
    dtlsParameters: Record<string, unknown>,
  ): Promise<void>;
  produce(
    callId: string,
    legId: string,
    rtpParameters: Record<string, unknown>,
  ): Promise<{ producerId: string }>;
  resumeConsumers(callId: string, legId: string, consumerIds?: readonly string[]): Promise<void>;
  restartIce(callId: string, legId: string, transportId: string): Promise<Record<string, unknown>>;
  leaveSide(callId: string, legId: string): void;
  on<K extends keyof SoftphoneMediaEvents & string>(
    event: K,
    listener: (payload: SoftphoneMediaEvents[K]) => void,
  ): () => void;
}

export type SoftphoneMediaEvents = {
  'side-consumer-added': { callId: string; legId: string; consumer: ConsumerDescription };
  'side-consumer-closed': { callId: string; legId: string; consumerId: string };
  'side-interrupted': { callId: string; legId: string; reason: 'media-restart' };
};

/**
 * The recorder's door as the calls domain needs it. A lease opens one call's stream at the tap;
 * asking again gives a new lease and shuts out the worker that held the old one.
 */
export interface CallTap {
  lease(callId: string): { host: string; port: number; lease: string };
  /** Live figures for the operations page and metrics. */
  status(): {
    callId: string;
    connected: boolean;
    bufferedMs: number;
    bufferedBytes: number;
    packets: number;
    dropped: number;
  }[];
  on<K extends keyof CallTapEvents & string>(
    event: K,
    listener: (payload: CallTapEvents[K]) => void,
  ): () => void;
}

export type CallTapEvents = {
  /** The worker's connection ended before the call's end was acknowledged: capture must move to another worker. */
  'recorder-lost': { callId: string; lease: string };
  'recorder-connected': { callId: string; lease: string };
  /** The recorder has every packet up to the end on disk. */
  'recorder-finished': { callId: string; lease: string; packets: number };
};
