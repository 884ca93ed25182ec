import type { ConsumerDescription, MediaDescription } from '#domains/calls/calls.ports.ts';

/**
 * The live plane as listeners need it. There is nothing here by which a listener could send:
 * only a receive transport is ever made.
 */
export interface ListenerMedia {
  routerRtpCapabilities(): Record<string, unknown>;
  /**
   * Whether one more listener of this call fits now: who does not is told before anything is done for them. `join`
   * decides. Errors: as its own.
   */
  assertRoom(callId: string): void;
  /** Consumers for every leg that is heard now, all paused. Errors: `media.unavailable`, `media.capabilities`, `media.full`. */
  join(input: {
    listeningId: string;
    callId: string;
    rtpCapabilities: Record<string, unknown>;
  }): Promise<{ transport: MediaDescription; consumers: ConsumerDescription[] }>;
  connect(listeningId: string, dtlsParameters: Record<string, unknown>): Promise<void>;
  resume(listeningId: string, consumerIds?: readonly string[]): Promise<void>;
  /**
   * On: from its return nothing is forwarded to this listener, of no leg, also of those that join; the transport stays.
   * Off: what the client was ready for flows again, unless the call is paused. Error: `listening.unknown`.
   */
  shift(listeningId: string, on: boolean): void;
  restartIce(listeningId: string): Promise<Record<string, unknown>>;
  /** Leaving an unknown listening does nothing. */
  leave(listeningId: string): void;
  /** Audio bytes that went out to this listener so far: the base of credited listening time. */
  sent(listeningId: string): Promise<{ bytes: number; packets: number }>;
  listenersOf(callId: string): number;
  on<K extends keyof ListenerMediaEvents & string>(
    event: K,
    listener: (payload: ListenerMediaEvents[K]) => void,
  ): () => void;
}

export type ListenerMediaEvents = {
  'consumer-added': { listeningId: string; consumer: ConsumerDescription };
  'consumer-closed': { listeningId: string; consumerId: string; legId: string };
  /** `media-restart`: the SFU worker died and the call is being fed to another; `connection-lost`: ICE consent or DTLS ended. */
  interrupted: { listeningId: string; callId: string; reason: 'media-restart' | 'connection-lost' };
  /** DTLS is up: packets can flow. */
  connected: { listeningId: string };
};
