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

/** Undefined when the bytes are not a whole RTP version 2 packet: too short, bad extension or padding length, or RTCP. */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < 12) return undefined;
  const first = bytes[0]!;
  const second = bytes[1]!;
  if (first >> 6 !== 2) return undefined;
  // RFC 5761 §4: packet types 192–223 on a shared port are RTCP.
  if (second >= 192 && second <= 223) return undefined;
  let headerLength = 12 + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (bytes.length < headerLength + 4) return undefined;
    headerLength += 4 + bytes.readUInt16BE(headerLength + 2) * 4;
  }
  let end = bytes.length;
  if (first & 0x20) {
    const padding = bytes[end - 1]!;
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (headerLength > end) return undefined;
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequenceNumber: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    headerLength,
    payload: bytes.subarray(headerLength, end),
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
