export interface VoiceOptions {
  readonly seconds: number;
  /** Fundamental frequency, Hz, by time in seconds. */
  readonly pitchHz?: (at: number) => number;
  readonly syllablesPerSecond?: number;
  /** Peak of the fundamental's partials, about; 0 to 1. */
  readonly level?: number;
}

/** Hz. */
export const voiceRate = 8_000;

/** Vowels that swell and fade once a syllable: partials of a fundamental under three formants. −1 to 1, at 8 kHz. */
export function syntheticVoice(options: VoiceOptions): Float32Array {
  const { seconds, pitchHz = () => 120, syllablesPerSecond = 4, level = 0.08 } = options;
  const samples = new Float32Array(Math.round(seconds * voiceRate));
  const partials = Array.from({ length: 30 }, (_, index) => index + 1);
  let phase = 0;
  for (let n = 0; n < samples.length; n++) {
    const at = n / voiceRate;
    const pitch = pitchHz(at);
    phase += (2 * Math.PI * pitch) / voiceRate;
    let value = 0;
    for (const partial of partials) {
      const hz = partial * pitch;
      if (hz < voiceRate / 2 - 300) value += formants(hz) * Math.sin(partial * phase);
    }
    samples[n] = level * value * Math.sin(Math.PI * syllablesPerSecond * at) ** 2;
  }
  return samples;
}

function formants(hz: number): number {
  const bell = (centre: number, width: number) => Math.exp(-(((hz - centre) / width) ** 2));
  return bell(700, 200) + 0.6 * bell(1_200, 250) + 0.3 * bell(2_500, 300);
}

/** `seconds` of silence. */
export const silenceOf = (seconds: number): Float32Array => new Float32Array(Math.round(seconds * voiceRate));

export function joined(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
