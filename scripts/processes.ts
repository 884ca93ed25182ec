import { type ChildProcess, spawn } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { forConsole, openLogFile } from './log-file.ts';

const BACKOFF_FIRST_MS = 500;
const BACKOFF_LAST_MS = 15_000;
/** A process that lived this long starts again with the first pause, in ms. */
const SETTLED_AFTER_MS = 30_000;
/** How much of a failed process's output its error shows. */
const TAIL_LINES = 25;

export interface ProcessSpec<Ready = void> {
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  /** The whole environment of the process. */
  env?: NodeJS.ProcessEnv;
  /** For Node processes that call exitWithParent(): they end in order when this process dies. */
  tied?: boolean;
  /**
   * How readiness is noticed: by a line of standard output for which `line` answers something, or by a `probe` that is
   * repeated until it answers instead of throwing. What they answer is what start() resolves with. Without either the
   * process is ready once it runs.
   */
  ready?: { line: (line: string) => Ready | undefined } | { probe: () => Promise<Ready> };
  /** ms from the start to readiness before it counts as failed (default 30 s). */
  readyWithinMs?: number;
  /** ms from SIGTERM to SIGKILL (default 20 s). */
  stopWithinMs?: number;
  /** Whether it is started again, after a growing pause, when it ends by itself. */
  restart?: boolean;
  /** Where all its output goes. */
  logFile?: string;
  /** What of a line of output a person is shown (default: warnings and errors of a pino log, and foreign lines). */
  show?: (line: string) => string | undefined;
  /** Is given every line of its output. */
  onLine?: (line: string) => void;
  /** Is given warnings, errors and the story of its ends and restarts, to show to a person. */
  onNotice?: (notice: string) => void;
  /** Is told the process id at every start, and undefined at every end. */
  onPid?: (pid: number | undefined) => void;
}

/** A process ended, or was not ready in time. The message carries the last lines it printed. */
export class ProcessFailed extends Error {
  override readonly name = 'ProcessFailed';
}

type State = 'idle' | 'running' | 'pausing' | 'stopping' | 'ended';

/**
 * A child process under supervision. It has a process group of its own, so that a terminal's Ctrl-C reaches the launcher
 * alone, which then stops its processes in order; and so that its own children can be ended with it.
 */
export class ManagedProcess<Ready = void> {
  readonly name: string;
  private readonly spec: ProcessSpec<Ready>;
  private child: ChildProcess | undefined;
  private closed: Promise<void> = Promise.resolve();
  private ending: Promise<void> | undefined;
  private state: State = 'idle';
  private wasReady = false;
  private lastEnd = 'ended';
  private log: WriteStream | undefined;
  private startedAt = 0;
  private backoff = BACKOFF_FIRST_MS;
  private pause: NodeJS.Timeout | undefined;
  private tail: string[] = [];
  private readonly lineListeners = new Set<(line: string) => void>();

  constructor(spec: ProcessSpec<Ready>) {
    this.spec = spec;
    this.name = spec.name;
  }

