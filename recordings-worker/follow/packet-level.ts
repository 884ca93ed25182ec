import type { Codec } from '#contract/primitives.ts';
import { aLawToLinear, muLawToLinear } from '#kernel/rtp/g711.ts';
import { opusDuration } from '../seal/opus-packet.ts';

/** The quietest that is drawn, dB below full scale. */
const floorDb = 60;

const powers = (linear: Readonly<Int16Array>) =>
  Float64Array.from(linear, (sample) => (sample / 32_768) ** 2);
const muLawPower = powers(muLawToLinear);
const aLawPower = powers(aLawToLinear);

/** Below this an Opus packet of 20 ms holds no voice (DTX, comfort noise), and from there it is as loud as it gets, bytes. */
const quietBytes = 8;
const loudBytes = 160;

/**
 * How loud a packet is, as a power: 0 silence, 1 full scale. G.711: the mean square of its samples. Opus is not decoded
 * for this: an encoder with a variable rate spends more bytes on what is louder and richer, so the packet's bytes per
 * 20 ms stand for it, on a logarithmic scale. With a constant rate that says only where packets are.
 */
export function powerOf(codec: Codec, payload: Buffer): number {
  if (codec === 'opus') {
    const bytes = (payload.length * 960) / Math.max(960, opusDuration(payload));
    if (bytes <= quietBytes) return 0;
    const share = Math.min(1, Math.log(bytes / quietBytes) / Math.log(loudBytes / quietBytes));
    return 10 ** ((-floorDb * (1 - share)) / 10);
  }
  const power = codec === 'PCMU' ? muLawPower : aLawPower;
  let sum = 0;
  for (const code of payload) sum += power[code]!;
  return payload.length === 0 ? 0 : sum / payload.length;
}

/** A byte of the waveform: 0 at −60 dB and below, 255 at full scale, even steps of dB between. */
export function levelOf(power: number): number {
  if (power <= 0) return 0;
  const share = 1 + (10 * Math.log10(power)) / floorDb;
  return Math.round(255 * Math.max(0, Math.min(1, share)));
}
