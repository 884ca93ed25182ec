import { oggCrc } from './ogg-opus.ts';

/** The stream is not what an encoder writes: cut off, damaged, or not Ogg at all. */
export class OggStreamError extends Error {
  override readonly name = 'OggStreamError';
}

const pageHeaderBytes = 27;

/** Takes an Ogg stream (RFC 3533) piece by piece and gives back its packets, header packets included. */
export class OggReader {
  #rest: Buffer = Buffer.alloc(0);
  #begun: Buffer[] = [];

  /** The packets that are whole now. They are copies: the pieces may be used again. */
  push(piece: Buffer): Buffer[] {
    const all = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const packets: Buffer[] = [];
    let at = 0;
    for (;;) {
      const length = pageLength(all, at);
      if (length === undefined || all.length - at < length) break;
      this.#page(Buffer.from(all.subarray(at, at + length)), packets);
      at += length;
    }
    this.#rest = Buffer.from(all.subarray(at));
    return packets;
  }

  /** Throws when the stream stopped in the middle. */
  end(): void {
    if (this.#rest.length > 0 || this.#begun.length > 0) throw new OggStreamError('the stream is cut off');
  }

  #page(page: Buffer, packets: Buffer[]): void {
    const sum = page.readUInt32LE(22);
    page.writeUInt32LE(0, 22);
    if (oggCrc(page) !== sum) throw new OggStreamError('a page has another checksum than it says');
    const segments = page[26]!;
    let from = pageHeaderBytes + segments;
    let to = from;
    for (let i = 0; i < segments; i++) {
      const lacing = page[pageHeaderBytes + i]!;
      to += lacing;
      // 255 says that the packet goes on (RFC 3533 §5).
      if (lacing === 255) continue;
      const part = page.subarray(from, to);
      packets.push(this.#begun.length > 0 ? Buffer.concat([...this.#begun, part]) : part);
      this.#begun = [];
      from = to;
    }
    if (to > from) this.#begun.push(page.subarray(from, to));
  }
}

/** Undefined when the page's head is not all there. */
function pageLength(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < pageHeaderBytes) return undefined;
  if (bytes.toString('latin1', at, at + 4) !== 'OggS')
    throw new OggStreamError('no page where one should begin');
  const segments = bytes[at + 26]!;
  if (bytes.length - at < pageHeaderBytes + segments) return undefined;
  let length = pageHeaderBytes + segments;
  for (let i = 0; i < segments; i++) length += bytes[at + pageHeaderBytes + i]!;
  return length;
}
