import { createSocket, type Socket } from 'node:dgram';

/** A stretch of network between one client and one server that can be cut and mended. Loopback only. */
export interface UdpRelay {
  readonly port: number;
  /** From now on every packet is lost, in both directions. */
  cut(): void;
  mend(): void;
  close(): void;
}

function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => resolve(socket));
  });
}

/** Whoever sends to the relay's port talks to `serverPort`, and is answered. */
export async function relayUdp(serverPort: number): Promise<UdpRelay> {
  const [near, far] = await Promise.all([bound(), bound()]);
  let client: number | undefined;
  let whole = true;
  near.on('message', (bytes, from) => {
    client = from.port;
    if (whole) far.send(bytes, serverPort, '127.0.0.1');
  });
  far.on('message', (bytes) => {
    if (whole && client !== undefined) near.send(bytes, client, '127.0.0.1');
  });
  return {
    port: near.address().port,
    cut: () => {
      whole = false;
    },
    mend: () => {
      whole = true;
    },
    close() {
      near.close();
      far.close();
    },
  };
}
