import { expect } from 'chai';
import { readShiftPackets } from '#web/domains/listening/time-shift/shift-packets.ts';

const packet = (side: number, codec: number, at: number, ...payload: number[]) => {
  const header = Buffer.alloc(8);
  header.writeUInt8(side, 0);
  header.writeUInt8(codec, 1);
  header.writeUInt32BE(at, 2);
  header.writeUInt16BE(payload.length, 6);
  return Buffer.concat([header, Buffer.from(payload)]);
};

describe('The packets of an answer', () => {
  it('are read with side, codec, place and payload', () => {
    const bytes = Buffer.concat([
      packet(0, 1, 12_345, 7, 8),
      packet(1, 3, 0xffff_ffff),
      packet(1, 2, 200, 9),
    ]);
    expect(readShiftPackets(bytes)).to.deep.equal([
      { side: 'agent', codec: 'PCMU', atMs: 1_234.5, payload: Buffer.from([7, 8]) },
      { side: 'customer', codec: 'opus', atMs: 429_496_729.5, payload: Buffer.from([]) },
      { side: 'customer', codec: 'PCMA', atMs: 20, payload: Buffer.from([9]) },
    ]);
    expect(readShiftPackets(new Uint8Array())).to.deep.equal([]);
  });

  it('are left out where a newer server sends what this page does not know', () => {
    const bytes = Buffer.concat([packet(2, 1, 0, 1), packet(0, 9, 0, 1), packet(0, 1, 0, 1)]);
    expect(readShiftPackets(bytes)).to.have.length(1);
  });

  it('are refused when they end in the middle', () => {
    const bytes = packet(0, 1, 0, 1, 2, 3);
    for (let length = 1; length < bytes.length; length++) {
      expect(() => readShiftPackets(bytes.subarray(0, length))).to.throw(RangeError);
    }
  });
});
