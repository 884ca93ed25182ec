import { type FileHandle, open } from 'node:fs/promises';

/** One block of the file holds this much, ticks of 48 kHz: 20 ms. */
export const slotTicks = 960;
export const slotMs = 20;
const slotsPerCluster = 250;
/** Sound before the recording's first sample that a player decodes and does not play, slots. A clip has more of it. */
export const leadSlots = 1;
const nanosecondsPerTick = 1_000_000_000 / 48_000;
/** RFC 7845 §4.6: decoders have settled after 80 ms. */
export const settlingSlots = 4;
const seekPreRollNs = settlingSlots * slotMs * 1_000_000;
const writingApp = 'cloud-listening';

/** Element ids (RFC 8794, Matroska) that are written and read. */
export const elementIds = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  info: 0x1549a966,
  tracks: 0x1654ae6b,
  cues: 0x1c53bb6b,
  cluster: 0x1f43b675,
  duration: 0x4489,
  timestamp: 0xe7,
  blockGroup: 0xa0,
  block: 0xa1,
  simpleBlock: 0xa3,
} as const;

/** Blocks that a recording of so many ticks of 48 kHz takes, the lead included. */
export const slotsFor = (ticks: number, lead = leadSlots): number => lead + Math.ceil(ticks / slotTicks);

/**
 * Writes two-channel Opus as WebM: length and index (cues) at the front, so that a player seeks by byte ranges
 * without reading to the end. The two channels are two mono streams without coupling, mapping family 1 (RFC 7845
 * §5.1.1.2): left and right. The same packets give the same bytes.
 *
 * The file begins with `lead` blocks that are decoded and thrown away (pre-skip): encoders start in the one of a
 * recording. `add` takes the packets of all slots in turn, exactly {@link slotsFor} of them.
 */
export class WebmWriter {
  readonly #file: FileHandle;
  readonly #ticks: number;
  readonly #lead: number;
  readonly #slots: number;
  readonly #headBytes: number;
  readonly #clusterPositions: number[] = [];
  #position: number;
  #slot = 0;
  #blocks: Buffer[] = [];
  #ready: Buffer[] = [];

  private constructor(file: FileHandle, ticks: number, lead: number) {
    this.#file = file;
    this.#ticks = ticks;
    this.#lead = lead;
    this.#slots = slotsFor(ticks, lead);
    // Every field has a fixed width: the index is written over when the positions are known.
    this.#headBytes = this.#head(0).length;
    this.#position = this.#headBytes;
  }

  /** `ticks`: the exact length at 48 kHz of what is played. */
  static async create(path: string, ticks: number, lead = leadSlots): Promise<WebmWriter> {
    return new WebmWriter(await open(path, 'w'), ticks, lead);
  }

  get slots(): number {
    return this.#slots;
  }

