import type { ReportBlock } from './reception.ts';

/** RTCP packet types (RFC 3550 §12.1). */
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;
const CNAME = 1;

/** What we read of a compound RTCP packet; the rest is passed over. */
export interface RtcpNews {
  readonly senderReports: readonly {
    readonly ssrc: number;
    /** Middle 32 bits of the NTP time (RFC 3550 §6.4.1 LSR). */
    readonly ntpMiddle: number;
    readonly packets: number;
  }[];
  /** SSRCs that said goodbye. */
  readonly byes: readonly number[];
}

/** Undefined unless the bytes are a whole compound packet (RFC 3550 A.2; reduced-size ones of RFC 5506 too). */
export function parseRtcp(bytes: Buffer): RtcpNews | undefined {
  const senderReports: { ssrc: number; ntpMiddle: number; packets: number }[] = [];
  const byes: number[] = [];
  if (bytes.length < 4) return undefined;
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4 || bytes[at]! >> 6 !== 2) return undefined;
    const count = bytes[at]! & 0x1f;
    const type = bytes[at + 1]!;
    const length = (bytes.readUInt16BE(at + 2) + 1) * 4;
    const end = at + length;
    if (type < 192 || type > 223 || end > bytes.length) return undefined;
    if (type === SENDER_REPORT && length >= 28 + count * 24) {
      senderReports.push({
        ssrc: bytes.readUInt32BE(at + 4),
        ntpMiddle: (bytes.readUInt16BE(at + 10) * 65_536 + bytes.readUInt16BE(at + 12)) >>> 0,
        packets: bytes.readUInt32BE(at + 20),
      });
    } else if (type === BYE && length >= 4 + count * 4) {
      for (let i = 0; i < count; i++) byes.push(bytes.readUInt32BE(at + 4 + i * 4));
    }
    at = end;
  }
  return { senderReports, byes };
}

/** A compound of receiver report and CNAME, as RFC 3550 §6.1 demands, with a BYE at the end if this is our last word. */
export function writeReceiverReport(options: {
  /** Our own SSRC. */
  ssrc: number;
  /** Without one the report is empty: nothing was received. */
  block: ReportBlock | undefined;
  /** At most 255 ASCII characters. */
  cname: string;
  bye?: boolean;
}): Buffer {
  const { ssrc, block, cname } = options;
  const reportLength = block ? 32 : 8;
  // Chunk: SSRC, item type, length, text, at least one zero, padded to 32 bits (RFC 3550 §6.5).
  const descriptionLength = 4 + Math.ceil((4 + 2 + cname.length + 1) / 4) * 4;
  const bytes = Buffer.alloc(reportLength + descriptionLength + (options.bye ? 8 : 0));
  bytes[0] = 0x80 | (block ? 1 : 0);
  bytes[1] = RECEIVER_REPORT;
  bytes.writeUInt16BE(reportLength / 4 - 1, 2);
  bytes.writeUInt32BE(ssrc, 4);
  if (block) {
    bytes.writeUInt32BE(block.ssrc, 8);
    bytes[12] = block.fractionLost;
    bytes.writeIntBE(block.cumulativeLost, 13, 3);
    bytes.writeUInt32BE(block.highestSequence, 16);
    bytes.writeUInt32BE(block.jitter, 20);
    bytes.writeUInt32BE(block.lastSenderReport, 24);
    bytes.writeUInt32BE(block.delaySinceLastSenderReport, 28);
  }
  let at = reportLength;
  bytes[at] = 0x81;
  bytes[at + 1] = SOURCE_DESCRIPTION;
  bytes.writeUInt16BE(descriptionLength / 4 - 1, at + 2);
  bytes.writeUInt32BE(ssrc, at + 4);
  bytes[at + 8] = CNAME;
  bytes[at + 9] = cname.length;
  bytes.write(cname, at + 10, 'latin1');
  at += descriptionLength;
  if (options.bye) {
    bytes[at] = 0x81;
    bytes[at + 1] = BYE;
    bytes.writeUInt16BE(1, at + 2);
    bytes.writeUInt32BE(ssrc, at + 4);
  }
  return bytes;
}
