import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { opusTonePackets } from '#support/opus-tone.ts';
import { OggOpusWriter, oggCrc } from '#worker/seal/ogg-opus.ts';
import { opusDuration } from '#worker/seal/opus-packet.ts';

const toc = (configuration: number, code: number) => (configuration << 3) | code;
const packet = (...parts: (number | Buffer)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)));
const bytes = (length: number) => Buffer.alloc(length, 0x42);

describe('the length of an Opus packet', () => {
  it('follows the table of RFC 6716 §3.1', () => {
    const ms = (configuration: number) => opusDuration(packet(toc(configuration, 0), bytes(10))) / 48;
    expect([0, 1, 2, 3].map(ms)).to.deep.equal([10, 20, 40, 60]);
    expect([8, 9, 10, 11].map(ms)).to.deep.equal([10, 20, 40, 60]);
    expect([12, 13, 14, 15].map(ms)).to.deep.equal([10, 20, 10, 20]);
    expect([16, 17, 18, 19, 28, 29, 30, 31].map(ms)).to.deep.equal([2.5, 5, 10, 20, 2.5, 5, 10, 20]);
  });

  it('counts the frames of every packing', () => {
    expect(opusDuration(packet(toc(31, 1), bytes(20)))).to.equal(1_920);
    expect(opusDuration(packet(toc(31, 2), 5, bytes(12)))).to.equal(1_920);
    expect(opusDuration(packet(toc(31, 3), 3, bytes(30)))).to.equal(2_880);
    // Variable lengths, three frames, two of them stated.
    expect(opusDuration(packet(toc(31, 3), 0x80 | 3, 4, 5, bytes(14)))).to.equal(2_880);
    // Padding of 255 means 254 and more to come.
    expect(opusDuration(packet(toc(31, 3), 0x40 | 2, 255, 10, bytes(264 + 40)))).to.equal(1_920);
    // DTX: nothing but the first byte.
    expect(opusDuration(packet(toc(1, 0)))).to.equal(960);
  });

  it('is 0 for what breaks the rules of §3.4', () => {
    const malformed = [
      Buffer.alloc(0),
      packet(toc(31, 0), bytes(1_276)),
      packet(toc(31, 1), bytes(21)),
      packet(toc(31, 2)),
      packet(toc(31, 2), 252),
      packet(toc(31, 2), 20, bytes(10)),
      packet(toc(31, 3)),
      packet(toc(31, 3), 0),
      packet(toc(31, 3), 7, bytes(70)),
      packet(toc(3, 3), 3, bytes(30)),
      packet(toc(31, 3), 3, bytes(31)),
      packet(toc(31, 3), 0x40 | 2, 200, bytes(10)),
      packet(toc(31, 3), 0x40 | 2),
      packet(toc(31, 3), 0x80 | 3, 40, 5, bytes(14)),
      packet(toc(31, 3), 0x80 | 3, 4),
    ];
    for (const one of malformed) expect(opusDuration(one), one.toString('hex').slice(0, 20)).to.equal(0);
  });
});

describe('Opus packets in Ogg', () => {
  it('carry the checksum of RFC 3533', () => {
    // CRC-32 with polynomial 0x04c11db7, nothing reflected, of "123456789".
    expect(oggCrc(Buffer.from('123456789'))).to.equal(0x89a1897f);
  });

  it('are read by ffmpeg to the sample, across pages', async () => {
    const packets = await opusTonePackets({ hz: 440, seconds: 10 });
    const writer = new OggOpusWriter(7);
    const pages = [writer.header()];
    for (const one of packets) {
      const page = writer.add(one, opusDuration(one));
      if (page) pages.push(page);
    }
    pages.push(writer.end());
    expect(pages).to.have.length(3);
    const pcm = await new Promise<Buffer>((resolve, reject) => {
      const args = ['-v', 'error', '-f', 'ogg', '-i', '-', '-f', 's16le', '-ac', '1', '-'];
      const options = { encoding: 'buffer', maxBuffer: 1e8 } as const;
      const child = execFile('ffmpeg', args, options, (error, stdout, stderr) => {
        if (error || stderr.length > 0) reject(error ?? new Error(stderr.toString()));
        else resolve(stdout);
      });
      child.stdin!.end(Buffer.concat(pages));
    });
    expect(pcm.length / 2).to.equal(packets.length * 960);
  });
});
