import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Supervision } from './embedded/supervision.ts';
import { ProcessLedger } from './process-ledger.ts';
import { ManagedProcess, ProcessFailed, type ProcessSpec } from './processes.ts';
import { type Progress, Terminal } from './setup/progress.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { uninterruptibleCommands } from './setup/run.ts';
import { SetUpError } from './setup/set-up-error.ts';

/** One Ctrl-C can arrive twice (from the terminal and from npm); what comes later is a second one. In ms. */
const SAME_KEYPRESS_MS = 1_000;
const PARENT_LOOK_MS = 500;

interface StopStep {
  name: string;
  stop: () => Promise<unknown>;
}

/** A launcher's work was broken off because it is stopping. */
class Stopping extends Error {}

/**
 * What `npm run demo` and `npm run dev` have in common: one place that starts processes, knows the order in which to
 * stop them, and leaves none behind.
 */
export class Launcher {
  readonly progress: Progress;
  /** Kept over restarts: data of the embedded servers, spool, logs. */
  readonly dataDir: string;
  private ledger: ProcessLedger | undefined;
  private readonly steps: StopStep[] = [];
  private stopping = false;

  constructor(progress: Progress, dataDir: string) {
    this.progress = progress;
    this.dataDir = dataDir;
  }

  /** Takes the data folder. @throws SetUpError when another launcher works on it */
  async open(): Promise<void> {
    this.ledger = await ProcessLedger.open(this.dataDir, (name, pid) =>
      this.progress.line(`${name} (process ${pid}) was left behind by an earlier start: ending it`),
    );
  }

  /** Starts a process that is started again when it dies, and stopped in its turn. */
  async start<Ready = void>(spec: ProcessSpec<Ready>): Promise<ManagedProcess<Ready>> {
    if (this.stopping) throw new Stopping();
    const managed = new ManagedProcess<Ready>({ ...this.supervision(spec.name), ...spec });
    this.onStop(spec.name, () => managed.stop());
    await managed.start();
    return managed;
  }

  /** How every process here is watched over: restarted, logged below the data folder, its warnings shown. */
  supervision(name: string): Supervision {
    return {
      restart: true,
      logFile: join(this.dataDir, 'logs', `${name}.log`),
      onNotice: (notice) => this.progress.line(`[${name}] ${notice}`),
      onPid: (pid) => this.ledger?.set(name, pid),
    };
  }

  /** Adds to what is done at the stop. Last added is first done; steps of one name run together. */
  onStop(name: string, stop: () => Promise<unknown>): void {
    this.steps.push({ name, stop });
  }

  /** Stops everything, in the reverse order of its start. */
  async stop(): Promise<void> {
    this.stopping = true;
    await uninterruptibleCommands();
    while (this.steps.length > 0) {
      const { name } = this.steps.at(-1) as StopStep;
      const together = STOPPED_TOGETHER.find((names) => names.includes(name)) ?? [name];
      const turn: StopStep[] = [];
      while (together.includes(this.steps.at(-1)?.name ?? '')) turn.push(this.steps.pop() as StopStep);
      await Promise.allSettled(turn.map((step) => step.stop()));
    }
    this.ledger?.close();
  }

  /** Ends every process at once. */
  kill(): void {
    this.ledger?.killAll();
  }
}

/** Server and worker hand captures over to each other's queues while they stop; neither waits for the other. */
const STOPPED_TOGETHER = [['server', 'worker']];

/** npm hands a signal to the shell that it started, and the shell dies of it without a word to what it runs. */
function whenNpmIsGone(stop: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    stop();
  }, PARENT_LOOK_MS);
  timer.unref();
}

/**
 * Runs a launcher's work and then, until a signal comes, its processes. The first Ctrl-C (or SIGTERM, or the terminal's
 * end) stops them in order, the second kills them. Ends this process.
 */
export async function launch(work: (launcher: Launcher) => Promise<void>): Promise<void> {
  process.chdir(PROJECT_ROOT);
  if (existsSync('.env')) process.loadEnvFile('.env');
  const terminal = new Terminal();
  const launcher = new Launcher(terminal, resolve(process.env.DATA_DIR || '.data'));
  // A closed terminal must not keep the stop from running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  // Held while the work runs and while its processes do.
  const alive = setInterval(() => {}, 60_000);

  let started = false;
  let firstSignalAt: number | undefined;
  const end = async (code: number) => {
    await launcher.stop();
    clearInterval(alive);
    process.exit(code);
  };
  const stopOnce = () => {
    firstSignalAt = Date.now();
    terminal.line('stopping (once more: at once) ...');
    const stoppingSince = Date.now();
    void launcher.stop().then(() => {
      terminal.line(`stopped in ${((Date.now() - stoppingSince) / 1000).toFixed(1)} s`);
      process.exit(started ? 0 : 130);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (firstSignalAt === undefined) return stopOnce();
      if (Date.now() - firstSignalAt < SAME_KEYPRESS_MS) return;
      launcher.kill();
      process.exit(130);
    });
  whenNpmIsGone(() => {
    if (firstSignalAt === undefined) stopOnce();
  });

  try {
    await launcher.open();
    await work(launcher);
    started = true;
  } catch (error) {
    if (firstSignalAt !== undefined) return;
    firstSignalAt = Date.now();
    const told = error instanceof SetUpError || error instanceof ProcessFailed;
    terminal.line(told ? `cannot start: ${error.message}` : `cannot start: ${(error as Error).stack}`);
    await end(1);
  }
}
