import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface AsideOptions {
  /** Path of the program, run by this Node. */
  readonly program: string;
  /** Its one argument, as JSON. */
  readonly told: unknown;
  /** For its standard input. */
  readonly input: Buffer;
  /** After this it is stuck, and killed. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

export interface AsideEnd {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly output: string;
  /** The last words on its standard error. */
  readonly said: string;
}

/**
 * Runs a program in a process of its own that ends with this one, however this one ends; the program itself steps back
 * behind captures and seals ({@link stepBack}). Throws when it cannot be started or is broken off.
 */
export async function runAside(options: AsideOptions): Promise<AsideEnd> {
  const { program, told, input, patienceMs, signal } = options;
  const child = spawn(process.execPath, [program, JSON.stringify(told)], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, EXIT_WITH_PARENT: '1' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // One that dies takes its pipes along; its exit tells why.
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  const [status, output, said] = await Promise.all([ended, text(child.stdout!), text(child.stderr!)]);
  return { status, output, said: said.slice(-1_000).trim() };
}
