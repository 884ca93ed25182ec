import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, processStat } from './setup/process-state.ts';
import { SetUpError } from './setup/set-up-error.ts';

/** A process as the kernel tells it from a later one with the same number. */
interface Entry {
  name: string;
  pid: number;
  /** Clock ticks from the system's boot to the process's start; undefined where there is no /proc. */
  startedTicks: string | undefined;
}

const LAUNCHER = 'launcher';
/** How long what an earlier launcher left behind may take to end by itself, and then when it is asked to, in ms. */
const LEFTOVER_ENDS_WITHIN_MS = 3_000;
const LEFTOVER_STOPS_WITHIN_MS = 5_000;

const startedTicks = (pid: number) => processStat(pid)?.startedTicks;
const entryFor = (name: string, pid: number): Entry => ({ name, pid, startedTicks: startedTicks(pid) });
const stillRuns = (entry: Entry) => isAlive(entry.pid) && startedTicks(entry.pid) === entry.startedTicks;

/**
 * The processes that a launcher runs on a data folder, written down there, so that a later launcher can clear away what
 * an earlier one left when it was killed, and refuses to start beside one that lives.
 */
export class ProcessLedger {
  private readonly path: string;
  private readonly entries = new Map<string, Entry>();

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Takes the data folder for this launcher. What an earlier one left behind is asked to stop, then killed.
   * @throws SetUpError when another launcher is at work there
   */
  static async open(
    dataDir: string,
    onLeftover: (name: string, pid: number) => void,
  ): Promise<ProcessLedger> {
    const path = join(dataDir, 'processes.json');
    mkdirSync(dataDir, { recursive: true });
    const running = readEntries(path).filter(stillRuns);
    const other = running.find(({ name }) => name === LAUNCHER);
    if (other && other.pid !== process.pid)
      throw new SetUpError(`already running on ${dataDir} (process ${other.pid}): stop that one first`);
    for (const { name, pid } of running) onLeftover(name, pid);
    await endAll(running);
    const ledger = new ProcessLedger(path);
    ledger.set(LAUNCHER, process.pid);
    return ledger;
  }

  /** Notes that the process of this name now has this id, or none. */
  set(name: string, pid: number | undefined): void {
    if (pid) this.entries.set(name, entryFor(name, pid));
    else this.entries.delete(name);
    const temporary = `${this.path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify([...this.entries.values()]));
    renameSync(temporary, this.path);
  }

  /** Ends every noted process but this one, its children too, at once. */
  killAll(): void {
    for (const entry of this.entries.values()) if (entry.pid !== process.pid) signal(entry, 'SIGKILL');
  }

  /** Gives the data folder back. */
  close(): void {
    rmSync(this.path, { force: true });
  }
}

/**
 * Waits for processes that end by themselves because their launcher died; asks those that do not, then kills them. They
 * are not asked right away, because to a process that is already stopping a second SIGTERM means "at once".
 */
async function endAll(processes: Entry[]): Promise<void> {
  const stages = [
    { withinMs: LEFTOVER_ENDS_WITHIN_MS, signalAfter: 'SIGTERM' },
    { withinMs: LEFTOVER_STOPS_WITHIN_MS, signalAfter: 'SIGKILL' },
  ] as const;
  for (const { withinMs, signalAfter } of stages) {
    const deadline = Date.now() + withinMs;
    while (processes.some(stillRuns) && Date.now() < deadline) await wait(50);
    for (const entry of processes.filter(stillRuns)) signal(entry, signalAfter);
  }
}

function readEntries(path: string): Entry[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Entry[];
  } catch {
    return [];
  }
}

function signal(entry: Entry, name: NodeJS.Signals): void {
  try {
    // Every process under supervision leads a group of its own. SIGTERM is for it alone, SIGKILL for its children too.
    process.kill(name === 'SIGKILL' ? -entry.pid : entry.pid, name);
  } catch {
    // Ended in the meantime.
  }
}
