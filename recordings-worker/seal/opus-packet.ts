/** An Opus packet taken apart (RFC 6716 §3): views into the packet, padding left out. */
export interface OpusFrames {
  /** The first byte without its two lowest bits: configuration and the stereo flag, which all frames share. */
  readonly toc: number;
  /** Length of one frame, ticks of 48 kHz. */
  readonly frameTicks: number;
  /** One or more; an empty one stands for a frame that the sender left out (DTX) or lost. */
  readonly frames: readonly Buffer[];
}

const maxFrameBytes = 1_275;
const maxTicks = 5_760;

/** Undefined for what breaks the rules of RFC 6716 §3.4 and no decoder would take. */
export function parseOpus(packet: Buffer): OpusFrames | undefined {
  const first = packet[0];
  if (first === undefined) return undefined;
  const frameTicks = ticksOf(first >> 3);
  const frames = cut(packet, first & 3, frameTicks);
  if (!frames || frames.some(({ length }) => length > maxFrameBytes)) return undefined;
  return { toc: first & 0xfc, frameTicks, frames };
}

/**
 * Length of an Opus packet in ticks of 48 kHz, or 0 when it is malformed. What passes decodes to exactly this many
 * samples (at 48 kHz).
 */
export function opusDuration(packet: Buffer): number {
  const parsed = parseOpus(packet);
  return parsed ? parsed.frameTicks * parsed.frames.length : 0;
}

/** RFC 6716 §3.1, table 2. */
function ticksOf(configuration: number): number {
  if (configuration < 12) return [480, 960, 1_920, 2_880][configuration & 3]!;
  if (configuration < 16) return configuration & 1 ? 960 : 480;
  return 120 << (configuration & 3);
}

function cut(packet: Buffer, code: number, frameTicks: number): Buffer[] | undefined {
  switch (code) {
    case 0:
      return [packet.subarray(1)];
    case 1:
      return packet.length % 2 === 1 ? equal(packet, 1, packet.length, 2) : undefined;
    case 2: {
      const length = readLength(packet, 1);
      if (!length || length.next + length.value > packet.length) return undefined;
      const second = length.next + length.value;
      return [packet.subarray(length.next, second), packet.subarray(second)];
    }
    default:
      return cutMany(packet, frameTicks);
  }
}

/** RFC 6716 §3.2.5: any number of frames, with padding, of equal or of stated lengths. */
function cutMany(packet: Buffer, frameTicks: number): Buffer[] | undefined {
  const head = packet[1];
  if (head === undefined) return undefined;
  const count = head & 0x3f;
  if (count === 0 || frameTicks * count > maxTicks) return undefined;
  let at = 2;
  let padding = 0;
  if (head & 0x40) {
    for (let more = true; more; ) {
      const value = packet[at++];
      if (value === undefined) return undefined;
      padding += value === 255 ? 254 : value;
      more = value === 255;
    }
  }
  const end = packet.length - padding;
  if (!(head & 0x80)) {
    return end >= at && (end - at) % count === 0 ? equal(packet, at, end, count) : undefined;
  }
  const lengths: number[] = [];
  for (let i = 0; i < count - 1; i++) {
    const length = readLength(packet, at);
    if (!length) return undefined;
    lengths.push(length.value);
    at = length.next;
  }
  const frames: Buffer[] = [];
  for (const length of lengths) {
    frames.push(packet.subarray(at, at + length));
    at += length;
  }
  if (at > end) return undefined;
  frames.push(packet.subarray(at, end));
  return frames;
}

function equal(packet: Buffer, from: number, to: number, count: number): Buffer[] {
  const length = (to - from) / count;
  return Array.from({ length: count }, (_, i) => packet.subarray(from + i * length, from + (i + 1) * length));
}

/** RFC 6716 §3.2.1. */
function readLength(packet: Buffer, at: number): { value: number; next: number } | undefined {
  const first = packet[at];
  if (first === undefined) return undefined;
  if (first < 252) return { value: first, next: at + 1 };
  const second = packet[at + 1];
  return second === undefined ? undefined : { value: second * 4 + first, next: at + 2 };
}

function lengthBytes(value: number): number[] {
  if (value < 252) return [value];
  const first = 252 + (value & 3);
  return [first, (value - first) / 4];
}

/**
 * One packet of frames that share a configuration. `delimited` writes it so that its end can be told (RFC 6716
 * appendix B), as all streams but the last of a multistream packet are (RFC 7845 §5.1.1).
 * A packet of one frame comes out as it went in.
 */
export function writeOpus(toc: number, frames: readonly Buffer[], delimited: boolean): Buffer {
  const last = frames.at(-1)!;
  const same = frames.every(({ length }) => length === last.length);
  const head: number[] = [];
  const stated = (some: readonly Buffer[]) => some.flatMap(({ length }) => lengthBytes(length));
  if (frames.length === 1) head.push(toc);
  else if (frames.length === 2 && same) head.push(toc | 1);
  else if (frames.length === 2) head.push(toc | 2, ...stated(frames.slice(0, 1)));
  else if (same) head.push(toc | 3, frames.length);
  else head.push(toc | 3, 0x80 | frames.length, ...stated(frames.slice(0, -1)));
  if (delimited) head.push(...lengthBytes(last.length));
  return Buffer.concat([Buffer.from(head), ...frames]);
}

/**
 * Where the first packet of a multistream packet ends, however many frames it has (RFC 6716 appendix B).
 * Undefined where it has no end within the packet, or nothing follows it.
 */
export function endOfDelimited(packet: Buffer): number | undefined {
  const code = packet[0]! & 3;
  let at = 1;
  let frames = code === 0 ? 1 : 2;
  let padding = 0;
  const head = code === 3 ? packet[at++] : 0;
  if (head === undefined) return undefined;
  if (code === 3) {
    frames = head & 0x3f;
    for (let more = (head & 0x40) !== 0; more; ) {
      const value = packet[at++];
      if (value === undefined) return undefined;
      padding += value === 255 ? 254 : value;
      more = value === 255;
    }
  }
  const each = code === 2 || (head & 0x80) !== 0;
  let bytes = padding;
  for (let stated = each ? frames : 1; stated > 0; stated--) {
    const length = readLength(packet, at);
    if (!length) return undefined;
    at = length.next;
    bytes += each ? length.value : length.value * frames;
  }
  return packet.length > 0 && at + bytes < packet.length ? at + bytes : undefined;
}

/**
 * Takes the first packet off a multistream packet, undelimited; the rest is what follows it.
 * Only the forms that encoders write: one frame (code 0). Undefined for anything else.
 */
export function splitDelimited(packet: Buffer): [Buffer, Buffer] | undefined {
  const toc = packet[0];
  const length = readLength(packet, 1);
  if (toc === undefined || (toc & 3) !== 0 || !length) return undefined;
  const end = length.next + length.value;
  if (end >= packet.length) return undefined;
  const first = Buffer.allocUnsafe(1 + length.value);
  first[0] = toc;
  packet.copy(first, 1, length.next, end);
  return [first, packet.subarray(end)];
}
