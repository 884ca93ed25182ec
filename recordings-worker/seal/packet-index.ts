import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { parseRtp } from '#kernel/rtp/packet.ts';
import { RtpdumpError, RtpdumpScanner } from '#kernel/rtp/rtpdump.ts';

/**
 * Where each packet of one leg lies and what its header says; the payloads stay in their files.
 * Columns instead of objects: an hour of audio is 180,000 packets. Kept in the order in which the tap gave them.
 */
export class PacketIndex {
  readonly files: string[] = [];
  #capacity = 4_096;
  count = 0;
  /** UTC ms. */
  arrivalMs = new Float64Array(this.#capacity);
  timestamp = new Uint32Array(this.#capacity);
  ssrc = new Uint32Array(this.#capacity);
  sequence = new Uint16Array(this.#capacity);
  file = new Uint16Array(this.#capacity);
  payloadPosition = new Float64Array(this.#capacity);
  payloadLength = new Uint16Array(this.#capacity);
  /** Ticks of the leg's RTP clock. */
  duration = new Uint16Array(this.#capacity);

  /** The same packet stored twice: by two segments, or by the network. */
  duplicates = 0;
  /** Not RTP, or of another payload type than the leg's, or of no duration. */
  foreign = 0;
  tornBytes = 0;
  /** Packets by their header: number + 1 at the place that it hashes to or the next free one; half of it stays empty. */
  #places = new Uint32Array(this.#capacity * 2);

  /** False when this very packet is there already. */
  add(packet: {
    arrivalMs: number;
    timestamp: number;
    ssrc: number;
    sequence: number;
    file: number;
    payloadPosition: number;
    payloadLength: number;
    duration: number;
  }): boolean {
    if (this.count === this.#capacity) this.#grow();
    const place = this.#placeOf(packet);
    if (this.#places[place] !== 0) {
      this.duplicates += 1;
      return false;
    }
    const at = this.count++;
    this.#places[place] = this.count;
    this.arrivalMs[at] = packet.arrivalMs;
    this.timestamp[at] = packet.timestamp;
    this.ssrc[at] = packet.ssrc;
    this.sequence[at] = packet.sequence;
    this.file[at] = packet.file;
    this.payloadPosition[at] = packet.payloadPosition;
    this.payloadLength[at] = packet.payloadLength;
    this.duration[at] = packet.duration;
    return true;
  }

  /** Where this packet is, or where it would be put. */
  #placeOf(packet: { timestamp: number; ssrc: number; sequence: number }): number {
    const { timestamp, ssrc, sequence } = packet;
    const last = this.#places.length - 1;
    let hash = Math.imul(timestamp, 0x9e3779b1) ^ Math.imul(sequence + 1, 0x85ebca6b) ^ ssrc;
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let place = (hash ^ (hash >>> 12)) & last; ; place = (place + 1) & last) {
      const other = this.#places[place]! - 1;
      const same =
        this.timestamp[other] === timestamp && this.sequence[other] === sequence && this.ssrc[other] === ssrc;
      if (other < 0 || same) return place;
    }
  }

  #grow(): void {
    this.#capacity *= 2;
    const larger = <T extends { set(from: T): void }>(column: T, make: (length: number) => T): T => {
      const grown = make(this.#capacity);
      grown.set(column);
      return grown;
    };
    this.arrivalMs = larger(this.arrivalMs, (n) => new Float64Array(n));
    this.timestamp = larger(this.timestamp, (n) => new Uint32Array(n));
    this.ssrc = larger(this.ssrc, (n) => new Uint32Array(n));
    this.sequence = larger(this.sequence, (n) => new Uint16Array(n));
    this.file = larger(this.file, (n) => new Uint16Array(n));
    this.payloadPosition = larger(this.payloadPosition, (n) => new Float64Array(n));
    this.payloadLength = larger(this.payloadLength, (n) => new Uint16Array(n));
    this.duration = larger(this.duration, (n) => new Uint16Array(n));
    this.#places = new Uint32Array(this.#capacity * 2);
    for (let packet = 0; packet < this.count; packet++) {
      const place = this.#placeOf({
        timestamp: this.timestamp[packet]!,
        ssrc: this.ssrc[packet]!,
        sequence: this.sequence[packet]!,
      });
      this.#places[place] = packet + 1;
    }
  }
}

const readBytes = 1_048_576;

/**
 * Reads one rtpdump file into the index as its bytes are pushed. `onRecord` is told of each record, with the payload of
 * a packet that is new to the index: a view that holds only during the call.
 */
export function indexingScanner(
  index: PacketIndex,
  path: string,
  payloadType: number,
  durationOf: (payload: Buffer) => number,
  onRecord: (arrivalMs: number, added: Buffer | undefined) => void,
): RtpdumpScanner {
  const file = index.files.push(path) - 1;
  return new RtpdumpScanner(({ arrivalMs, rtp, position }) => {
    const packet = parseRtp(rtp);
    const duration = packet?.payloadType === payloadType ? durationOf(packet.payload) : 0;
    if (!packet || duration === 0) {
      index.foreign += 1;
      onRecord(arrivalMs, undefined);
      return;
    }
    const isNew = index.add({
      arrivalMs,
      timestamp: packet.timestamp,
      ssrc: packet.ssrc,
      sequence: packet.sequenceNumber,
      file,
      payloadPosition: position + packet.headerLength,
      payloadLength: packet.payload.length,
      duration,
    });
    onRecord(arrivalMs, isNew ? packet.payload : undefined);
  });
}

/**
 * Adds the packets of one rtpdump file; a file that is not there adds none (the leg never spoke in that segment).
 * A torn tail is left out and counted. Answers how many packets were new.
 * `durationOf` gives a payload's length in RTP clock ticks, 0 for what cannot be played.
 */
export async function indexRtpdump(
  index: PacketIndex,
  path: string,
  payloadType: number,
  durationOf: (payload: Buffer) => number,
): Promise<number> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  let added = 0;
  const scanner = indexingScanner(index, path, payloadType, durationOf, (_, payload) => {
    if (payload) added += 1;
  });
  try {
    const buffer = Buffer.allocUnsafe(readBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, readBytes, null);
      if (bytesRead === 0) break;
      scanner.push(buffer.subarray(0, bytesRead));
    }
    index.tornBytes += scanner.tornBytes;
  } catch (error) {
    // Bytes that make no sense behind good records: what a power cut leaves. The good ones count.
    if (!(error instanceof RtpdumpError)) throw error;
    index.tornBytes += scanner.tornBytes;
  } finally {
    await handle.close();
  }
  return added;
}

/** Reads payloads back, through a window per file, as they are asked for in about the order of the file. */
export class PayloadReader {
  readonly #index: PacketIndex;
  readonly #windows = new Map<number, { fd: number; bytes: Buffer; start: number; length: number }>();

  constructor(index: PacketIndex) {
    this.#index = index;
  }

  /** A view that holds until the next call. */
  payload(packet: number): Buffer {
    const file = this.#index.file[packet]!;
    const position = this.#index.payloadPosition[packet]!;
    const length = this.#index.payloadLength[packet]!;
    let window = this.#windows.get(file);
    if (!window) {
      const fd = openSync(this.#index.files[file]!, 'r');
      window = { fd, bytes: Buffer.allocUnsafe(readBytes), start: 0, length: 0 };
      this.#windows.set(file, window);
    }
    if (position < window.start || position + length > window.start + window.length) {
      window.start = position;
      window.length = readSync(window.fd, window.bytes, 0, readBytes, position);
      if (window.length < length) throw new Error('the spool became shorter while it was read');
    }
    return window.bytes.subarray(position - window.start, position - window.start + length);
  }

  close(): void {
    for (const { fd } of this.#windows.values()) closeSync(fd);
    this.#windows.clear();
  }
}
