import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FileBlock, LaneReading } from './lane-marks.ts';
import type { Lane } from './lanes.ts';
import type { LaneEnd } from './verdict.ts';

const program = fileURLToPath(import.meta.resolve('./lane.ts'));

export interface LaneOptions {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** A file's output, when all of it is there. */
  readonly onFile: (lane: Lane, block: FileBlock) => void;
  /** What came when no file was running, or from one that did not come to its end. */
  readonly onRest: (lane: Lane, lines: readonly string[]) => void;
  /** A lane whose tests are over ends by itself within so many ms, or something leaks. */
  readonly endWithinMs?: number;
  /** No test may be silent for so long, ms: far beyond the longest timeout of one. */
  readonly silentMs?: number;
  /** From being told to stop to SIGKILL, ms. */
  readonly stopWithinMs?: number;
}

export interface RunningLane {
  readonly end: Promise<LaneEnd>;
  /** Breaks it off, in order; at once the second time. */
  stop(): void;
}

/** Runs a lane in a process group of its own, so that a terminal's Ctrl-C reaches whoever started it alone. */
export function runLane(lane: Lane, options: LaneOptions): RunningLane {
  const { endWithinMs = 60_000, silentMs = 600_000, stopWithinMs = 15_000 } = options;
  const reading = new LaneReading();
  let ended: LaneEnd['ended'];
  let stopping = false;
  const child = spawn(process.execPath, [program, ...lane.files], {
    cwd: options.root,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const kill = () => killGroup(child);
  const giveUp = (why: LaneEnd['ended']) => {
    ended = why;
    kill();
  };
  let patience: NodeJS.Timeout | undefined;
  const waitFor = (ms: number, why: LaneEnd['ended']) => {
    clearTimeout(patience);
    patience = setTimeout(giveUp, ms, why);
  };
  const read = (line: string) => {
    const told = reading.told;
    const block = reading.read(line);
    if (block) options.onFile(lane, block);
    if (!reading.told) waitFor(silentMs, 'silent');
    else if (!told) waitFor(endWithinMs, 'leak');
  };
  waitFor(silentMs, 'silent');
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', read);
  }
  process.once('exit', kill);

  const end = new Promise<LaneEnd>((resolve, reject) => {
    child.once('error', reject);
    // Whoever it left behind in its group goes with it, and would hold its output open.
    child.once('exit', kill);
    child.once('close', (code, signal) => {
      clearTimeout(patience);
      process.off('exit', kill);
      const rest = reading.rest();
      if (rest.some((line) => line.trim() !== '')) options.onRest(lane, rest);
      resolve({ name: lane.name, sums: reading.sums, failures: reading.failures, code, signal, ended });
    });
  });
  return {
    end,
    stop() {
      if (stopping) return kill();
      stopping = true;
      child.kill('SIGINT');
      setTimeout(kill, stopWithinMs).unref();
    },
  };
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
