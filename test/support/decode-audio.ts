import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file or address decoded by ffmpeg: one array of 16-bit samples per channel, left first. */
export async function decodeAudio(input: string, sampleRate: number): Promise<Int16Array[]> {
  const { stdout: probed } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'a:0', '-show_entries', 'stream=channels', '-of', 'csv=p=0'],
    input,
  ]);
  const channels = Number.parseInt(probed, 10);
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', input, '-f', 's16le', '-ar', String(sampleRate), '-ac', String(channels), '-'],
    { encoding: 'buffer', maxBuffer: 1 << 30 },
  );
  const frames = Math.floor(stdout.length / 2 / channels);
  return Array.from({ length: channels }, (_, channel) => {
    const samples = new Int16Array(frames);
    for (let frame = 0; frame < frames; frame++)
      samples[frame] = stdout.readInt16LE((frame * channels + channel) * 2);
    return samples;
  });
}
