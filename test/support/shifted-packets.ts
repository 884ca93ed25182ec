import { shiftCodec, shiftHeaderBytes, shiftSide } from '#contract/time-shift.ts';

export interface ShiftedPacket {
  readonly side: 'agent' | 'customer';
  readonly codec: keyof typeof shiftCodec;
  /** ms since the call's start. */
  readonly atMs: number;
  readonly payload: Buffer;
}

const nameOf = <T extends Record<string, number>>(names: T, value: number): keyof T => {
  const found = Object.entries(names).find(([, one]) => one === value);
  if (!found) throw new Error(`${value} stands for nothing`);
  return found[0];
};

/** Takes the bytes of `listening:audio` apart; throws where they are not whole. */
export function shiftedPackets(from: Uint8Array): ShiftedPacket[] {
  const bytes = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  const packets: ShiftedPacket[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 6);
    const payload = bytes.subarray(at + shiftHeaderBytes, at + shiftHeaderBytes + length);
    if (payload.length !== length) throw new Error('the last packet is not whole');
    packets.push({
      side: nameOf(shiftSide, bytes[at]!) as ShiftedPacket['side'],
      codec: nameOf(shiftCodec, bytes[at + 1]!) as ShiftedPacket['codec'],
      atMs: bytes.readUInt32BE(at + 2) / 10,
      payload,
    });
    at += shiftHeaderBytes + length;
  }
  return packets;
}
