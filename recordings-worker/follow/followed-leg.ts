import type { CaptureLeg } from '#contract/capture.ts';
import { shiftCodec, shiftHeaderBytes, shiftSide } from '#contract/time-shift.ts';
import { RtpdumpError, type RtpdumpScanner } from '#kernel/rtp/rtpdump.ts';
import { opusDuration } from '../seal/opus-packet.ts';
import { indexingScanner, PacketIndex } from '../seal/packet-index.ts';
import { GrowingFile } from './growing-file.ts';
import { LegPlacing } from './leg-placing.ts';
import { powerOf } from './packet-level.ts';

/** Holes between payloads that are wanted are read along with them up to this, bytes. */
const readAlongBytes = 4_096;
const readAtMost = 1_048_576;

/** A packet on its way out: its head and where its payload lies. */
export interface FollowedPacket {
  readonly leg: FollowedLeg;
  /** Its number in the leg's index. */
  readonly packet: number;
  /** UTC ms. */
  readonly atMs: number;
}

/** One leg (with one codec) over all segments: an index that grows with its files. */
export class FollowedLeg {
  readonly leg: CaptureLeg;
  readonly side: number;
  readonly placing: LegPlacing;
  readonly index = new PacketIndex();
  readonly #files: GrowingFile[] = [];
  #powers = new Float32Array(4_096);
  #open = 0;

  constructor(leg: CaptureLeg) {
    this.leg = leg;
    this.side = leg.role === 'customer' ? shiftSide.customer : shiftSide.agent;
    this.placing = new LegPlacing(this.index, leg.clockRate);
  }

  /** Segments in which it has not ended. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** Mean square of a packet's samples, 0–1. */
  powerOf(packet: number): number {
    return this.#powers[packet]!;
  }

  /** One more file of it, in which it is until it ends there. `onRecord` is told when each record had come. */
  addFile(path: string, onRecord: (arrivalMs: number) => void): LegFile {
    const file = new GrowingFile(path);
    this.#files.push(file);
    const { codec, payloadType } = this.leg;
    const scanner = indexingScanner(
      this.index,
      path,
      payloadType,
      codec === 'opus' ? opusDuration : (payload) => payload.length,
      (arrivalMs, added) => {
        onRecord(arrivalMs);
        if (added) this.#setPower(this.index.count - 1, powerOf(codec, added));
      },
    );
    this.#open += 1;
    return new LegFile(file, scanner, () => {
      this.#open -= 1;
    });
  }

  /** Packets that begin in [fromMs, toMs), UTC. */
  *between(fromMs: number, toMs: number): Generator<FollowedPacket> {
    const { placing } = this;
    for (let i = placing.firstFrom(fromMs); i < placing.count; i++) {
      const packet = placing.order[i]!;
      const atMs = placing.at[packet]!;
      if (atMs >= toMs) return;
      yield { leg: this, packet, atMs };
    }
  }

  bytesOf(packet: number): number {
    return shiftHeaderBytes + this.index.payloadLength[packet]!;
  }

  /** The payloads of these packets of this leg, by packet; read in as few pieces as they lie in. */
  async payloads(packets: readonly number[]): Promise<Map<number, Buffer>> {
    const { file, payloadPosition, payloadLength } = this.index;
    const sorted = [...packets].sort(
      (a, b) => file[a]! - file[b]! || payloadPosition[a]! - payloadPosition[b]!,
    );
    const found = new Map<number, Buffer>();
    for (let i = 0; i < sorted.length; ) {
      const first = sorted[i]!;
      const start = payloadPosition[first]!;
      let end = start + payloadLength[first]!;
      let next = i + 1;
      for (; next < sorted.length; next++) {
        const packet = sorted[next]!;
        const position = payloadPosition[packet]!;
        if (file[packet] !== file[first] || position - end > readAlongBytes) break;
        if (position + payloadLength[packet]! - start > readAtMost) break;
        end = position + payloadLength[packet]!;
      }
      const bytes = await this.#files[file[first]!]!.read(start, end - start);
      for (; i < next; i++) {
        const packet = sorted[i]!;
        const at = payloadPosition[packet]! - start;
        found.set(packet, bytes.subarray(at, at + payloadLength[packet]!));
      }
    }
    return found;
  }

  /** Writes the head of `listening:audio` for a packet at `offsetMs`. */
  writeHead(target: Buffer, at: number, packet: number, offsetMs: number): number {
    target[at] = this.side;
    target[at + 1] = shiftCodec[this.leg.codec];
    // Rounded down: what lies in a span of whole ms still does.
    target.writeUInt32BE(Math.floor(offsetMs * 10), at + 2);
    target.writeUInt16BE(this.index.payloadLength[packet]!, at + 6);
    return at + shiftHeaderBytes;
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }

  #setPower(packet: number, power: number): void {
    if (packet >= this.#powers.length) {
      const larger = new Float32Array(this.#powers.length * 2);
      larger.set(this.#powers);
      this.#powers = larger;
    }
    this.#powers[packet] = power;
  }
}

/** A leg's file in one segment. */
export class LegFile {
  readonly #file: GrowingFile;
  readonly #scanner: RtpdumpScanner;
  readonly #onEnd: () => void;
  #garbled = false;
  #ended = false;

  constructor(file: GrowingFile, scanner: RtpdumpScanner, onEnd: () => void) {
    this.#file = file;
    this.#scanner = scanner;
    this.#onEnd = onEnd;
  }

  async look(): Promise<void> {
    if (this.#garbled) return;
    try {
      await this.#file.readNew((bytes) => this.#scanner.push(bytes));
    } catch (error) {
      // Bytes that make no sense behind good records: what a power cut leaves. The good ones count.
      if (!(error instanceof RtpdumpError)) throw error;
      this.#garbled = true;
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}
