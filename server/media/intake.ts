import type { types } from 'mediasoup';
import { freePorts, type MediaHost } from './worker-pool.ts';

/**
 * Where one call's telephony legs enter one worker: producers on it are told apart by SSRC. It takes packets from the
 * telephony side's feed alone.
 */
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
