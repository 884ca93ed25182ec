import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';

/** Runs ffmpeg on `input`; answers what it wrote and said. Throws when it fails. */
export async function ffmpeg(
  args: readonly string[],
  input: Buffer,
): Promise<{ output: Buffer; said: string }> {
  const child = spawn('ffmpeg', ['-hide_banner', '-nostats', ...args], { stdio: 'pipe' });
  const closed = once(child, 'close') as Promise<[number | null]>;
  child.stdin.end(input);
  const [output, said, [status]] = await Promise.all([buffer(child.stdout), text(child.stderr), closed]);
  if (status !== 0) throw new Error(`ffmpeg ended with ${status}: ${said.slice(-300)}`);
  return { output, said };
}
