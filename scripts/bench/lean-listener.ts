import { PeerConnection } from 'node-datachannel';
import type { ConsumerOffer, TransportOffer } from '#contract/media.ts';
import { keepUntilClosed } from '#support/native-tracks.ts';
import { dtlsParametersOf, type IceParameters, receiveOffer, streamOf } from '#support/transport-sdp.ts';
import type { ListenerSignalling } from '#support/webrtc-listener.ts';
import { type Attention, CountedStream } from './counted-stream.ts';

/** What the SFU offers to who wants to hear: paused consumers on one transport. */
export interface HearingOffer {
  readonly transport: TransportOffer;
  readonly consumers: readonly ConsumerOffer[];
}

const connectWithinMs = 20_000;
const packetsWithinMs = 20_000;

/** A listener of which hundreds fit into one process: real ICE, DTLS and SRTP, and next to nothing done with a packet. */
export class LeanListener {
  readonly streams: readonly CountedStream[];
  readonly #peer: PeerConnection;

  private constructor(peer: PeerConnection, streams: readonly CountedStream[]) {
    this.#peer = peer;
    this.streams = streams;
  }

  /** Resolves when it is connected and its consumers are resumed. */
  static async hear(
    { transport, consumers }: HearingOffer,
    signalling: ListenerSignalling,
    attention: Attention,
  ): Promise<LeanListener> {
    const peer = new PeerConnection('listener', {
      iceServers: [],
      // Another host's, where the listeners are on one.
      bindAddress: process.env.LISTENER_ADDRESS ?? '127.0.0.1',
    });
    const byMid = new Map(
      consumers.map((consumer) => [streamOf(consumer).mid, new CountedStream(consumer.role, attention)]),
    );
    peer.onTrack((track) => {
      keepUntilClosed(track);
      const stream = byMid.get(track.mid());
      if (stream) track.onMessage((bytes) => stream.take(bytes));
    });
    const listener = new LeanListener(peer, [...byMid.values()]);
    try {
      const described = new Promise<string>((resolve) => peer.onLocalDescription(resolve));
      const connected = whenConnected(peer);
      connected.catch(() => undefined);
      const ice = transport.iceParameters as unknown as IceParameters;
      const open = consumers.map((consumer) => ({ consumer, open: true }));
      peer.setRemoteDescription(receiveOffer(transport, ice, open, 1), 'offer');
      await signalling.connect(dtlsParametersOf(await described));
      await connected;
      await signalling.resume(consumers.map(({ id }) => id));
      return listener;
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** `performance.now()` of the moment when every leg had brought a packet. */
  async heard(): Promise<number> {
    return await within(
      Promise.all(this.streams.map(({ first }) => first)).then((at) => Math.max(...at)),
      packetsWithinMs,
      'joined, and heard nothing',
    );
  }

  /** Says goodbye by DTLS and is gone. */
  close(): void {
    this.#peer.close();
  }
}

function whenConnected(peer: PeerConnection): Promise<void> {
  const settled = new Promise<void>((resolve, reject) => {
    peer.onStateChange((state) => {
      if (state === 'connected') resolve();
      else if (state === 'failed' || state === 'closed') reject(new Error(`the connection ${state}`));
    });
  });
  return within(settled, connectWithinMs, 'did not connect');
}

/** Rejects with `what` when it takes longer. */
export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
