import { z } from 'zod';
import { type CaptureLeg, captureLeg } from '#contract/capture.ts';

/**
 * What the tap and a recorder say to each other over TCP.
 *
 * Every frame is a 16-bit big-endian length and that many bytes (RFC 4571 §2), the first of them the type.
 * Times are UTC ms as IEEE 754 doubles (finer than a microsecond), numbers are big-endian.
 *
 * The recorder speaks first:
 *   hello    0x10  JSON {version, lease, workerId, spoolId}
 *   ack      0x11  u32 sequence: this item and all before it are on disk
 * The tap answers:
 *   welcome  0x01  JSON {version, callId, acknowledged}: items begin behind this sequence
 *   refused  0x02  JSON {reason}, and closes
 *   ping     0x03  nothing: the tap lives, though the call is quiet
 * and then sends every item that the lease's copy has not acknowledged yet, followed by the live ones. Items carry a
 * sequence that starts at 1 with the call's first item and rises by one; a jump means that the tap had to
 * drop packets. Legs whose item lies before the first one sent are stated again with sequence 0 before anything else.
 *   leg      0x04  u32 sequence, u8 leg index, JSON CaptureLeg
 *   packet   0x05  u32 sequence, u8 leg index, f64 arrival, the RTP packet
 *   hold     0x06  u32 sequence, u8 leg index, u8 on, f64 time
 *   leg end  0x07  u32 sequence, u8 leg index, f64 time
 *   call end 0x08  u32 sequence, f64 time: the last item
 *   pause    0x09  u32 sequence, u8 on, f64 since, f64 time: nothing is captured from `on` to the next one with on = 0,
 *                  which says again since when, for a recorder that came in between
 */
export const tapProtocolVersion = 2;

export const frameType = {
  welcome: 0x01,
  refused: 0x02,
  ping: 0x03,
  leg: 0x04,
  packet: 0x05,
  hold: 0x06,
  legEnd: 0x07,
  callEnd: 0x08,
  pause: 0x09,
  hello: 0x10,
  ack: 0x11,
} as const;

/** Larger RTP packets than this are no voice packets; they are counted as dropped, bytes. */
export const maxRtpBytes = 8_192;
/** Bytes a packet frame takes beside the RTP packet: length, type, sequence, leg index, arrival. */
export const packetOverheadBytes = 2 + 1 + 4 + 1 + 8;
export const maxLegs = 255;

export const tapHello = z.strictObject({
  version: z.number().int(),
  lease: z.string().min(1).max(200),
  workerId: z.string().min(1).max(64),
  /** Where the recorder writes: workers that share a spool folder say the same. */
  spoolId: z.string().min(1).max(64),
});
export type TapHello = z.infer<typeof tapHello>;

export const tapWelcome = z.strictObject({
  version: z.literal(tapProtocolVersion),
  callId: z.string(),
  /** Items begin behind this one: this copy has it on disk, or no recorder needs it any more. 0: from the first. */
  acknowledged: z.number().int().nonnegative(),
});
export type TapWelcome = z.infer<typeof tapWelcome>;

export const tapRefusal = z.enum(['unknown-lease', 'superseded', 'version', 'malformed', 'busy']);
export type TapRefusal = z.infer<typeof tapRefusal>;

export type TapItem =
  | { kind: 'leg'; sequence: number; index: number; leg: CaptureLeg }
  | { kind: 'packet'; sequence: number; index: number; arrivalMs: number; rtp: Buffer }
  | { kind: 'hold'; sequence: number; index: number; on: boolean; atMs: number }
  | { kind: 'leg-end'; sequence: number; index: number; atMs: number }
  | { kind: 'pause'; sequence: number; on: boolean; sinceMs: number; atMs: number }
  | { kind: 'call-end'; sequence: number; atMs: number };

export type TapMessage =
  | { kind: 'welcome'; welcome: TapWelcome }
  | { kind: 'refused'; reason: TapRefusal }
  | { kind: 'ping' }
  | TapItem;

/** Bytes that are not a frame of this protocol. The connection they came by is of no further use. */
export class TapProtocolError extends Error {
  override readonly name = 'TapProtocolError';
}

function jsonFrame(type: number, head: Buffer, value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const length = 1 + head.length + text.length;
  const frame = Buffer.allocUnsafe(2 + length);
  frame.writeUInt16BE(length, 0);
  frame[2] = type;
  head.copy(frame, 3);
  text.copy(frame, 3 + head.length);
  return frame;
}

const nothing = Buffer.alloc(0);

export const helloFrame = (hello: TapHello): Buffer => jsonFrame(frameType.hello, nothing, hello);
export const welcomeFrame = (welcome: TapWelcome): Buffer => jsonFrame(frameType.welcome, nothing, welcome);
export const refusedFrame = (reason: TapRefusal): Buffer => jsonFrame(frameType.refused, nothing, { reason });
export const pingFrame = (): Buffer => Buffer.from([0, 1, frameType.ping]);

export function ackFrame(sequence: number): Buffer {
  const frame = Buffer.allocUnsafe(7);
  frame.writeUInt16BE(5, 0);
  frame[2] = frameType.ack;
  frame.writeUInt32BE(sequence, 3);
  return frame;
}

