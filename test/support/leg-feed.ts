import type { CaptureLeg } from '#contract/capture.ts';
import type { Codec, LegRole } from '#contract/primitives.ts';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { writeRtp } from '#kernel/rtp/packet.ts';
import { opusTonePackets } from './opus-tone.ts';
import { toneSamples } from './rtp-sender.ts';

export const frameMs = 20;

/** A leg as the contract describes it. */
export function captureLegOf(legId: string, role: LegRole, codec: Codec): CaptureLeg {
  const opus = codec === 'opus';
  return {
    legId,
    role,
    codec,
    payloadType: { PCMU: 0, PCMA: 8, opus: 111 }[codec],
    clockRate: opus ? 48_000 : 8_000,
    channels: opus ? 2 : 1,
  };
}

/** 20 ms payloads of a tone in a codec. */
export async function toneFrames(codec: Codec, hz: number, seconds: number): Promise<Buffer[]> {
  if (codec === 'opus') return opusTonePackets({ hz, seconds });
  const bytes = encodeG711(codec, toneSamples(hz, seconds));
  return Array.from({ length: bytes.length / 160 }, (_, i) => bytes.subarray(i * 160, (i + 1) * 160));
}

/** A sender's side of one leg: counts sequence and timestamp, hands each packet on with its time of arrival. */
export class LegFeed {
  readonly leg: CaptureLeg;
  readonly #send: (rtp: Buffer, arrivalMs: number) => void;
  readonly #ticks: number;
  sequence = 65_400;
  timestamp = 0xffff_0000;
  ssrc = 0x1234_5678;
  /** UTC ms at which the next frame arrives. */
  atMs: number;
  packets = 0;

  constructor(leg: CaptureLeg, startMs: number, send: (rtp: Buffer, arrivalMs: number) => void) {
    this.leg = leg;
    this.atMs = startMs;
    this.#send = send;
    this.#ticks = (leg.clockRate * frameMs) / 1_000;
  }

  /** `delayMs`: how much later than in time the frame arrives. */
  frame(payload: Buffer, delayMs = 0): void {
    const rtp = this.#rtp(payload);
    this.packets += 1;
    this.#send(rtp, this.atMs + delayMs);
    this.lose(1);
  }

  /** A packet of another length than 20 ms. */
  packet(payload: Buffer, ms: number): void {
    const rtp = this.#rtp(payload);
    this.packets += 1;
    this.#send(rtp, this.atMs);
    this.skip(ms);
  }

  /** One packet of so many ms that the network loses. */
  skip(ms: number): void {
    this.sequence += 1;
    this.timestamp += (this.#ticks * ms) / frameMs;
    this.atMs += ms;
  }

  frames(payloads: readonly Buffer[]): void {
    for (const payload of payloads) this.frame(payload);
  }

  /** Two frames in the wrong order. */
  swapped(first: Buffer, second: Buffer): void {
    const early = this.#rtp(first);
    this.lose(1);
    this.frame(second);
    this.packets += 1;
    this.#send(early, this.atMs);
  }

  /** Frames that the network loses: sequence, timestamp and time go on. */
  lose(frames: number): void {
    this.sequence += frames;
    this.timestamp += frames * this.#ticks;
    this.atMs += frames * frameMs;
  }

  /** The sender is silent: timestamp and time go on, the sequence does not. */
  pause(frames: number): void {
    this.timestamp += frames * this.#ticks;
    this.atMs += frames * frameMs;
  }

  /** The sender stands still without counting: only time goes on. */
  stall(frames: number): void {
    this.atMs += frames * frameMs;
  }

  #rtp(payload: Buffer): Buffer {
    return writeRtp({
      marker: false,
      payloadType: this.leg.payloadType,
      sequenceNumber: this.sequence & 0xffff,
      timestamp: this.timestamp >>> 0,
      ssrc: this.ssrc,
      payload,
    });
  }
}
