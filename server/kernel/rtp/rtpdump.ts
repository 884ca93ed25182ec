/**
 * The rtpdump file format of the rtptools (`rtpplay` reads it, and Wireshark from 4.4 on):
 * a text line `#!rtpplay1.0 ADDRESS/PORT`, a 16-byte header (start as seconds and microseconds, source, port,
 * padding), then records of an 8-byte header (length with this header, RTP length, ms since start) and the RTP
 * packet. All numbers are big-endian.
 */
const magic = '#!rtpplay1.0 ';
const fixedHeaderBytes = 16;
export const recordHeaderBytes = 8;

/** A whole file header. `startMs`: UTC ms that record offsets count from. */
export function rtpdumpHeader(startMs: number): Buffer {
  const line = Buffer.from(`${magic}127.0.0.1/5004\n`);
  const header = Buffer.alloc(line.length + fixedHeaderBytes);
  line.copy(header);
  const microseconds = Math.round(startMs * 1_000);
  header.writeUInt32BE(Math.floor(microseconds / 1_000_000), line.length);
  header.writeUInt32BE(microseconds % 1_000_000, line.length + 4);
  header.writeUInt32BE(0x7f000001, line.length + 8);
  header.writeUInt16BE(5004, line.length + 12);
  return header;
}

/** Writes one record at `offset` and answers the offset behind it. `sinceStartMs` is rounded to whole ms. */
export function writeRtpdumpRecord(
  target: Buffer,
  offset: number,
  sinceStartMs: number,
  rtp: Buffer,
): number {
  target.writeUInt16BE(recordHeaderBytes + rtp.length, offset);
  target.writeUInt16BE(rtp.length, offset + 2);
  target.writeUInt32BE(Math.min(0xffffffff, Math.max(0, Math.round(sinceStartMs))), offset + 4);
  rtp.copy(target, offset + recordHeaderBytes);
  return offset + recordHeaderBytes + rtp.length;
}

/** The file is not rtpdump at all; a torn tail is no such error. */
export class RtpdumpError extends Error {
  override readonly name = 'RtpdumpError';
}

/**
 * Reads a file piece by piece: `push` what was read, in order. Whole records are handed over as they appear;
 * `rtp` is a view that holds only during the call. What is left at the end is the torn tail of a writer that died.
 */
export class RtpdumpScanner {
  #rest: Buffer = Buffer.alloc(0);
  #position = 0;
  #startMs: number | undefined;
  readonly #onRecord: (record: { arrivalMs: number; rtp: Buffer; position: number }) => void;

  /** `position` is that of the RTP packet in the file, bytes; `arrivalMs` UTC ms. */
  constructor(onRecord: (record: { arrivalMs: number; rtp: Buffer; position: number }) => void) {
    this.#onRecord = onRecord;
  }

  /** Bytes that belong to no whole record, so far. */
  get tornBytes(): number {
    return this.#rest.length;
  }

  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    if (this.#startMs === undefined) {
      const expected = Buffer.from(magic).subarray(0, all.length);
      if (!all.subarray(0, expected.length).equals(expected)) throw new RtpdumpError('no rtpdump header');
      const newline = all.subarray(0, 80).indexOf(0x0a);
      if (newline < 0 && all.length >= 80) throw new RtpdumpError('the rtpdump header has no end');
      if (newline < 0 || all.length < newline + 1 + fixedHeaderBytes) {
        this.#rest = Buffer.from(all);
        return;
      }
      at = newline + 1 + fixedHeaderBytes;
      this.#startMs = all.readUInt32BE(newline + 1) * 1_000 + all.readUInt32BE(newline + 5) / 1_000;
    }
    while (all.length - at >= recordHeaderBytes) {
      const length = all.readUInt16BE(at);
      const rtpLength = all.readUInt16BE(at + 2);
      if (length < recordHeaderBytes || rtpLength > length - recordHeaderBytes) {
        throw new RtpdumpError(
          `a record of ${length} bytes with ${rtpLength} of RTP at ${this.#position + at}`,
        );
      }
      if (all.length - at < length) break;
      const start = at + recordHeaderBytes;
      this.#onRecord({
        arrivalMs: this.#startMs + all.readUInt32BE(at + 4),
        rtp: all.subarray(start, start + rtpLength),
        position: this.#position + start,
      });
      at += length;
    }
    this.#position += at;
    this.#rest = Buffer.from(all.subarray(at));
  }
}
