import { expect } from 'chai';
import { OggError, readOggPackets } from '#scripts/speech/ogg.ts';

/** A page whose lacing values are given; the data is counted up. */
function page(lacing: number[], data: Buffer): Buffer {
  const head = Buffer.alloc(27 + lacing.length);
  head.write('OggS', 0, 'latin1');
  head[26] = lacing.length;
  head.set(lacing, 27);
  return Buffer.concat([head, data]);
}

const headers = [page([8], Buffer.from('OpusHead')), page([8], Buffer.from('OpusTags'))];

describe('the Ogg reader', () => {
  it('takes packets out of their pages, also over 255 bytes and over pages', () => {
    const long = Buffer.alloc(600, 7);
    const bytes = Buffer.concat([
      ...headers,
      page([3, 255, 5], Buffer.concat([Buffer.from([1, 2, 3]), Buffer.alloc(260, 9)])),
      page([255], long.subarray(0, 255)),
      page([255, 90, 255, 0], Buffer.concat([long.subarray(255), Buffer.alloc(255, 4)])),
    ]);
    const packets = readOggPackets(bytes);
    expect(packets.map(({ length }) => length)).to.deep.equal([3, 260, 600, 255]);
    expect(packets[2]!.equals(long)).to.equal(true);
  });

  it('refuses what is no Ogg, cut off or no Opus', () => {
    expect(() => readOggPackets(Buffer.from('RIFF'.repeat(20)))).to.throw(OggError, 'byte 0');
    expect(() => readOggPackets(Buffer.concat(headers).subarray(0, -1))).to.throw(OggError, 'cut off');
    expect(() => readOggPackets(page([4], Buffer.from('vorb')))).to.throw(OggError, 'not Opus');
  });
});