  /** The id of the running process; undefined while there is none. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts the process. @returns what its readiness tells @throws ProcessFailed */
  async start(): Promise<Ready> {
    if (this.spec.logFile) this.log = await openLogFile(this.spec.logFile);
    try {
      return await this.launch();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops the process in order and starts it anew. @throws ProcessFailed */
  async restart(): Promise<Ready> {
    await this.end();
    return await this.launch();
  }

  /** SIGTERM, then SIGKILL after `stopWithinMs`. Resolves when the process and its children are gone. */
  async stop(): Promise<void> {
    await this.end();
    const { log } = this;
    this.log = undefined;
    if (log) await new Promise<void>((resolve) => log.end(resolve));
  }

  /** Ends the process and its children at once. */
  kill(): void {
    this.state = 'stopping';
    clearTimeout(this.pause);
    this.signalGroup('SIGKILL');
  }

  /** One SIGTERM only, however often it is called: to the processes here a second one means "at once". */
  private end(): Promise<void> {
    this.ending ??= this.endOnce().finally(() => {
      this.ending = undefined;
    });
    return this.ending;
  }

  private async endOnce(): Promise<void> {
    this.state = 'stopping';
    clearTimeout(this.pause);
    if (this.child) {
      this.child.kill('SIGTERM');
      const within = this.spec.stopWithinMs ?? 20_000;
      const timer = setTimeout(() => {
        this.notice(`did not stop within ${within / 1000} s and was killed`);
        this.signalGroup('SIGKILL');
      }, within);
      await this.closed;
      clearTimeout(timer);
    }
    this.state = 'ended';
  }

  private async launch(): Promise<Ready> {
    const { spec } = this;
    this.state = 'running';
    this.startedAt = Date.now();
    this.tail = [];
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...(spec.env ?? process.env), ...(spec.tied ? { EXIT_WITH_PARENT: '1' } : {}) },
      stdio: ['ignore', 'pipe', 'pipe', ...(spec.tied ? (['ipc'] as const) : [])],
      detached: true,
    });
    this.child = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure ??= error;
    });
    spec.onPid?.(child.pid);
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', (line) => this.onLine(line));
    // Its own children go with it; they may hold its output open, and 'close' waits for that.
    child.once('exit', () => this.signalGroup('SIGKILL'));
    this.closed = new Promise((resolve) => {
      // 'close' also comes where the program could not be started; 'exit' does not.
      child.once('close', (code, signal) => {
        this.onClose(child, failure?.message ?? (signal ? `ended by ${signal}` : `ended with code ${code}`));
        resolve();
      });
    });
    const answer = await this.becomesReady();
    this.wasReady = true;
    return answer;
  }

  private async becomesReady(): Promise<Ready> {
    const { ready, readyWithinMs = 30_000 } = this.spec;
    const { closed } = this;
    const over = new AbortController();
    try {
      return await new Promise<Ready>((resolve, reject) => {
        const fail = (why: string) => reject(new ProcessFailed(`${this.name} ${why}${this.lastWords()}`));
        const timer = setTimeout(() => fail(`was not ready within ${readyWithinMs / 1000} s`), readyWithinMs);
        over.signal.addEventListener('abort', () => clearTimeout(timer));
        closed.then(() => fail(`${this.lastEnd} before it was ready`));
        if (!ready) resolve(undefined as Ready);
        else if ('probe' in ready) this.poll(ready.probe, over.signal).then(resolve, reject);
        else {
          const listener = (line: string) => {
            const answer = ready.line(line);
            if (answer === undefined) return;
            // Here and not where the answer is awaited: the next lines may be in the same chunk.
            this.wasReady = true;
            resolve(answer);
          };
          this.lineListeners.add(listener);
          over.signal.addEventListener('abort', () => this.lineListeners.delete(listener));
        }
      });
    } finally {
      over.abort();
    }
  }

  private lastWords(): string {
    const where = this.spec.logFile ? `\n(all of it in ${this.spec.logFile})` : '';
    return this.tail.length > 0 ? `:\n${this.tail.join('\n')}${where}` : '';
  }

  private async poll(probe: () => Promise<Ready>, over: AbortSignal): Promise<Ready> {
    for (;;) {
      try {
        return await probe();
      } catch (error) {
        if (over.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  private onLine(line: string): void {
    this.log?.write(`${line}\n`);
    if (this.tail.push(line) > TAIL_LINES) this.tail.shift();
    for (const listener of this.lineListeners) listener(line);
    const { onLine, onNotice, show = forConsole } = this.spec;
    onLine?.(line);
    // What it says before it is ready is told by the error, if it does not get ready.
    const shown = onNotice && this.wasReady && show(line);
    if (shown) this.notice(shown);
  }

  private onClose(child: ChildProcess, how: string): void {
    this.lastEnd = how;
    if (this.child === child) this.child = undefined;
    this.spec.onPid?.(undefined);
    this.log?.write(`${JSON.stringify({ time: Date.now(), msg: how })}\n`);
    if (this.state !== 'running') return;
    if (!this.spec.restart || !this.wasReady) {
      this.state = 'ended';
      // Before its first readiness start() throws, which says it.
      if (this.wasReady) this.notice(how);
      return;
    }
    if (Date.now() - this.startedAt > SETTLED_AFTER_MS) this.backoff = BACKOFF_FIRST_MS;
    this.state = 'pausing';
    this.notice(`${how}; starting again in ${this.backoff / 1000} s`);
    this.pause = setTimeout(() => {
      this.launch().catch((error: Error) => {
        // Ended before it was ready: its end has already led to the next attempt.
        if (!this.child || this.state !== 'running') return;
        this.notice(error.message);
        this.signalGroup('SIGKILL');
      });
    }, this.backoff);
    this.backoff = Math.min(this.backoff * 2, BACKOFF_LAST_MS);
  }

  private signalGroup(signal: NodeJS.Signals): void {
    const pid = this.child?.pid;
    if (!pid) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }

  private notice(text: string): void {
    this.spec.onNotice?.(text);
  }
}
