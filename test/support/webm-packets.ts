import { parseOpus } from '#worker/seal/opus-packet.ts';

/** One block of a WebM file: ms since its start, and the bytes behind the block's head. */
export interface Block {
  readonly atMs: number;
  readonly packet: Buffer;
}

const segment = 0x18538067;
const cluster = 0x1f43b675;
const blockGroup = 0xa0;

/** Reads the blocks of a WebM file by its element structure alone (RFC 8794, RFC 9559): no knowledge of who wrote it. */
export function readBlocks(file: Buffer): Block[] {
  const blocks: Block[] = [];
  const walk = (from: number, to: number, clusterMs: number) => {
    let at = from;
    let timestamp = clusterMs;
    while (at < to) {
      const idBytes = Math.clz32(file[at]!) - 23;
      const id = file.readUIntBE(at, idBytes);
      const sizeBytes = Math.clz32(file[at + idBytes]!) - 23;
      let size = file[at + idBytes]! & (0xff >> sizeBytes);
      for (let i = 1; i < sizeBytes; i++) size = size * 256 + file[at + idBytes + i]!;
      const content = at + idBytes + sizeBytes;
      const end = content + size;
      if (end > to) throw new Error(`element ${id.toString(16)} at ${at} reaches beyond what it lies in`);
      if (id === segment || id === cluster || id === blockGroup) walk(content, end, timestamp);
      else if (id === 0xe7) timestamp = file.readUIntBE(content, size);
      else if (id === 0xa3 || id === 0xa1) {
        const atMs = timestamp + file.readInt16BE(content + 1);
        blocks.push({ atMs, packet: file.subarray(content + 4, end) });
      }
      at = end;
    }
  };
  walk(0, file.length, 0);
  return blocks;
}

/**
 * The two mono packets of a block of two uncoupled streams, the first of which states its length (RFC 6716 appendix
 * B). Understands one frame per packet, and two or more of equal or stated lengths.
 */
export function splitStreams(block: Buffer): { left: Buffer[]; right: Buffer[] } {
  const toc = block[0]!;
  const code = toc & 3;
  let at = 1;
  let count = [1, 2, 2, 0][code]!;
  let stated = code === 2;
  if (code === 3) {
    count = block[1]! & 0x3f;
    stated = (block[1]! & 0x80) !== 0;
    at = 2;
  }
  const length = () => {
    const first = block[at++]!;
    return first < 252 ? first : first + block[at++]! * 4;
  };
  const lengths = Array.from({ length: stated ? count : 1 }, length);
  const left: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const size = lengths[i] ?? lengths[0]!;
    left.push(block.subarray(at, at + size));
    at += size;
  }
  const right = parseOpus(block.subarray(at));
  if (!right) throw new Error('what follows the first stream is no Opus packet');
  return { left, right: [...right.frames] };
}
