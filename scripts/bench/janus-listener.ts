import { PeerConnection } from 'node-datachannel';
import { keepUntilClosed } from '#support/native-tracks.ts';
import { type Attention, CountedStream } from './counted-stream.ts';
import { mountpoint } from './janus.ts';
import { within } from './lean-listener.ts';

type Message = Record<string, unknown> & {
  data?: { id: number };
  jsep?: { type: string; sdp: string };
};

const answerWithinMs = 15_000;
const keepAliveEveryMs = 20_000;

/** One subscriber of the mountpoint, by Janus's HTTP API, with the same ICE, DTLS and SRTP as our own listeners. */
export class JanusListener {
  readonly streams: CountedStream[] = [];
  readonly #url: string;
  readonly #peer: PeerConnection;
  #session = '';
  #keptAlive: NodeJS.Timeout | undefined;

  private constructor(url: string, address: string, attention: Attention) {
    this.#url = url;
    this.#peer = new PeerConnection('janus', { iceServers: [], bindAddress: address });
    // Its two legs come as two tracks, in the mountpoint's order.
    this.#peer.onTrack((track) => {
      keepUntilClosed(track);
      const stream = new CountedStream(track.mid() === 'a' ? 'agent' : 'customer', attention);
      this.streams.push(stream);
      track.onMessage((bytes) => stream.take(bytes));
    });
  }

  /** Resolves when the connection is up. `address`: the one to receive on. */
  static async watch(url: string, address: string, attention: Attention): Promise<JanusListener> {
    const listener = new JanusListener(url, address, attention);
    try {
      await listener.#watch();
      return listener;
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  close(): void {
    clearInterval(this.#keptAlive);
    this.#peer.close();
  }

  async #watch(): Promise<void> {
    const session = await this.#post('', { janus: 'create' });
    this.#session = `/${session.data!.id}`;
    const attached = await this.#post(this.#session, { janus: 'attach', plugin: 'janus.plugin.streaming' });
    const handle = `${this.#session}/${attached.data!.id}`;
    const offered = this.#event(({ jsep }) => jsep !== undefined);
    offered.catch(() => undefined);
    await this.#post(handle, { janus: 'message', body: { request: 'watch', id: mountpoint } });
    const { jsep } = await offered;
    const gathered = new Promise<void>((resolve) =>
      this.#peer.onGatheringStateChange((state) => state === 'complete' && resolve()),
    );
    const connected = new Promise<void>((resolve, reject) =>
      this.#peer.onStateChange((state) => {
        if (state === 'connected') resolve();
        else if (state === 'failed') reject(new Error('the connection to Janus failed'));
      }),
    );
    connected.catch(() => undefined);
    this.#peer.setRemoteDescription(jsep!.sdp, 'offer');
    await within(gathered, answerWithinMs, 'no candidates were gathered');
    const { sdp } = this.#peer.localDescription()!;
    await this.#post(handle, { janus: 'message', body: { request: 'start' }, jsep: { type: 'answer', sdp } });
    await within(connected, answerWithinMs, 'Janus was not connected');
    // Janus ends sessions that nobody asks about, where it is not told otherwise.
    this.#keptAlive = setInterval(() => {
      this.#post(this.#session, { janus: 'keepalive' }).catch(() => undefined);
    }, keepAliveEveryMs);
  }

  async #post(path: string, message: Record<string, unknown>): Promise<Message> {
    const response = await fetch(this.#url + path, {
      method: 'POST',
      body: JSON.stringify({ ...message, transaction: Math.random().toString(36).slice(2) }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const answer = (await response.json()) as Message;
    if (answer.janus === 'error') throw new Error(`Janus: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  /** The next event of the session that is wanted (long polling). */
  async #event(wanted: (event: Message) => boolean): Promise<Message> {
    const over = AbortSignal.timeout(answerWithinMs);
    for (;;) {
      const response = await fetch(`${this.#url}${this.#session}?maxev=1`, { signal: over });
      const event = (await response.json()) as Message;
      if (wanted(event)) return event;
    }
  }
}
