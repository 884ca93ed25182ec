/**
 * Length of an Opus packet in ticks of 48 kHz, or 0 when it breaks the rules of RFC 6716 §3.4 and no decoder
 * would take it. What passes decodes to exactly this many samples (at 48 kHz).
 */
export function opusDuration(packet: Buffer): number {
  if (packet.length === 0) return 0;
  const toc = packet[0]!;
  const frame = frameTicks(toc >> 3);
  switch (toc & 3) {
    case 0:
      return packet.length - 1 <= maxFrameBytes ? frame : 0;
    case 1:
      return packet.length % 2 === 1 && (packet.length - 1) / 2 <= maxFrameBytes ? frame * 2 : 0;
    case 2: {
      const first = frameLength(packet, 1);
      return first && first.next + first.length <= packet.length ? frame * 2 : 0;
    }
    default:
      return manyFrames(packet, frame);
  }
}

const maxFrameBytes = 1_275;
const maxTicks = 5_760;

/** RFC 6716 §3.1, table 2. */
function frameTicks(configuration: number): number {
  if (configuration < 12) return [480, 960, 1_920, 2_880][configuration & 3]!;
  if (configuration < 16) return configuration & 1 ? 960 : 480;
  return 120 << (configuration & 3);
}

/** RFC 6716 §3.2.1. */
function frameLength(packet: Buffer, at: number): { length: number; next: number } | undefined {
  const first = packet[at];
  if (first === undefined) return undefined;
  if (first < 252) return { length: first, next: at + 1 };
  const second = packet[at + 1];
  return second === undefined ? undefined : { length: second * 4 + first, next: at + 2 };
}

/** RFC 6716 §3.2.5: any number of frames, with padding, of equal or of stated lengths. */
function manyFrames(packet: Buffer, frame: number): number {
  const count = packet[1];
  if (count === undefined) return 0;
  const frames = count & 0x3f;
  if (frames === 0 || frame * frames > maxTicks) return 0;
  let at = 2;
  let padding = 0;
  if (count & 0x40) {
    for (let more = true; more; ) {
      const value = packet[at++];
      if (value === undefined) return 0;
      padding += value === 255 ? 254 : value;
      more = value === 255;
    }
  }
  if (count & 0x80) {
    let sum = 0;
    for (let i = 0; i < frames - 1; i++) {
      const one = frameLength(packet, at);
      if (!one) return 0;
      sum += one.length;
      at = one.next;
    }
    const last = packet.length - padding - at - sum;
    return last >= 0 && last <= maxFrameBytes ? frame * frames : 0;
  }
  const rest = packet.length - padding - at;
  return rest >= 0 && rest % frames === 0 && rest / frames <= maxFrameBytes ? frame * frames : 0;
}
