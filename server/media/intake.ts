import { createSocket, type Socket } from 'node:dgram';
import type { types } from 'mediasoup';
import { freePorts, type MediaHost } from './worker-pool.ts';

/**
 * The one socket by which Node hands telephony packets to the SFU workers, over loopback. Workers take packets from
 * exactly this address and port, so nobody else can feed a call (a comedia transport would latch the first sender).
 */
export class IntakeFeed {
  readonly #socket: Socket;
  readonly port: number;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  static async open(): Promise<IntakeFeed> {
    const socket = createSocket({
      type: 'udp4',
      // Loopback needs no resolver: the answer at once saves a trip through the event loop per packet.
      lookup: (_hostname, _options, callback) => callback(null, '127.0.0.1', 4),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', () => {
        socket.off('error', reject);
        resolve();
      });
    });
    // A dead worker's port answers with ICMP; its call is being moved, and the packets of that moment are lost.
    socket.on('error', () => undefined);
    return new IntakeFeed(socket);
  }

  send(packet: Buffer, port: number): void {
    this.#socket.send(packet, port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}

/** Where one call's telephony legs enter one worker: producers on it are told apart by SSRC. */
export interface Intake {
  readonly host: MediaHost;
  readonly transport: types.PlainTransport;
  /** The worker's UDP port on 127.0.0.1. */
  readonly port: number;
}

// As much as the kernel allows (net.core.rmem_max): a stall of the worker must not cost packets.
const receiveBufferBytes = 4 * 1024 * 1024;

export async function openIntake(host: MediaHost, feedPort: number): Promise<Intake> {
  const transport = await host.router.createPlainTransport({
    listenInfo: {
      protocol: 'udp',
      ip: '127.0.0.1',
      portRange: { ...freePorts },
      recvBufferSize: receiveBufferBytes,
    },
    rtcpMux: true,
    comedia: false,
  });
  await transport.connect({ ip: '127.0.0.1', port: feedPort });
  return { host, transport, port: transport.tuple.localPort };
}
