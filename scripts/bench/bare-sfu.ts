import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as mediasoup from 'mediasoup';
import { Server, type Socket } from 'socket.io';
import { routerCodecs, telephonyParameters } from '#media/router-codecs.ts';
import type { SourceTarget } from './rtp-source.ts';

interface Ready {
  readonly url: string;
  readonly workerPid: number;
  readonly ports: readonly number[];
}

const ssrcs = [11, 12] as const;
const roles = ['agent', 'customer'] as const;

/**
 * The floor under the product: the same SFU with one call and the thinnest signalling there is, in a process of its
 * own. The same steps (transport, two paused consumers, connect, resume), and no session, right, room, log or store.
 */
export class BareSfu {
  readonly url: string;
  /** Of the signalling's process. */
  readonly pid: number;
  readonly workerPid: number;
  readonly #ports: readonly number[];
  readonly #close: () => void;

  private constructor(ready: Ready, pid: number, close: () => void) {
    this.url = ready.url;
    this.workerPid = ready.workerPid;
    this.#ports = ready.ports;
    this.pid = pid;
    this.#close = close;
  }

  static async start(): Promise<BareSfu> {
    const child = fork(fileURLToPath(import.meta.url), [], { env: { ...process.env, BARE_SFU: '1' } });
    const ready = await new Promise<Ready>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Ready));
      child.once('exit', () => reject(new Error('the bare SFU ended early')));
    });
    return new BareSfu(ready, child.pid!, () => void child.kill());
  }

  /** Where its call is to be sent. */
  get target(): SourceTarget {
    return { id: 'bare', ports: this.#ports, ssrcs };
  }

  close(): void {
    this.#close();
  }
}

async function serve(): Promise<void> {
  const { MEDIASOUP_WORKER_BIN } = process.env;
  const worker = await mediasoup.createWorker({
    logLevel: 'warn',
    ...(MEDIASOUP_WORKER_BIN ? { workerBin: MEDIASOUP_WORKER_BIN } : {}),
  });
  const router = await worker.createRouter({ mediaCodecs: routerCodecs });
  const portRange = { min: 10_000, max: 19_999 };
  const listenInfo = { protocol: 'udp', ip: '127.0.0.1', portRange } as const;
  const webRtcServer = await worker.createWebRtcServer({ listenInfos: [listenInfo] });
  const legs = await Promise.all(
    ssrcs.map(async (ssrc, leg) => {
      const transport = await router.createPlainTransport({ listenInfo, rtcpMux: true, comedia: true });
      const rtpParameters = telephonyParameters('PCMU', 0, ssrc);
      const producer = await transport.produce({ kind: 'audio', rtpParameters });
      return { role: roles[leg]!, producer, port: transport.tuple.localPort };
    }),
  );

  const hear = async (rtpCapabilities: mediasoup.types.RtpCapabilities) => {
    const transport = await router.createWebRtcTransport({ webRtcServer, enableUdp: true, preferUdp: true });
    const consumers = await Promise.all(
      legs.map(async ({ role, producer }) => ({
        role,
        consumer: await transport.consume({ producerId: producer.id, rtpCapabilities, paused: true }),
      })),
    );
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    return {
      transport,
      consumers,
      offer: {
        transport: { id, iceParameters, iceCandidates, dtlsParameters, iceServers: [] },
        consumers: consumers.map(({ role, consumer: { id, kind, rtpParameters } }) => ({
          ...{ id, kind, rtpParameters, role, legId: role },
        })),
      },
    };
  };

  const admit = (socket: Socket) => {
    let hearing: Awaited<ReturnType<typeof hear>> | undefined;
    const on = <I>(event: string, work: (input: I) => Promise<unknown>) =>
      socket.on(event, (input: I, ack: (answer: unknown) => void) => {
        work(input).then(
          (data = {}) => ack({ ok: true, data }),
          (error: Error) => ack({ ok: false, error: { code: 'bare', message: error.message } }),
        );
      });
    const leave = async () => {
      hearing?.transport.close();
      hearing = undefined;
    };
    on('join', async (input: { rtpCapabilities: mediasoup.types.RtpCapabilities }) => {
      hearing = await hear(input.rtpCapabilities);
      return hearing.offer;
    });
    on('connect-transport', async (input: { dtlsParameters: mediasoup.types.DtlsParameters }) =>
      hearing?.transport.connect(input),
    );
    on('resume', async () => {
      await Promise.all(hearing?.consumers.map(({ consumer }) => consumer.resume()) ?? []);
    });
    on('leave', leave);
    socket.on('disconnect', leave);
  };

  const http = createServer();
  new Server(http, { transports: ['websocket'], serveClient: false }).on('connection', admit);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  // Whoever forked it may be killed; the worker ends with this process.
  process.on('disconnect', () => process.exit(0));
  process.send?.({
    url: `http://127.0.0.1:${port}`,
    workerPid: worker.pid,
    ports: legs.map((leg) => leg.port),
  } satisfies Ready);
}

if (process.env.BARE_SFU === '1') await serve();
