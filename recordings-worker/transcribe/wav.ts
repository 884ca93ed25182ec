/** 16-bit mono PCM as a WAV file (RIFF, WAVE_FORMAT_PCM). */
export function wavOf(samples: Int16Array, rate: number): Uint8Array<ArrayBuffer> {
  const header = 44;
  const file = Buffer.alloc(header + samples.length * 2);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(samples.length * 2, 40);
  for (let at = 0; at < samples.length; at++) file.writeInt16LE(samples[at]!, header + at * 2);
  return new Uint8Array(file);
}
