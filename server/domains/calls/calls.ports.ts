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
  /** Relays to go through where nothing else gets through (RTCIceServer of W3C webrtc). */
  readonly iceServers: { urls: string[]; username: string; credential: string }[];
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
  /**
   * Opens a copy (0 or 1) of the call to the recorder that shows this lease, and keeps what that copy lacks. A newer
   * lease of the same copy shuts the older one out. Error: `not-found`.
   */
  lease(callId: string, copy?: number): { host: string; port: number; lease: string };
  /** Nobody will record this copy for now: what the other one has is not kept for it. An unknown call is fine. */
  waive(callId: string, copy: number): void;
  /** Live figures for the operations page and metrics. */
  status(): TapStatus[];
  on<K extends keyof CallTapEvents & string>(
    event: K,
    listener: (payload: CallTapEvents[K]) => void,
  ): () => void;
}

export interface TapStatus {
  readonly callId: string;
  /** A recorder is there for at least one copy. */
  readonly connected: boolean;
  /** By number; `workerId` null where no recorder is connected. */
  readonly copies: readonly { readonly workerId: string | null; readonly expected: boolean }[];
  /** No leg speaks any more. */
  readonly ended: boolean;
  readonly bufferedMs: number;
  readonly bufferedBytes: number;
  readonly packets: number;
  readonly dropped: number;
}

export type CallTapEvents = {
  /** The worker's connection ended before the call's end was acknowledged: this copy must move to another worker. */
  'recorder-lost': { callId: string; lease: string; copy: number };
  'recorder-connected': { callId: string; lease: string; copy: number; workerId: string; spoolId: string };
  /** Everything up to the end is on disks, and the call is forgotten here. Once a call. */
  'recorder-finished': {
    callId: string;
    lease: string;
    packets: number;
    /** Packets that no recorder got. */
    dropped: number;
    /** The sequence of the last item, which ends the call. */
    items: number;
    /** The spools that took part. */
    spoolIds: string[];
  };
};
