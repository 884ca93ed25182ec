/** ITU-T G.711 (11/88), tables 1a and 2a: every code's linear value, as −1…1. */
const decodeTables = { PCMU: table(muLaw), PCMA: table(aLaw) } as const;

/** Samples at 8,000 Hz, −1…1. */
export function decodeG711(law: keyof typeof decodeTables, payload: Uint8Array): Float32Array {
  const linear = decodeTables[law];
  const samples = new Float32Array(payload.length);
  for (let index = 0; index < payload.length; index++) samples[index] = linear[payload[index]!]!;
  return samples;
}

function table(linearOf: (code: number) => number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => linearOf(code) / 32_768);
}

function muLaw(code: number): number {
  const inverted = ~code & 0xff;
  const chord = (inverted >> 4) & 7;
  const step = inverted & 15;
  const magnitude = (((step << 3) + 0x84) << chord) - 0x84;
  return (inverted & 0x80) !== 0 ? -magnitude : magnitude;
}

function aLaw(code: number): number {
  const toggled = code ^ 0x55;
  const chord = (toggled >> 4) & 7;
  const step = toggled & 15;
  const magnitude = chord === 0 ? (step << 4) + 8 : ((step << 4) + 0x108) << (chord - 1);
  return (toggled & 0x80) !== 0 ? magnitude : -magnitude;
}
