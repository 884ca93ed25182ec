import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { encodeG711, G711_SILENCE, type G711Law } from '#kernel/rtp/g711.ts';
import { writeRtp } from '#kernel/rtp/packet.ts';
import { opusTonePackets } from './opus-tone.ts';

export interface RtpTarget {
  readonly address: string;
  readonly port: number;
}

/** Beeps in place of a steady tone: one of `lengthMs` at every multiple of `everyMs`, the first at 0. */
export interface Beeps {
  readonly everyMs: number;
  readonly lengthMs: number;
}

export interface StreamOptions {
  readonly to: RtpTarget;
  readonly seconds: number;
  /** 20 ms apart by an absolute schedule (default), or as fast as the socket takes them. */
  readonly realtime?: boolean;
  readonly payloadType?: number;
  readonly ssrc?: number;
  /** 0–65535. */
  readonly startSequence?: number;
  readonly startTimestamp?: number;
  /** Every n-th packet is not sent. */
  readonly lossEvery?: number;
  /** UTC ms of the first packet, so that several streams start together; at once unless told. */
  readonly startAt?: number;
  /** Address and port to send from; any free port unless told. */
  readonly from?: { readonly address?: string; readonly port?: number };
}

export interface ToneOptions extends StreamOptions {
  readonly codec?: G711Law;
  readonly hz: number;
  /** Peak, 0–1 of full scale, 0.5 unless told. */
  readonly amplitude?: number;
  readonly beeps?: Beeps;
}

export interface OpusToneOptions extends StreamOptions {
  readonly hz: number;
  readonly beeps?: Beeps;
}

export interface SentStream {
  /** Packets that were really sent. */
  readonly packets: number;
  /** UTC ms of the first and behind the last packet's sending. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Sending {
  readonly ssrc: number;
  /** Local port, known once the first packet left. */
  readonly localPort: () => number | undefined;
  /** Rejects when the socket fails. */
  readonly done: Promise<SentStream>;
  /** Ends the stream after the packet being sent. */
  stop(): Promise<SentStream>;
}

const FRAME_MS = 20;
const G711_FRAME = 160;

/** 20 ms frames of a sine tone, or of beeps, at 8 kHz. */
export function toneSamples(
  hz: number,
  seconds: number,
  options: { amplitude?: number | undefined; beeps?: Beeps | undefined; sampleRate?: number } = {},
): Int16Array {
  const rate = options.sampleRate ?? 8_000;
  const peak = (options.amplitude ?? 0.5) * 32_767;
  return Int16Array.from({ length: Math.round(seconds * rate) }, (_, i) => {
    if (options.beeps) {
      const ms = (i / rate) * 1_000;
      if (ms % options.beeps.everyMs >= options.beeps.lengthMs) return 0;
    }
    return Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate));
  });
}

/** Sends a tone as PCMU (default) or PCMA over real UDP. */
export function sendTone(options: ToneOptions): Sending {
  return sendSamples({ ...options, samples: toneSamples(options.hz, options.seconds, options) });
}

/** Sends 8 kHz linear samples as PCMU (default) or PCMA; the last frame is filled up with silence. */
export function sendSamples(
  options: Omit<StreamOptions, 'seconds'> & { readonly codec?: G711Law; readonly samples: Int16Array },
): Sending {
  const law = options.codec ?? 'PCMU';
  const coded = encodeG711(law, options.samples);
  const frames: Buffer[] = [];
  for (let at = 0; at < coded.length; at += G711_FRAME) {
    const frame = coded.subarray(at, at + G711_FRAME);
    const missing = Buffer.alloc(G711_FRAME - frame.length, G711_SILENCE[law]);
    frames.push(missing.length > 0 ? Buffer.concat([frame, missing]) : frame);
  }
  return sendFrames({
    ...options,
    frames,
    ticks: G711_FRAME,
    payloadType: options.payloadType ?? (law === 'PCMU' ? 0 : 8),
  });
}

/** Sends a tone as 20 ms mono Opus packets (RFC 7587), encoded by ffmpeg once per tone and kept in the temporary folder. */
export function sendOpusTone(options: OpusToneOptions): Sending {
  return sendFrames({
    ...options,
    frames: opusTonePackets(options),
    ticks: 960,
    payloadType: options.payloadType ?? 111,
  });
}

