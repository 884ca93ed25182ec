import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { SetUpError } from './set-up-error.ts';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Ends the command with SIGKILL, its children too, after so many ms. */
  timeoutMs?: number;
  /** Must not be broken off half-way (apt-get): a launcher that is told to stop waits for it. */
  uninterruptible?: boolean;
  /** Called with every line of standard output and standard error. */
  onLine?: (line: string) => void;
}

/** What became of a command that ran: its exit code (or -1 for a signal) and the last 50 lines it printed. */
export interface RunResult {
  code: number;
  tail: string;
}

const uninterruptible = new Set<Promise<unknown>>();

/** Resolves when no command is running that must not be broken off. */
export async function uninterruptibleCommands(): Promise<void> {
  await Promise.all(uninterruptible);
}

/** Runs a command to its end. Resolves also when it fails; a command that cannot be started gives code 127. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const result = runNow(command, args, options);
  if (options.uninterruptible) {
    uninterruptible.add(result);
    void result.finally(() => uninterruptible.delete(result));
  }
  return result;
}

function runNow(command: string, args: string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve) => {
    const tail: string[] = [];
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const killGroup = () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Ended by itself in the meantime.
      }
    };
    const timer = options.timeoutMs ? setTimeout(killGroup, options.timeoutMs) : undefined;
    // The group is not the terminal's, so that Ctrl-C ends it only together with this process.
    if (!options.uninterruptible) process.once('exit', killGroup);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (tail.push(line) > 50) tail.shift();
        options.onLine?.(line);
      });
    }
    const finish = (code: number) => {
      clearTimeout(timer);
      process.off('exit', killGroup);
      resolve({ code, tail: tail.join('\n') });
    };
    child.once('error', (error) => {
      tail.push(error.message);
      finish(127);
    });
    child.once('close', (code) => finish(code ?? -1));
  });
}

/**
 * Makes Ctrl-C end this process by its ordinary way out, on which it ends the commands it runs; their process groups are
 * not the terminal's. For programs that do not handle signals themselves.
 */
export function exitOnSignals(): void {
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }))
    process.once(signal, () => process.exit(128 + number));
}

/** Runs a command that has to succeed. @throws SetUpError with the command's last lines when it does not. */
export async function mustRun(command: string, args: string[], options: RunOptions = {}): Promise<void> {
  const { code, tail } = await run(command, args, options);
  if (code !== 0) throw new SetUpError(`${command} ${args.join(' ')} failed (${code}):\n${tail}`);
}

/** The path of a program on PATH, if it is there. */
export async function findOnPath(
  program: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, program);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
