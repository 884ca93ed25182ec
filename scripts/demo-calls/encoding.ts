import { spawn } from 'node:child_process';
import type { Codec } from '#contract/primitives.ts';
import { encodeG711, G711_SILENCE } from '#kernel/rtp/g711.ts';
import { readOggPackets } from '#scripts/speech/ogg.ts';
import type { EncodedLeg } from './wheel.ts';

const FRAME = 160;

/** 8 kHz samples as payloads of 20 ms. Opus needs ffmpeg on PATH and rejects without it. */
export async function encodeLeg(codec: Codec, samples: Int16Array): Promise<EncodedLeg> {
  if (codec === 'opus') return pack(111, 960, readOggPackets(await opus(samples)));
  const coded = encodeG711(codec, samples);
  const frames = Math.ceil(coded.length / FRAME);
  const bytes = new Uint8Array(frames * FRAME).fill(G711_SILENCE[codec]);
  bytes.set(coded);
  return {
    payloadType: codec === 'PCMU' ? 0 : 8,
    ticks: FRAME,
    bytes,
    sizes: new Uint16Array(frames).fill(FRAME),
  };
}

function pack(payloadType: number, ticks: number, packets: readonly Buffer[]): EncodedLeg {
  const bytes = new Uint8Array(packets.reduce((sum, packet) => sum + packet.length, 0));
  let at = 0;
  for (const packet of packets) {
    bytes.set(packet, at);
    at += packet.length;
  }
  return { payloadType, ticks, bytes, sizes: Uint16Array.from(packets, (packet) => packet.length) };
}

function opus(samples: Int16Array): Promise<Buffer> {
  const input = ['-f', 's16le', '-ar', '8000', '-ac', '1', '-i', 'pipe:0'];
  const output = ['-c:a', 'libopus', '-b:a', '20k', '-application', 'voip', '-frame_duration', '20'];
  const ffmpeg = spawn(
    'ffmpeg',
    ['-v', 'error', '-threads', '1', ...input, ...output, '-f', 'ogg', 'pipe:1'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    ffmpeg.once('error', reject);
    ffmpeg.stdout.on('data', (part: Buffer) => parts.push(part));
    ffmpeg.once('close', (code) =>
      code === 0 ? resolve(Buffer.concat(parts)) : reject(new Error(`ffmpeg ended with code ${code}`)),
    );
    // A broken pipe shows as the end of ffmpeg.
    ffmpeg.stdin.on('error', () => {});
    ffmpeg.stdin.end(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  });
}
