import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerConnection } from 'node-datachannel';
import { isRtcp, parseRtp, sequenceDistance } from '#kernel/rtp/packet.ts';
import { ManagedProcess } from '#scripts/processes.ts';
import { findOnPath } from '#scripts/setup/run.ts';
import { keepUntilClosed } from '#support/native-tracks.ts';
import type { HeardStream } from '#support/webrtc-listener.ts';

const mountpoint = 1;

export interface Janus {
  readonly url: string;
  readonly pid: number;
  /** Where the two legs are sent as RTP (PCMU). */
  readonly ports: readonly [number, number];
  stop(): Promise<void>;
}

export interface JanusOptions {
  readonly address: string;
  readonly httpPort: number;
  readonly ports: readonly [number, number];
  /** Media ports, first and last. */
  readonly range: readonly [number, number];
  /** Threads that all listeners share; 0: two threads a listener, which is Janus's default. */
  readonly eventLoops: number;
}

/** Debian's Janus with nothing but its streaming plugin, and one mountpoint of two audio streams: the two legs of a call. */
export async function startJanus(options: JanusOptions): Promise<Janus> {
  const command = await findOnPath('janus');
  if (command === undefined) throw new Error('there is no janus on PATH: apt-get install janus');
  const folder = await mkdtemp(join(tmpdir(), 'janus-'));
  const config = join(folder, 'config');
  await mkdir(config);
  const { address, httpPort, ports, range, eventLoops } = options;
  const main = `general: {
  configs_folder = "${config}"
  plugins_folder = "/usr/lib/x86_64-linux-gnu/janus/plugins"
  transports_folder = "/usr/lib/x86_64-linux-gnu/janus/transports"
  debug_level = 2
  session_timeout = 0
  ${eventLoops > 0 ? `event_loops = ${eventLoops}` : ''}
}
media: { rtp_port_range = "${range[0]}-${range[1]}" }
nat: { ice_enforce_list = "${address}" }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`;
  const http = `general: { json = "compact" http = true port = ${httpPort} ip = "${address}" https = false }
admin: { admin_http = false }
`;
  const stream = (mid: string, port: number) =>
    `{ type = "audio" mid = "${mid}" port = ${port} pt = 0 codec = "pcmu" }`;
  const streaming = `call: {
  type = "rtp"
  id = ${mountpoint}
  media = ( ${stream('a', ports[0])}, ${stream('c', ports[1])} )
}
`;
  await writeFile(join(config, 'janus.jcfg'), main);
  await writeFile(join(config, 'janus.transport.http.jcfg'), http);
  await writeFile(join(config, 'janus.plugin.streaming.jcfg'), streaming);
  const url = `http://${address}:${httpPort}/janus`;
  let pid: number | undefined;
  const janus = new ManagedProcess<true>({
    name: 'janus',
    command,
    args: ['-F', config, '-C', join(config, 'janus.jcfg')],
    env: { PATH: process.env.PATH },
    onPid: (id) => {
      pid = id;
    },
    ready: {
      probe: async () => {
        await fetch(`${url}/info`);
        return true;
      },
    },
  });
  await janus.start();
  return {
    url,
    pid: pid!,
    ports,
    stop: async () => {
      await janus.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Message = Record<string, unknown> & {
  data?: { id: number };
  jsep?: { type: string; sdp: string };
};

/** One subscriber of the mountpoint, by Janus's HTTP API, with the same ICE, DTLS and SRTP as our own listeners. */
export class JanusListener {
  readonly #url: string;
  readonly #peer: PeerConnection;
  readonly #streams = new Map<number, HeardStream>();
  readonly #highest = new Map<number, number>();
  readonly #onPacket: (payload: Buffer) => void;
  #session = '';
  #closed = false;

  private constructor(url: string, address: string, onPacket: (payload: Buffer) => void) {
    this.#url = url;
    this.#onPacket = onPacket;
    this.#peer = new PeerConnection('janus', { iceServers: [], bindAddress: address });
    this.#peer.onTrack((track) => {
      keepUntilClosed(track);
      track.onMessage((bytes) => this.#take(bytes));
    });
  }

  /** Resolves when the connection is up. `address`: the one to receive on. */
  static async watch(
    url: string,
    address: string,
    onPacket: (payload: Buffer) => void,
  ): Promise<JanusListener> {
    const listener = new JanusListener(url, address, onPacket);
    await listener.#watch();
    return listener;
  }

  get streams(): HeardStream[] {
    return [...this.#streams.values()];
  }

  close(): void {
    this.#closed = true;
    this.#peer.close();
  }

  async #watch(): Promise<void> {
    const session = await this.#post('', { janus: 'create' });
    this.#session = `/${session.data!.id}`;
    const attached = await this.#post(this.#session, { janus: 'attach', plugin: 'janus.plugin.streaming' });
    const handle = `${this.#session}/${attached.data!.id}`;
    const offered = this.#event(({ jsep }) => jsep !== undefined);
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
    this.#peer.setRemoteDescription(jsep!.sdp, 'offer');
    await gathered;
    const { sdp } = this.#peer.localDescription()!;
    await this.#post(handle, { janus: 'message', body: { request: 'start' }, jsep: { type: 'answer', sdp } });
    await connected;
    void this.#keepAlive();
  }

  async #post(path: string, message: Record<string, unknown>): Promise<Message> {
    const response = await fetch(this.#url + path, {
      method: 'POST',
      body: JSON.stringify({ ...message, transaction: Math.random().toString(36).slice(2) }),
    });
    const answer = (await response.json()) as Message;
    if (answer.janus === 'error') throw new Error(`Janus: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  /** The next event of the session that is wanted (long polling). */
  async #event(wanted: (event: Message) => boolean): Promise<Message> {
    for (;;) {
      const response = await fetch(`${this.#url}${this.#session}?maxev=1`);
      const event = (await response.json()) as Message;
      if (wanted(event)) return event;
    }
  }

  /** Janus ends sessions that nobody asks about, where it is not told otherwise. */
  async #keepAlive(): Promise<void> {
    while (!this.#closed) {
      await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
      if (!this.#closed) await this.#post(this.#session, { janus: 'keepalive' }).catch(() => undefined);
    }
  }

  #take(bytes: Buffer): void {
    if (isRtcp(bytes)) return;
    const packet = parseRtp(bytes);
    if (packet === undefined) return;
    this.#onPacket(packet.payload);
    let stream = this.#streams.get(packet.ssrc);
    if (!stream) {
      const role = this.#streams.size === 0 ? 'agent' : 'customer';
      stream = {
        ...{ legId: String(packet.ssrc), role, ssrc: packet.ssrc, mimeType: 'audio/PCMU' },
        ...{ packets: 0, lost: 0, firstAt: performance.now(), lastAt: undefined, payloads: [] },
      };
      this.#streams.set(packet.ssrc, stream);
    }
    stream.packets += 1;
    stream.payloads.push(packet.payload);
    if (stream.payloads.length > 25) stream.payloads.shift();
    const highest = this.#highest.get(packet.ssrc);
    const step = highest === undefined ? 1 : sequenceDistance(packet.sequenceNumber, highest);
    if (step > 0) this.#highest.set(packet.ssrc, packet.sequenceNumber);
    stream.lost += step > 0 ? step - 1 : -1;
  }
}
