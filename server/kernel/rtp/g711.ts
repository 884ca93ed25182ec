/** The two companding laws of ITU-T G.711, by their RTP names (RFC 3551 §4.5.14). */
export type G711Law = 'PCMU' | 'PCMA';

/** Code of a silent sample (+0). */
export const G711_SILENCE: Readonly<Record<G711Law, number>> = { PCMU: 0xff, PCMA: 0xd5 };

/** 16-bit linear value of each µ-law code (G.711 table 2, 14-bit values scaled by 4). */
export const muLawToLinear: Readonly<Int16Array> = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
});

/** 16-bit linear value of each A-law code (G.711 table 1, 13-bit values scaled by 8). */
export const aLawToLinear: Readonly<Int16Array> = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});

function muLawCode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(sample < 0 ? -sample : sample, 32_635) + 0x84;
  const segment = 24 - Math.clz32(magnitude);
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function aLawCode(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = (sample < 0 ? ~sample : sample) >> 3;
  const segment = magnitude < 32 ? 0 : 27 - Math.clz32(magnitude);
  const step = (magnitude >> Math.max(1, segment)) & 0x0f;
  return (sign | (segment << 4) | step) ^ 0x55;
}

/** Codes of all 65,536 samples, by the sample's two's complement. Made when first needed: 64 KiB per law. */
const codes: Partial<Record<G711Law, Uint8Array>> = {};

function codeTable(law: G711Law): Uint8Array {
  const made = codes[law];
  if (made) return made;
  const encode = law === 'PCMU' ? muLawCode : aLawCode;
  const table = Uint8Array.from({ length: 65_536 }, (_, bits) => encode((bits << 16) >> 16));
  codes[law] = table;
  return table;
}

/** One byte per sample, 16-bit linear in. */
export function encodeG711(law: G711Law, samples: Int16Array): Buffer {
  const table = codeTable(law);
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = table[samples[i]! & 0xffff]!;
  return bytes;
}

/** One 16-bit linear sample per byte. */
export function decodeG711(law: G711Law, bytes: Uint8Array): Int16Array {
  const table = law === 'PCMU' ? muLawToLinear : aLawToLinear;
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = table[bytes[i]!]!;
  return samples;
}
