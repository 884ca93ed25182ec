/**
 * Writes Opus packets as an Ogg stream (RFC 3533, RFC 7845) that a decoder reads from a pipe. Packets are laid end
 * to end; where they belong on the timeline is the caller's to know.
 */
const headerTypeFirst = 0x02;
const headerTypeLast = 0x04;
const maxLacing = 255;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte << 24;
  for (let bit = 0; bit < 8; bit++) register = (register << 1) ^ (register & 0x80000000 ? 0x04c11db7 : 0);
  return register >>> 0;
});

/** RFC 3533 §6: polynomial 0x04c11db7, initial value and final XOR 0, no reflection. */
export function oggCrc(bytes: Buffer): number {
  let register = 0;
  for (let i = 0; i < bytes.length; i++) {
    register = (register << 8) ^ crcTable[((register >>> 24) ^ bytes[i]!) & 0xff]!;
  }
  return register >>> 0;
}

export class OggOpusWriter {
  readonly #serial: number;
  #pageNumber = 0;
  #granule = 0;
  #packets: Buffer[] = [];
  #lacing = 0;

  constructor(serial: number) {
    this.#serial = serial;
  }

  /** The two header pages: mono, no samples skipped at the start. */
  header(): Buffer {
    const head = Buffer.alloc(19);
    head.write('OpusHead');
    head[8] = 1;
    head[9] = 1;
    head.writeUInt32LE(48_000, 12);
    const vendor = Buffer.from('cloud-listening');
    const tags = Buffer.alloc(8 + 4 + vendor.length + 4);
    tags.write('OpusTags');
    tags.writeUInt32LE(vendor.length, 8);
    vendor.copy(tags, 12);
    return Buffer.concat([this.#page([head], headerTypeFirst), this.#page([tags], 0)]);
  }

  /** Adds one packet of `ticks` at 48 kHz; answers a page when one is full. The packet is not copied. */
  add(packet: Buffer, ticks: number): Buffer | undefined {
    const lacing = Math.floor(packet.length / 255) + 1;
    let page: Buffer | undefined;
    if (this.#lacing + lacing > maxLacing) page = this.#flush(0);
    this.#packets.push(packet);
    this.#lacing += lacing;
    this.#granule += ticks;
    return page;
  }

  end(): Buffer {
    return this.#flush(headerTypeLast);
  }

  #flush(type: number): Buffer {
    const page = this.#page(this.#packets, type);
    this.#packets = [];
    this.#lacing = 0;
    return page;
  }

  #page(packets: readonly Buffer[], type: number): Buffer {
    const lacing: number[] = [];
    for (const { length } of packets) {
      for (let left = length; left >= 255; left -= 255) lacing.push(255);
      lacing.push(length % 255);
    }
    const page = Buffer.concat([Buffer.alloc(27), Buffer.from(lacing), ...packets]);
    page.write('OggS');
    page[5] = type;
    page.writeBigUInt64LE(BigInt(this.#granule), 6);
    page.writeUInt32LE(this.#serial, 14);
    page.writeUInt32LE(this.#pageNumber++, 18);
    page[26] = lacing.length;
    page.writeUInt32LE(oggCrc(page), 22);
    return page;
  }
}