/** A control item as a frame; packets are written in place by {@link writePacketFrame}. */
export function controlFrame(item: Exclude<TapItem, { kind: 'packet' }>): Buffer {
  if (item.kind === 'leg') {
    const head = Buffer.allocUnsafe(5);
    head.writeUInt32BE(item.sequence, 0);
    head[4] = item.index;
    return jsonFrame(frameType.leg, head, item.leg);
  }
  if (item.kind === 'pause') {
    const frame = Buffer.allocUnsafe(2 + 22);
    frame.writeUInt16BE(22, 0);
    frame[2] = frameType.pause;
    frame.writeUInt32BE(item.sequence, 3);
    frame[7] = item.on ? 1 : 0;
    frame.writeDoubleBE(item.sinceMs, 8);
    frame.writeDoubleBE(item.atMs, 16);
    return frame;
  }
  const withIndex = item.kind !== 'call-end';
  const bodyLength = 1 + 4 + (withIndex ? 1 : 0) + (item.kind === 'hold' ? 1 : 0) + 8;
  const frame = Buffer.allocUnsafe(2 + bodyLength);
  frame.writeUInt16BE(bodyLength, 0);
  frame[2] = { hold: frameType.hold, 'leg-end': frameType.legEnd, 'call-end': frameType.callEnd }[item.kind];
  let at = frame.writeUInt32BE(item.sequence, 3);
  if (item.kind !== 'call-end') at = frame.writeUInt8(item.index, at);
  if (item.kind === 'hold') at = frame.writeUInt8(item.on ? 1 : 0, at);
  frame.writeDoubleBE(item.atMs, at);
  return frame;
}

/** Writes one packet frame at `offset`; answers the offset behind it. The caller has made sure that it fits. */
export function writePacketFrame(
  target: Buffer,
  offset: number,
  sequence: number,
  index: number,
  arrivalMs: number,
  rtp: Buffer,
): number {
  target.writeUInt16BE(packetOverheadBytes - 2 + rtp.length, offset);
  target[offset + 2] = frameType.packet;
  target.writeUInt32BE(sequence, offset + 3);
  target[offset + 7] = index;
  target.writeDoubleBE(arrivalMs, offset + 8);
  rtp.copy(target, offset + 16);
  return offset + packetOverheadBytes + rtp.length;
}

const json = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new TapProtocolError('a frame does not hold JSON', { cause });
  }
};

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new TapProtocolError(`${what} is malformed: ${z.prettifyError(result.error)}`);
  return result.data;
}

/** One frame's body from the tap. `rtp` is a view into it. Errors: {@link TapProtocolError}. */
export function parseTapMessage(body: Buffer): TapMessage {
  const need = (length: number): void => {
    if (body.length < length) throw new TapProtocolError(`frame 0x${body[0]?.toString(16)} is too short`);
  };
  need(1);
  switch (body[0]) {
    case frameType.packet:
      need(packetOverheadBytes - 2);
      return {
        kind: 'packet',
        sequence: body.readUInt32BE(1),
        index: body[5]!,
        arrivalMs: body.readDoubleBE(6),
        rtp: body.subarray(14),
      };
    case frameType.ping:
      return { kind: 'ping' };
    case frameType.leg:
      need(7);
      return {
        kind: 'leg',
        sequence: body.readUInt32BE(1),
        index: body[5]!,
        leg: checked(captureLeg, json(body.subarray(6)), 'leg'),
      };
    case frameType.hold:
      need(15);
      return {
        kind: 'hold',
        sequence: body.readUInt32BE(1),
        index: body[5]!,
        on: body[6] === 1,
        atMs: body.readDoubleBE(7),
      };
    case frameType.legEnd:
      need(14);
      return { kind: 'leg-end', sequence: body.readUInt32BE(1), index: body[5]!, atMs: body.readDoubleBE(6) };
    case frameType.pause:
      need(22);
      return {
        kind: 'pause',
        sequence: body.readUInt32BE(1),
        on: body[5] === 1,
        sinceMs: body.readDoubleBE(6),
        atMs: body.readDoubleBE(14),
      };
    case frameType.callEnd:
      need(13);
      return { kind: 'call-end', sequence: body.readUInt32BE(1), atMs: body.readDoubleBE(5) };
    case frameType.welcome:
      return { kind: 'welcome', welcome: checked(tapWelcome, json(body.subarray(1)), 'welcome') };
    case frameType.refused: {
      const refusal = checked(z.object({ reason: tapRefusal }), json(body.subarray(1)), 'refused');
      return { kind: 'refused', reason: refusal.reason };
    }
    default:
      throw new TapProtocolError(`unknown frame 0x${body[0]?.toString(16)}`);
  }
}

export type RecorderMessage = { kind: 'hello'; hello: TapHello } | { kind: 'ack'; sequence: number };

/** One frame's body from a recorder. Errors: {@link TapProtocolError}. */
export function parseRecorderMessage(body: Buffer): RecorderMessage {
  if (body[0] === frameType.ack && body.length === 5) return { kind: 'ack', sequence: body.readUInt32BE(1) };
  if (body[0] === frameType.hello) {
    return { kind: 'hello', hello: checked(tapHello, json(body.subarray(1)), 'hello') };
  }
  throw new TapProtocolError('neither a hello nor an acknowledgement');
}

/**
 * Cuts a byte stream into frames. Holds at most one unfinished frame; a frame longer than `maxBytes`
 * is a {@link TapProtocolError}, so that garbage cannot make it collect memory.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #rest: Buffer = nothing;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Calls `onFrame` with each whole body; the bodies are views that stay valid. */
  push(bytes: Buffer, onFrame: (body: Buffer) => void): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= 2) {
      const length = all.readUInt16BE(at);
      if (length === 0 || length > this.#maxBytes) throw new TapProtocolError(`a frame of ${length} bytes`);
      if (all.length - at - 2 < length) break;
      onFrame(all.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    this.#rest = all.subarray(at);
  }
}
