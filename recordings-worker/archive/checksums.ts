import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';

export interface Sums {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** CRC-32 (IEEE 802.3), hex, 8 digits. */
  readonly crc32: string;
}

/** Both sums of whatever comes, in one pass. */
export async function sumsOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Sums> {
  const hash = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    crc = crc32(chunk, crc);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex'), crc32: crc.toString(16).padStart(8, '0') };
}

export const sumsOfFile = (path: string): Promise<Sums> => sumsOf(createReadStream(path));
export const sumsOfBytes = (bytes: Uint8Array): Promise<Sums> => sumsOf([bytes]);

/** As S3's checksum headers have it: base64 of the four bytes, most significant first. */
export const crc32Header = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