/** Sends ready payloads, one per 20 ms; `ticks` is what one frame adds to the timestamp. */
export function sendFrames(
  options: Omit<StreamOptions, 'seconds'> & {
    readonly frames: readonly Buffer[] | Promise<readonly Buffer[]>;
    readonly ticks: number;
    readonly payloadType: number;
  },
): Sending {
  const sender = createRtpSender({
    to: options.to,
    payloadType: options.payloadType,
    ...(options.ssrc === undefined ? {} : { ssrc: options.ssrc }),
    ...(options.from === undefined ? {} : { from: options.from }),
  });
  let sequence = options.startSequence ?? Math.floor(Math.random() * 65_536);
  let timestamp = options.startTimestamp ?? Math.floor(Math.random() * 2 ** 32);
  let stopped = false;
  let wake: (() => void) | undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<SentStream> => {
    const frames = await options.frames;
    if (options.startAt !== undefined) {
      const wait = options.startAt - Date.now();
      if (wait > 0) await pause(wait);
    }
    const startedAt = Date.now();
    const origin = performance.now();
    let packets = 0;
    for (let i = 0; i < frames.length && !stopped; i++) {
      if (options.realtime !== false) {
        const wait = origin + i * FRAME_MS - performance.now();
        if (wait > 0) await pause(wait);
        if (stopped) break;
      }
      if (options.lossEvery === undefined || (i + 1) % options.lossEvery !== 0) {
        await sender.send({
          sequenceNumber: sequence,
          timestamp,
          marker: i === 0,
          payload: frames[i]!,
        });
        packets++;
      }
      sequence = (sequence + 1) & 0xffff;
      timestamp = (timestamp + options.ticks) >>> 0;
    }
    return { packets, startedAt, endedAt: Date.now() };
  };

  const done = run().finally(() => sender.close());
  return {
    ssrc: sender.ssrc,
    localPort: sender.localPort,
    done,
    stop() {
      stopped = true;
      wake?.();
      return done;
    },
  };
}

export interface RtpFields {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Buffer;
  readonly marker?: boolean;
  readonly payloadType?: number;
  readonly ssrc?: number;
}

export interface RtpSender {
  readonly ssrc: number;
  readonly localPort: () => number | undefined;
  /** Resolves when the kernel has taken it. */
  send(fields: RtpFields): Promise<void>;
  /** Any bytes, to the target or elsewhere. */
  sendRaw(bytes: Uint8Array, to?: RtpTarget): Promise<void>;
  /** What came back to our port. */
  onMessage(listener: (bytes: Buffer, from: RtpTarget) => void): void;
  close(): Promise<void>;
}

/** A UDP socket with full control over every packet. */
export function createRtpSender(options: {
  to: RtpTarget;
  payloadType?: number;
  ssrc?: number;
  from?: { readonly address?: string; readonly port?: number };
}): RtpSender {
  const ssrc = options.ssrc ?? Math.floor(Math.random() * 0xffffffff) + 1;
  const socket: Socket = createSocket(isIPv6(options.to.address) ? 'udp6' : 'udp4');
  // A refused packet (nobody listens any more) must not end the test by itself.
  const bound = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(
      { port: options.from?.port ?? 0, address: options.from?.address ?? loopback(options.to) },
      () => {
        socket.removeListener('error', reject);
        socket.on('error', () => {});
        resolve();
      },
    );
  });
  bound.catch(() => {});
  let localPort: number | undefined;
  let closed: Promise<void> | undefined;

  const sendRaw = async (bytes: Uint8Array, to: RtpTarget = options.to): Promise<void> => {
    await bound;
    localPort ??= socket.address().port;
    await new Promise<void>((resolve, reject) =>
      socket.send(bytes, to.port, to.address, (error) => (error ? reject(error) : resolve())),
    );
  };

  return {
    ssrc,
    localPort: () => localPort,
    send: (fields) =>
      sendRaw(writeRtp({ marker: false, payloadType: options.payloadType ?? 0, ssrc, ...fields })),
    sendRaw,
    onMessage(listener) {
      socket.on('message', (bytes, from) => listener(bytes, { address: from.address, port: from.port }));
    },
    close() {
      closed ??= bound.then(
        () => new Promise<void>((resolve) => socket.close(() => resolve())),
        () => {},
      );
      return closed;
    },
  };
}

/** Tests send from loopback to loopback; elsewhere the kernel chooses. */
function loopback(to: RtpTarget): string {
  if (to.address.startsWith('127.')) return '127.0.0.1';
  return isIPv6(to.address) ? '::' : '0.0.0.0';
}
