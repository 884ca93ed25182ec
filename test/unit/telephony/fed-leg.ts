import { EventEmitter } from 'node:events';
import type { Codec } from '#contract/primitives.ts';
import { createLog } from '#kernel/log.ts';
import { parseRtp, type RtpPacket, writeRtp } from '#kernel/rtp/packet.ts';
import type { RtpIngressLegStats, RtpLeg, RtpLegOptions } from '#telephony/leg-types.ts';
import type { PortPair } from '#telephony/port-pairs.ts';
import { openRtpLeg } from '#telephony/rtp-leg.ts';

export interface Fields {
  seq: number;
  ts: number;
  ssrc?: number;
  pt?: number;
  marker?: boolean;
  payload?: Buffer;
  /** Address and port, `192.0.2.1:4000` unless told. */
  from?: { address: string; port: number };
}

/** A leg whose sockets and clock are the test's: packets are fed by hand and time passes on demand. */
export interface FedLeg {
  readonly leg: RtpLeg;
  /** What was forwarded, in order. */
  readonly out: RtpPacket[];
  /** What the recorder got. */
  readonly arrived: { packet: RtpPacket; atMs: number }[];
  readonly firstPackets: number[];
  /** RTCP that was sent: bytes, port, address. */
  readonly reports: { bytes: Buffer; port: number; address: string }[];
  pass(ms: number): void;
  feed(fields: Fields): void;
  feedRaw(bytes: Buffer, from?: { address: string; port: number }): void;
  feedRtcp(bytes: Buffer, from?: { address: string; port: number }): void;
  /** `count` packets in a row, 20 ms apart, from the given one on; time passes before each. Answers the next. */
  stream(first: Fields, count: number): Fields;
  reportIfDue(): void;
  stats(): RtpIngressLegStats;
}

export const START_MS = 1_800_000_000_000;

export function fedLeg(options: Partial<RtpLegOptions> = {}): FedLeg {
  let now = 5_000;
  const out: RtpPacket[] = [];
  const arrived: { packet: RtpPacket; atMs: number }[] = [];
  const firstPackets: number[] = [];
  const reports: { bytes: Buffer; port: number; address: string }[] = [];
  const socket = () =>
    Object.assign(new EventEmitter(), {
      send(bytes: Buffer, port: number, address: string, done: () => void) {
        reports.push({ bytes, port, address });
        done();
      },
    });
  const rtp = socket();
  const rtcp = socket();
  const codec: Codec = options.codec ?? 'PCMU';
  const ticks = codec === 'opus' ? 960 : 160;
  const parts = openRtpLeg({
    options: {
      legId: 'leg',
      codec,
      payloadType: 0,
      telephoneEventPayloadType: 101,
      ssrc: 0x0a0b0c0d,
      onArrival: (packet, atMs) => arrived.push({ packet: parseRtp(packet)!, atMs }),
      onForward: (packet) => out.push(parseRtp(packet)!),
      onFirstPacket: (atMs) => firstPackets.push(atMs),
      ...options,
    },
    pair: { port: 20_000, rtp, rtcp, release: async () => {} } as unknown as PortPair,
    address: '198.51.100.1',
    clock: () => START_MS + now,
    monotonic: () => now,
    log: createLog('test', 'silent'),
    onClose: () => {},
  });
  const home = { address: '192.0.2.1', port: 4_000 };
  const feedRaw = (bytes: Buffer, from = home): void => {
    rtp.emit('message', bytes, { ...from, family: 'IPv4', size: bytes.length });
  };
  const feed = (fields: Fields): void =>
    feedRaw(
      writeRtp({
        marker: fields.marker ?? false,
        payloadType: fields.pt ?? options.payloadType ?? 0,
        sequenceNumber: fields.seq & 0xffff,
        timestamp: fields.ts >>> 0,
        ssrc: fields.ssrc ?? 1,
        payload: fields.payload ?? Buffer.alloc(codec === 'opus' ? 40 : 160, 0xff),
      }),
      fields.from,
    );
  return {
    leg: parts.leg,
    out,
    arrived,
    firstPackets,
    reports,
    pass: (ms) => {
      now += ms;
    },
    feed,
    feedRaw,
    feedRtcp(bytes, from = { ...home, port: home.port + 1 }) {
      rtcp.emit('message', bytes, { ...from, family: 'IPv4', size: bytes.length });
    },
    stream(first, count) {
      let next = first;
      for (let i = 0; i < count; i++) {
        now += 20;
        feed(next);
        next = { ...next, seq: (next.seq + 1) & 0xffff, ts: (next.ts + ticks) >>> 0 };
      }
      return next;
    },
    reportIfDue: () => parts.reportIfDue(now),
    stats: () => parts.leg.stats(),
  };
}

/** Differences between neighbours, on the circle of 2^bits. */
export function steps(values: readonly number[], bits: 16 | 32): number[] {
  return values.slice(1).map((value, i) => {
    const difference = value - values[i]!;
    return bits === 16 ? (difference << 16) >> 16 : difference | 0;
  });
}
