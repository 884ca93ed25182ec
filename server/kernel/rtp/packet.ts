/** The fixed header and what follows it, of one RTP packet (RFC 3550 §5.1). Views into the buffer, nothing copied. */
export interface RtpPacket {
  readonly marker: boolean;
  readonly payloadType: number;
  /** 0–65535, wraps. */
  readonly sequenceNumber: number;
  /** In units of the codec's clock (8000 Hz for G.711, 48000 Hz for Opus), wraps at 2^32. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** Byte offset of the payload. */
  readonly headerLength: number;
  /** Without padding. */
  readonly payload: Buffer;
}

/** A header that is read again and again into the same object: the hot path makes no garbage. */
export interface RtpHeader {
  marker: boolean;
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
  /** Byte offsets of the payload: start inclusive, end exclusive, padding left out. */
  payloadStart: number;
  payloadEnd: number;
}

export const emptyRtpHeader = (): RtpHeader => ({
  marker: false,
  payloadType: 0,
  sequenceNumber: 0,
  timestamp: 0,
  ssrc: 0,
  payloadStart: 12,
  payloadEnd: 12,
});

/** RFC 5761 §4: packet types 192–223 on a shared port are RTCP. */
export function isRtcp(bytes: Buffer): boolean {
  const type = bytes[1];
  return type !== undefined && type >= 192 && type <= 223;
}

/**
 * Reads the header of an RTP version 2 packet into `header`; false (and `header` half-written) when the bytes are
 * not a whole one: too short, bad extension or padding length, or RTCP.
 */
export function readRtpHeader(bytes: Buffer, header: RtpHeader): boolean {
  const length = bytes.length;
  if (length < 12) return false;
  const first = bytes[0]!;
  const second = bytes[1]!;
  if (first >> 6 !== 2) return false;
  if (second >= 192 && second <= 223) return false;
  let start = 12 + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (length < start + 4) return false;
    start += 4 + ((bytes[start + 2]! << 8) | bytes[start + 3]!) * 4;
  }
  let end = length;
  if (first & 0x20) {
    const padding = bytes[end - 1]!;
    if (padding === 0) return false;
    end -= padding;
  }
  if (start > end) return false;
  header.marker = (second & 0x80) !== 0;
  header.payloadType = second & 0x7f;
  header.sequenceNumber = (bytes[2]! << 8) | bytes[3]!;
  header.timestamp = ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0;
  header.ssrc = ((bytes[8]! << 24) | (bytes[9]! << 16) | (bytes[10]! << 8) | bytes[11]!) >>> 0;
  header.payloadStart = start;
  header.payloadEnd = end;
  return true;
}

/** Undefined when the bytes are not a whole RTP version 2 packet: too short, bad extension or padding length, or RTCP. */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  const header = emptyRtpHeader();
  if (!readRtpHeader(bytes, header)) return undefined;
  return {
    marker: header.marker,
    payloadType: header.payloadType,
    sequenceNumber: header.sequenceNumber,
    timestamp: header.timestamp,
    ssrc: header.ssrc,
    headerLength: header.payloadStart,
    payload: bytes.subarray(header.payloadStart, header.payloadEnd),
  };
}

/** One RTP packet with a plain 12-byte header. */
export function writeRtp(
  packet: Pick<RtpPacket, 'marker' | 'payloadType' | 'sequenceNumber' | 'timestamp' | 'ssrc' | 'payload'>,
): Buffer {
  const bytes = Buffer.allocUnsafe(12 + packet.payload.length);
  bytes[0] = 0x80;
  bytes[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f);
  bytes.writeUInt16BE(packet.sequenceNumber & 0xffff, 2);
  bytes.writeUInt32BE(packet.timestamp >>> 0, 4);
  bytes.writeUInt32BE(packet.ssrc >>> 0, 8);
  packet.payload.copy(bytes, 12);
  return bytes;
}

/** Signed distance from b to a on the 16-bit circle: positive when a is newer. */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** Signed distance from b to a on the 32-bit circle. */
export function timestampDistance(a: number, b: number): number {
  return (a - b) | 0;
}
