import { open } from 'node:fs/promises';
import { Ffmpeg, patienceFor } from '../seal/ffmpeg.ts';
import { WorkerError } from '../worker-error.ts';

/** Raised when the same master would give another rendering. */
export const rendererVersion = 1;

/** All that speech has, Hz; and what the two channels take together, bits per second. */
const rate = 24_000;
const bitRate = 64_000;
/** A rendering that is off by more than this is not one of this master, ms. */
const toleranceMs = 100;
/** The least there is: captures and seals come first. */
const niceness = 19;

/**
 * Renders a master (WebM Opus, two channels) as AAC in MP4 whose index stands at the front. The same master gives the
 * same bytes. Error: WorkerError `render.encoder`.
 */
export async function renderAac(
  master: Buffer,
  output: { readonly path: string; readonly durationMs: number },
  signal: AbortSignal,
): Promise<void> {
  const codec = [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    String(bitRate),
    '-ac',
    '2',
    '-ar',
    String(rate),
  ];
  const exact = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact'];
  const ffmpeg = new Ffmpeg(
    [
      '-f',
      'matroska',
      '-i',
      'pipe:0',
      ...codec,
      ...exact,
      '-movflags',
      '+faststart',
      '-f',
      'mp4',
      '-y',
      output.path,
    ],
    { code: 'render.encoder', signal, deadlineMs: 2 * patienceFor(output.durationMs), niceness },
  );
  try {
    ffmpeg.stdout.resume();
    await ffmpeg.write(master);
    ffmpeg.stdin.end();
    await ffmpeg.ended;
  } finally {
    ffmpeg.kill();
  }
  const { durationMs, indexFirst } = await readMp4(output.path);
  if (!indexFirst || Math.abs(durationMs - output.durationMs) > toleranceMs) {
    const cause = new Error(`${durationMs} ms instead of ${output.durationMs}, index first: ${indexFirst}`);
    throw new WorkerError('render.encoder', 'The rendering is not what it should be.', { cause });
  }
}

/** What the boxes at the top of an MP4 file say (ISO/IEC 14496-12 §8.2): its length, and whether `moov` precedes `mdat`. */
export async function readMp4(path: string): Promise<{ durationMs: number; indexFirst: boolean }> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(16);
    let durationMs = 0;
    let indexFirst = false;
    let data = false;
    for (let at = 0; (await file.read(head, 0, 16, at)).bytesRead >= 8; ) {
      const type = head.toString('latin1', 4, 8);
      const size = head.readUInt32BE(0) === 1 ? Number(head.readBigUInt64BE(8)) : head.readUInt32BE(0);
      if (type === 'mdat') data = true;
      if (type === 'moov') {
        indexFirst = !data;
        const header = Buffer.alloc(Math.min(size, 128));
        await file.read(header, 0, header.length, at);
        durationMs = movieLength(header);
      }
      // 0 says: to the end of the file.
      if (size < 8) break;
      at += size;
    }
    return { durationMs, indexFirst };
  } finally {
    await file.close();
  }
}

/** From `mvhd`, the first box inside `moov`, ms. */
function movieLength(moov: Buffer): number {
  const at = moov.indexOf('mvhd');
  if (at < 0) return 0;
  const long = moov[at + 4] === 1;
  const timescale = moov.readUInt32BE(at + (long ? 24 : 16));
  const duration = long ? Number(moov.readBigUInt64BE(at + 28)) : moov.readUInt32BE(at + 20);
  return (duration * 1_000) / timescale;
}
