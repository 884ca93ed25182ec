import { expect } from 'chai';
import { RtpdumpError, RtpdumpScanner, rtpdumpHeader, writeRtpdumpRecord } from '#kernel/rtp/rtpdump.ts';

const startMs = 1_760_000_000_123.5;

function fileOf(packets: readonly Buffer[]): Buffer {
  const records = packets.map((rtp, i) => {
    const record = Buffer.alloc(8 + rtp.length);
    expect(writeRtpdumpRecord(record, 0, i * 20, rtp)).to.equal(record.length);
    return record;
  });
  return Buffer.concat([rtpdumpHeader(startMs), ...records]);
}

function scan(file: Buffer, cutEvery = file.length) {
  const found: { arrivalMs: number; rtp: string; position: number }[] = [];
  const scanner = new RtpdumpScanner(({ arrivalMs, rtp, position }) => {
    found.push({ arrivalMs, rtp: rtp.toString('hex'), position });
  });
  for (let at = 0; at < file.length; at += cutEvery) scanner.push(file.subarray(at, at + cutEvery));
  return { found, tornBytes: scanner.tornBytes };
}

describe('an rtpdump file', () => {
  const packets = [Buffer.from('8000000100'), Buffer.from('80000002000000a0ff'), Buffer.alloc(1_400, 7)];
  const file = fileOf(packets);

  it('begins as the rtptools say', () => {
    expect(file.toString('latin1', 0, 28)).to.equal('#!rtpplay1.0 127.0.0.1/5004\n');
    expect(file.readUInt32BE(28)).to.equal(1_760_000_000);
    expect(file.readUInt32BE(32)).to.equal(123_500);
    // The first record: its length with the header of 8 bytes, the packet's length, ms since the start.
    expect(file.readUInt16BE(44)).to.equal(18);
    expect(file.readUInt16BE(46)).to.equal(10);
    expect(file.readUInt32BE(48)).to.equal(0);
  });

  it('gives back what was written, however it is read', () => {
    for (const cutEvery of [1, 7, 45, file.length]) {
      const { found, tornBytes } = scan(file, cutEvery);
      expect(found.map(({ rtp }) => rtp)).to.deep.equal(packets.map((rtp) => rtp.toString('hex')));
      expect(found.map(({ arrivalMs }) => arrivalMs)).to.deep.equal([startMs, startMs + 20, startMs + 40]);
      for (const { rtp, position } of found) {
        expect(file.toString('hex', position, position + rtp.length / 2)).to.equal(rtp);
      }
      expect(tornBytes).to.equal(0);
    }
  });

  it('is read up to its last whole record, wherever a writer died', () => {
    const ends = [file.length - 1_408, file.length - 1_408 - 26].map((at) => at);
    for (let length = 0; length < file.length; length += 3) {
      const { found, tornBytes } = scan(file.subarray(0, length));
      const whole = length >= ends[0]! ? 2 : length >= ends[1]! ? 1 : 0;
      expect(found).to.have.length(whole);
      if (whole > 0) expect(tornBytes).to.equal(length - ends[2 - whole]!);
    }
  });

  it('is refused when it is something else, or makes no sense', () => {
    expect(() => scan(Buffer.from('RIFF....WAVE'))).to.throw(RtpdumpError);
    expect(() => scan(Buffer.from(`#!rtpplay1.0 ${'x'.repeat(100)}`))).to.throw(RtpdumpError);
    const broken = Buffer.from(file);
    broken.writeUInt16BE(3, 44);
    expect(() => scan(broken)).to.throw(RtpdumpError);
  });
});
