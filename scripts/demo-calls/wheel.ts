import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { writeRtp } from '#kernel/rtp/packet.ts';

/** Payloads of 20 ms each, one after the other in `bytes`; moved between threads without a copy. */
export interface EncodedLeg {
  readonly payloadType: number;
  /** What one payload adds to the RTP timestamp. */
  readonly ticks: number;
  readonly bytes: Uint8Array;
  /** Length of each payload, bytes. */
  readonly sizes: Uint16Array;
}

export interface RtpStream {
  /** Resolves when everything was sent or the stream was stopped. */
  readonly done: Promise<void>;
  stop(): void;
}

const FRAME_MS = 20;
/** Further behind than this the wheel leaves out what it is late with, frames. */
const CATCH_UP = 10;

interface Spoke {
  readonly leg: EncodedLeg;
  readonly socket: Socket;
  readonly ssrc: number;
  frame: number;
  offset: number;
  sequence: number;
  timestamp: number;
  marker: boolean;
  finish(): void;
}

/** A bound UDP socket for one stream, before it is known where to send. */
export async function openSocket(address: string | undefined): Promise<Socket> {
  const socket = createSocket(address !== undefined && isIPv6(address) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port: 0, ...(address === undefined ? {} : { address }) }, () => {
      socket.removeListener('error', reject);
      // Nobody listening at the other end is noticed by the call's own look at the server.
      socket.on('error', () => {});
      resolve();
    });
  });
  return socket;
}

/** Sends every stream's next payload each 20 ms, by one timer with an absolute schedule. */
export class RtpWheel {
  readonly #spokes = new Set<Spoke>();
  #timer: NodeJS.Timeout | undefined;
  #originMs = 0;
  #turns = 0;

  /** Sends a leg from its beginning. The socket becomes the stream's, which closes it at the end. */
  async start(leg: EncodedLeg, socket: Socket, to: { address: string; port: number }): Promise<RtpStream> {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(to.port, to.address, () => {
        socket.removeListener('error', reject);
        resolve();
      });
    });
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const spoke: Spoke = {
      leg,
      socket,
      ssrc: Math.floor(Math.random() * 0xffffffff) + 1,
      frame: 0,
      offset: 0,
      sequence: Math.floor(Math.random() * 65_536),
      timestamp: Math.floor(Math.random() * 2 ** 32),
      marker: true,
      finish,
    };
    this.#spokes.add(spoke);
    if (!this.#timer) {
      this.#originMs = performance.now();
      this.#turns = 0;
      this.#turn();
    }
    return { done, stop: () => this.#remove(spoke) };
  }

  #turn(): void {
    const due = Math.floor((performance.now() - this.#originMs) / FRAME_MS) + 1;
    // After a suspended machine or a long stall nobody wants the past: time goes on, its frames are left out.
    const skipped = due - this.#turns > CATCH_UP ? due - this.#turns - 1 : 0;
    this.#turns += skipped;
    for (; this.#turns < due; this.#turns++)
      for (const spoke of this.#spokes) this.#sendNext(spoke, this.#turns + 1 === due ? skipped : 0);
    if (this.#spokes.size === 0) {
      this.#timer = undefined;
      return;
    }
    const next = this.#originMs + this.#turns * FRAME_MS;
    this.#timer = setTimeout(() => this.#turn(), Math.max(1, next - performance.now()));
  }

  #sendNext(spoke: Spoke, skipped: number): void {
    const { leg } = spoke;
    for (let i = 0; i < skipped; i++) this.#advance(spoke);
    if (spoke.frame >= leg.sizes.length) {
      this.#remove(spoke);
      return;
    }
    const size = leg.sizes[spoke.frame]!;
    const packet = writeRtp({
      marker: spoke.marker || skipped > 0,
      payloadType: leg.payloadType,
      sequenceNumber: spoke.sequence,
      timestamp: spoke.timestamp,
      ssrc: spoke.ssrc,
      payload: Buffer.from(leg.bytes.buffer, leg.bytes.byteOffset + spoke.offset, size),
    });
    spoke.socket.send(packet);
    spoke.marker = false;
    spoke.sequence = (spoke.sequence + 1) & 0xffff;
    this.#advance(spoke);
  }

  #advance(spoke: Spoke): void {
    spoke.offset += spoke.leg.sizes[spoke.frame] ?? 0;
    spoke.frame++;
    spoke.timestamp = (spoke.timestamp + spoke.leg.ticks) >>> 0;
  }

  #remove(spoke: Spoke): void {
    if (!this.#spokes.delete(spoke)) return;
    spoke.socket.close();
    spoke.finish();
  }
}
