/** Thrown for bytes that are no Ogg Opus stream. */
export class OggError extends Error {
  override readonly name = 'OggError';
}

/**
 * The Opus packets of an Ogg file with one stream (RFC 3533, RFC 7845), in order; the two header packets are left
 * out, as is the encoder's pre-skip: a sender plays everything it has. Views into the bytes where a packet lies in
 * one page.
 */
export function readOggPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let at = 0;
  let begun: Buffer[] = [];
  while (at < bytes.length) {
    if (bytes.length - at < 27 || bytes.toString('latin1', at, at + 4) !== 'OggS')
      throw new OggError(`no Ogg page at byte ${at}`);
    const segments = bytes[at + 26]!;
    let data = at + 27 + segments;
    let length = 0;
    for (let i = 0; i < segments; i++) {
      const lacing = bytes[at + 27 + i]!;
      length += lacing;
      // A lacing value of 255 says that the packet goes on (RFC 3533 §5).
      if (lacing === 255) continue;
      if (data + length > bytes.length) throw new OggError('the last Ogg page is cut off');
      const part = bytes.subarray(data, data + length);
      packets.push(begun.length > 0 ? Buffer.concat([...begun, part]) : part);
      begun = [];
      data += length;
      length = 0;
    }
    if (data + length > bytes.length) throw new OggError('the last Ogg page is cut off');
    if (length > 0) begun.push(bytes.subarray(data, data + length));
    at = data + length;
  }
  if (packets[0]?.toString('latin1', 0, 8) !== 'OpusHead') throw new OggError('the stream is not Opus');
  return packets.slice(2);
}
