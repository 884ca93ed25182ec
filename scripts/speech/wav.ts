/** Mono 16-bit samples. */
export interface Pcm {
  readonly samples: Int16Array;
  /** Hz. */
  readonly sampleRate: number;
}

/** Thrown for bytes that are not a mono 16-bit PCM WAV file. */
export class WavError extends Error {
  override readonly name = 'WavError';
}

/**
 * Reads a mono 16-bit PCM WAV file. A data length beyond the end, as programs write that stream to a pipe, means
 * "to the end".
 */
export function readWav(bytes: Buffer): Pcm {
  if (
    bytes.length < 12 ||
    bytes.toString('latin1', 0, 4) !== 'RIFF' ||
    bytes.toString('latin1', 8, 12) !== 'WAVE'
  )
    throw new WavError('not a WAV file');
  let sampleRate = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const chunk = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (chunk === 'fmt ') {
      if (start + 16 > bytes.length) break;
      const [format, channels, bits] = [0, 2, 14].map((offset) => bytes.readUInt16LE(start + offset));
      if (format !== 1 || channels !== 1 || bits !== 16) throw new WavError('not mono 16-bit PCM');
      sampleRate = bytes.readUInt32LE(start + 4);
    } else if (chunk === 'data' && sampleRate > 0) {
      const count = Math.floor((Math.min(start + length, bytes.length) - start) / 2);
      const samples = new Int16Array(count);
      for (let i = 0; i < count; i++) samples[i] = bytes.readInt16LE(start + i * 2);
      return { samples, sampleRate };
    }
    at = start + length + (length % 2);
  }
  throw new WavError('no samples');
}