  add(packet: Buffer): void {
    const slot = this.#slot++;
    const offset = slot % slotsPerCluster;
    const blockHead = Buffer.from([0x81, (offset * slotMs) >> 8, (offset * slotMs) & 0xff, 0x80]);
    if (slot === this.#slots - 1) this.#blocks.push(this.#lastBlock(blockHead, packet));
    else
      this.#blocks.push(
        elementHead(elementIds.simpleBlock, blockHead.length + packet.length),
        blockHead,
        packet,
      );
    if (offset === slotsPerCluster - 1 || slot === this.#slots - 1) this.#closeCluster(slot - offset);
  }

  /** Brings whole clusters to the file. */
  async flush(): Promise<void> {
    if (this.#ready.length === 0) return;
    const bytes = Buffer.concat(this.#ready);
    this.#ready = [];
    await writeAll(this.#file, bytes, this.#position - bytes.length);
  }

  /** Writes the head, and everything to disk. */
  async finish(): Promise<void> {
    if (this.#slot !== this.#slots) throw new Error(`${this.#slot} of ${this.#slots} blocks were given`);
    await this.flush();
    await writeAll(this.#file, this.#head(this.#position), 0);
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** What the last block holds beyond the recording's end is not played. */
  #lastBlock(blockHead: Buffer, packet: Buffer): Buffer {
    const excess = (this.#slots - this.#lead) * slotTicks - this.#ticks;
    const discard = Buffer.alloc(4);
    discard.writeInt32BE(Math.round(excess * nanosecondsPerTick));
    const block = element(elementIds.block, Buffer.from([...blockHead.subarray(0, 3), 0]), packet);
    const { blockGroup } = elementIds;
    return excess === 0 ? element(blockGroup, block) : element(blockGroup, block, element(0x75a2, discard));
  }

  #closeCluster(firstSlot: number): void {
    const timestamp = unsigned(elementIds.timestamp, firstSlot * slotMs, 6);
    const length = this.#blocks.reduce((sum, part) => sum + part.length, timestamp.length);
    const head = elementHead(elementIds.cluster, length);
    this.#clusterPositions.push(this.#position);
    this.#ready.push(head, timestamp, ...this.#blocks);
    this.#position += head.length + length;
    this.#blocks = [];
  }

  #head(end: number): Buffer {
    const ebml = element(
      elementIds.ebml,
      ...[unsigned(0x4286, 1), unsigned(0x42f7, 1), unsigned(0x42f2, 4), unsigned(0x42f3, 8)],
      ...[element(0x4282, Buffer.from('webm')), unsigned(0x4287, 4), unsigned(0x4285, 2)],
    );
    const segmentHead = 12;
    const start = ebml.length + segmentHead;
    const info = element(
      elementIds.info,
      unsigned(0x2ad7b1, 1_000_000),
      element(elementIds.duration, float(this.#ticks / 48)),
      element(0x4d80, Buffer.from(writingApp)),
      element(0x5741, Buffer.from(writingApp)),
    );
    const tracks = element(elementIds.tracks, this.#track());
    const seekHeadBytes = this.#seekHead(0, 0, 0).length;
    const cues = this.#cues(start);
    const seekHead = this.#seekHead(
      seekHeadBytes,
      seekHeadBytes + info.length,
      seekHeadBytes + info.length + tracks.length,
    );
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(Math.max(0, end - start)));
    size[0] = 0x01;
    return Buffer.concat([ebml, idBytes(elementIds.segment), size, seekHead, info, tracks, cues]);
  }

  /** Positions count from the first byte inside the segment. */
  #seekHead(info: number, tracks: number, cues: number): Buffer {
    const seek = (target: number, position: number) =>
      element(0x4dbb, element(0x53ab, idBytes(target)), unsigned(0x53ac, position, 6));
    return element(
      elementIds.seekHead,
      seek(elementIds.info, info),
      seek(elementIds.tracks, tracks),
      seek(elementIds.cues, cues),
    );
  }

  #track(): Buffer {
    return element(
      0xae,
      ...[unsigned(0xd7, 1), unsigned(0x73c5, 1), unsigned(0x83, 2), unsigned(0x9c, 0)],
      ...[element(0x22b59c, Buffer.from('und')), element(0x86, Buffer.from('A_OPUS'))],
      unsigned(0x56aa, this.#lead * slotMs * 1_000_000, 4),
      unsigned(0x56bb, seekPreRollNs, 4),
      element(0x63a2, opusHead(this.#lead)),
      element(0xe1, element(0xb5, float(48_000)), unsigned(0x9f, 2)),
    );
  }

  #cues(segmentStart: number): Buffer {
    const clusters = Math.ceil(this.#slots / slotsPerCluster);
    const points = Array.from({ length: clusters }, (_, cluster) => {
      const position = (this.#clusterPositions[cluster] ?? segmentStart) - segmentStart;
      const place = element(0xb7, unsigned(0xf7, 1), unsigned(0xf1, position, 6));
      return element(0xbb, unsigned(0xb3, cluster * slotsPerCluster * slotMs, 6), place);
    });
    return element(elementIds.cues, ...points);
  }
}

/** RFC 7845 §5.1: two channels, two streams, none coupled. */
function opusHead(lead: number): Buffer {
  const head = Buffer.alloc(23);
  head.write('OpusHead');
  head[8] = 1;
  head[9] = 2;
  head.writeUInt16LE(lead * slotTicks, 10);
  head.writeUInt32LE(48_000, 12);
  head.set([1, 2, 0, 0, 1], 18);
  return head;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

function idBytes(value: number): Buffer {
  const bytes = value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : 1;
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** RFC 8794 §4: a size of one to four bytes. */
function elementHead(elementId: number, length: number): Buffer {
  const bytes = length < 0x7f ? 1 : length < 0x3fff ? 2 : length < 0x1fffff ? 3 : 4;
  const size = Buffer.alloc(bytes);
  size.writeUIntBE(length, 0, bytes);
  size[0] = size[0]! | (0x80 >> (bytes - 1));
  return Buffer.concat([idBytes(elementId), size]);
}

function element(elementId: number, ...content: Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([elementHead(elementId, length), ...content]);
}

function unsigned(elementId: number, value: number, bytes = 0): Buffer {
  const width = bytes || Math.max(1, Math.ceil(Math.log2(value + 1) / 8));
  const buffer = Buffer.alloc(width);
  buffer.writeUIntBE(value, 0, width);
  return element(elementId, buffer);
}

function float(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer;
}
