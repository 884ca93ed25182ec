import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { BrowserContext } from 'playwright-core';

export interface ShakyNetwork {
  /** From now on no media passes, in either direction; signalling does. */
  cut(): void;
  mend(): void;
  close(): void;
}

interface RelayWindow {
  relayFor?(port: number): Promise<number>;
}

function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => resolve(socket));
  });
}

/**
 * From now on the media of this context's pages goes through a relay that can be cut: UDP only, as TCP would go around
 * it. A browser sends from an address of its machine and not from loopback, so answers go to where it sent from.
 */
export async function throughShakyNetwork(context: BrowserContext): Promise<ShakyNetwork> {
  const ports = new Map<number, Promise<number>>();
  const sockets: Socket[] = [];
  let whole = true;

  const relay = async (serverPort: number): Promise<number> => {
    const [near, far] = await Promise.all([bound(), bound()]);
    sockets.push(near, far);
    let browser: RemoteInfo | undefined;
    near.on('message', (bytes, from) => {
      browser = from;
      if (whole) far.send(bytes, serverPort, '127.0.0.1');
    });
    far.on('message', (bytes) => {
      if (whole && browser) near.send(bytes, browser.port, browser.address);
    });
    return near.address().port;
  };
  await context.exposeBinding('relayFor', (_source, serverPort: number) => {
    const port = ports.get(serverPort) ?? relay(serverPort);
    ports.set(serverPort, port);
    return port;
  });
  await context.addInitScript(() => {
    const { setRemoteDescription } = RTCPeerConnection.prototype as {
      setRemoteDescription(this: RTCPeerConnection, description: RTCSessionDescriptionInit): Promise<void>;
    };
    RTCPeerConnection.prototype.setRemoteDescription = async function (
      description: RTCSessionDescriptionInit,
    ) {
      const lines: string[] = [];
      for (const line of (description.sdp ?? '').split('\r\n')) {
        const [foundation, component, protocol, priority, address, port, ...rest] = line.split(' ');
        if (!line.startsWith('a=candidate:')) lines.push(line);
        else if (protocol === 'udp') {
          const relayed = await (globalThis as RelayWindow).relayFor!(Number(port));
          lines.push([foundation, component, protocol, priority, address, relayed, ...rest].join(' '));
        }
      }
      return setRemoteDescription.call(this, { ...description, sdp: lines.join('\r\n') });
    };
  });
  return {
    cut: () => {
      whole = false;
    },
    mend: () => {
      whole = true;
    },
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}
