import type { Codec } from '#contract/primitives.ts';

/** Ticks per second of the codec's RTP clock (RFC 3551 §4.5.14, RFC 7587 §4.1). */
export function clockRate(codec: Codec): number {
  return codec === 'opus' ? 48_000 : 8_000;
}

/**
 * How long the payload `bytes[start..end)` plays, in ticks of the codec's RTP clock.
 * G.711: one tick per byte. Opus: frames × frame size by the table-of-contents byte (RFC 6716 §3.1, §3.2);
 * 20 ms when the payload cannot be read.
 */
export function packetDuration(codec: Codec, bytes: Buffer, start: number, end: number): number {
  if (codec !== 'opus') return end - start;
  if (end <= start) return 960;
  const toc = bytes[start]!;
  const configuration = toc >> 3;
  let frame: number;
  if (configuration < 12) frame = opusSilkTicks[configuration & 3]!;
  else if (configuration < 16) frame = configuration & 1 ? 960 : 480;
  else frame = 120 << (configuration & 3);
  const code = toc & 3;
  let frames = 1;
  if (code === 1 || code === 2) frames = 2;
  else if (code === 3) frames = end - start > 1 ? bytes[start + 1]! & 0x3f : 1;
  const ticks = frame * frames;
  // RFC 6716 §3.2.5: a packet holds at most 120 ms.
  return ticks > 0 && ticks <= 5760 ? ticks : 960;
}

/** 10, 20, 40 and 60 ms at 48 kHz. */
const opusSilkTicks = [480, 960, 1920, 2880] as const;
