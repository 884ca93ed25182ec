import { createSocket, type Socket } from 'node:dgram';

/**
 * The one socket by which telephony packets are handed to the SFU workers, over loopback. Workers take packets from
 * exactly this address and port, so nobody else can feed a call (a comedia transport would latch the first sender).
 */
export class PacketFeed {
  readonly #socket: Socket;
  readonly port: number;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  static async open(): Promise<PacketFeed> {
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
    return new PacketFeed(socket);
  }

  send(packet: Buffer, port: number): void {
    this.#socket.send(packet, port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}
