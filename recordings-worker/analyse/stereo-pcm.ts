import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The file cannot be decoded to two channels of sound. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

/** 16-bit samples, two channels. */
export const frameBytes = 4;

/**
 * The recording on standard input, decoded: whole frames of interleaved 16-bit samples (agent left, customer right) at
 * `rate`, Hz. Uses one thread. Errors: UndecodableError; what starting ffmpeg threw.
 */
export async function* stereoPcm(rate: number): AsyncGenerator<Buffer> {
  const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1'];
  const output = ['-map', '0:a:0', '-f', 's16le', '-ac', '2', '-ar', String(rate), 'pipe:1'];
  const child = spawn('ffmpeg', [...quiet, '-i', 'pipe:0', '-threads', '1', ...output], {
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500);
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  // Heard of below.
  closed.catch(() => {});
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const whole = bytes.length - (bytes.length % frameBytes);
      yield bytes.subarray(0, whole);
      rest = bytes.subarray(whole);
    }
    const [status] = await closed;
    if (status !== 0) throw new UndecodableError(`ffmpeg could not decode the file: ${said.trim()}`);
  } finally {
    child.kill('SIGKILL');
  }
}
