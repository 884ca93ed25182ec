import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { AppError } from '#kernel/errors.ts';

/** An even RTP port and the odd RTCP port above it (RFC 3550 §11), bound. */
export interface PortPair {
  readonly port: number;
  readonly rtp: Socket;
  readonly rtcp: Socket;
  /** Closes both sockets; resolves when the ports are free again. Closing twice does nothing. */
  release(): Promise<void>;
}

/** A port given back rests before it is given out again, ms: its last caller may still be sending. */
const REST_MS = 30_000;
/** What the kernel may hold for a leg while the process is busy: at least 5 s of G.711 on default limits, bytes. */
const RECEIVE_BUFFER = 262_144;

/** Gives out pairs of bound UDP ports from a range, from a random start on. */
export class PortPairs {
  readonly #listenIp: string;
  readonly #first: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  readonly #released = new Map<number, number>();
  #cursor: number;

  /** Ports `portMin` to `portMax`, both inclusive. */
  constructor(options: { listenIp: string; portMin: number; portMax: number }) {
    this.#listenIp = options.listenIp;
    this.#first = options.portMin + (options.portMin % 2);
    this.#count = Math.max(0, Math.floor((options.portMax - this.#first + 1) / 2));
    this.#cursor = Math.floor(Math.random() * this.#count);
  }

  /** Ports given out now, RTP and RTCP counted each. */
  get portsInUse(): number {
    return this.#used.size * 2;
  }

  /** Throws AppError `media.full` when every pair is taken, `media.unavailable` when the address cannot be bound. */
  async take(): Promise<PortPair> {
    // Rested pairs first; those given back just now only when there is nothing else.
    for (const rested of [true, false]) {
      for (let tried = 0; tried < this.#count; tried++) {
        const port = this.#first + this.#cursor * 2;
        this.#cursor = (this.#cursor + 1) % this.#count;
        if (this.#used.has(port)) continue;
        const releasedAt = this.#released.get(port);
        if (rested && releasedAt !== undefined && performance.now() - releasedAt < REST_MS) continue;
        const pair = await this.#bindPair(port);
        if (pair) return pair;
      }
    }
    throw new AppError('media.full', 'Every port for incoming audio is taken. Please try again later.', {
      details: { portsInUse: this.portsInUse },
    });
  }

  async #bindPair(port: number): Promise<PortPair | undefined> {
    this.#used.add(port);
    let rtp: Socket | undefined;
    try {
      rtp = await this.#bind(port);
      const rtcp = rtp && (await this.#bind(port + 1));
      if (rtp && rtcp) return this.#pair(port, rtp, rtcp);
    } catch (thrown) {
      this.#used.delete(port);
      if (rtp) await closeSocket(rtp);
      throw new AppError('media.unavailable', 'The address for incoming audio cannot be used.', {
        cause: thrown,
        details: { port },
      });
    }
    if (rtp) await closeSocket(rtp);
    this.#used.delete(port);
    return undefined;
  }

  #pair(port: number, rtp: Socket, rtcp: Socket): PortPair {
    let released: Promise<void> | undefined;
    const release = async (): Promise<void> => {
      await Promise.all([closeSocket(rtp), closeSocket(rtcp)]);
      this.#released.delete(port);
      this.#released.set(port, performance.now());
      this.#used.delete(port);
      for (const [old, at] of this.#released) {
        if (performance.now() - at < REST_MS) break;
        this.#released.delete(old);
      }
    };
    return {
      port,
      rtp,
      rtcp,
      release: () => {
        released ??= release();
        return released;
      },
    };
  }

  /** Undefined when somebody else has the port. */
  #bind(port: number): Promise<Socket | undefined> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({
        type: isIPv6(this.#listenIp) ? 'udp6' : 'udp4',
        recvBufferSize: RECEIVE_BUFFER,
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        socket.close();
        if (error.code === 'EADDRINUSE') resolve(undefined);
        else reject(error);
      });
      socket.bind({ port, address: this.#listenIp, exclusive: true }, () => {
        socket.removeAllListeners('error');
        resolve(socket);
      });
    });
  }
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
