import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How many earlier logs of the same name are kept: server.log, server.1.log … server.4.log. */
const KEPT = 4;

/** Opens a log for a new start; the logs of earlier starts move up by one. */
export async function openLogFile(path: string): Promise<WriteStream> {
  await mkdir(dirname(path), { recursive: true });
  const numbered = (age: number) => (age === 0 ? path : path.replace(/\.log$/, `.${age}.log`));
  for (let age = KEPT; age > 0; age--) {
    // Most of them do not exist yet.
    await rename(numbered(age - 1), numbered(age)).catch(() => {});
  }
  return createWriteStream(path, { flags: 'a' });
}

const LEVELS: Record<number, string> = { 40: 'warning', 50: 'error', 60: 'fatal' };
const PINO_WARN = 40;
/** What every pino line carries and no reader at a terminal wants. */
const PLUMBING = new Set(['level', 'time', 'pid', 'hostname', 'service', 'name', 'msg', 'err', 'v']);

/**
 * What a launcher shows of a child's line of output: warnings and errors of a pino log as one plain line, anything that
 * is not a log line as it is, and nothing of the rest.
 */
export function forConsole(line: string): string | undefined {
  if (!line.startsWith('{')) return line.trim() === '' ? undefined : line;
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const level = Number(entry.level);
  if (!(level >= PINO_WARN)) return undefined;
  const error = entry.err as { message?: string; code?: string } | undefined;
  const facts = Object.entries(entry)
    .filter(([key, value]) => !PLUMBING.has(key) && (typeof value === 'string' || typeof value === 'number'))
    .map(([key, value]) => `${key}=${value}`);
  const parts = [LEVELS[level] ?? 'error', String(entry.msg ?? ''), ...facts];
  if (error?.message) parts.push(`(${error.message})`);
  return parts.filter(Boolean).join(' ');
}
