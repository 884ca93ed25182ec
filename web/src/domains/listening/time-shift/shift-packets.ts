import { shiftCodec, shiftHeaderBytes, shiftSide } from '#contract/time-shift.ts';
import type { ShiftSide } from './shift-sides.ts';

export type ShiftCodec = keyof typeof shiftCodec;

export interface ShiftPacket {
  readonly side: ShiftSide;
  readonly codec: ShiftCodec;
  /** Where in the call it begins, ms, in steps of 0.1 ms. */
  readonly atMs: number;
  readonly payload: Uint8Array;
}

const sideOf = named(shiftSide);
const codecOf = named(shiftCodec);

/**
 * The packets of a `listening:audio` answer, as views into it. What is of a side or codec that this page does not know
 * (a newer server) is left out. Error: RangeError when the bytes end in the middle of a packet.
 */
export function readShiftPackets(bytes: Uint8Array): ShiftPacket[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: ShiftPacket[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + shiftHeaderBytes <= bytes.length ? view.getUint16(at + 6) : 0;
    const end = at + shiftHeaderBytes + length;
    if (end > bytes.length) throw new RangeError(`packet at byte ${at} is cut off`);
    const side = sideOf.get(view.getUint8(at));
    const codec = codecOf.get(view.getUint8(at + 1));
    if (side && codec) {
      const payload = bytes.subarray(at + shiftHeaderBytes, end);
      packets.push({ side, codec, atMs: view.getUint32(at + 2) / 10, payload });
    }
    at = end;
  }
  return packets;
}

function named<Name extends string>(numbers: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  return new Map((Object.keys(numbers) as Name[]).map((name) => [numbers[name], name]));
}
