import { duration } from '../setup/progress.ts';
import type { Lane } from './lanes.ts';
import { type LaneOptions, type RunningLane, runLane } from './run-lane.ts';
import { type LaneEnd, verdictOf } from './verdict.ts';

export interface LanesOptions extends Omit<LaneOptions, 'onFile' | 'onRest'> {
  readonly sideBySide: boolean;
  readonly print?: (text: string) => void;
}

/**
 * Runs the lanes and prints each file's output whole, when the file is through; at the end all failures, lane by lane.
 * SIGINT, SIGTERM and SIGHUP break all lanes off. @returns the exit code
 */
export async function runLanes(lanes: readonly Lane[], options: LanesOptions): Promise<number> {
  const print = options.print ?? ((text: string) => process.stdout.write(text));
  // Colours where somebody looks, and there alone.
  const { FORCE_COLOR: _, NO_COLOR: __, ...rest } = options.env;
  const env = { ...rest, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) };
  const running = new Set<RunningLane>();
  let stoppedBy = 0;
  const run = async (lane: Lane): Promise<LaneEnd[]> => {
    if (stoppedBy > 0) return [];
    const started = runLane(lane, {
      ...options,
      env,
      onFile: ({ name }, { path, ms, lines }) =>
        print(`\n── ${name}: ${path}, ${duration(ms)}\n${lines.join('\n')}\n`),
      onRest: ({ name }, lines) => print(`\n── ${name}\n${lines.join('\n')}\n`),
    });
    running.add(started);
    const end = await started.end;
    running.delete(started);
    return [end];
  };
  const onSignal = (number: number) => {
    stoppedBy = number;
    for (const lane of running) lane.stop();
  };
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  const listeners = Object.entries(numbers).map(([signal, number]) => {
    const listener = () => onSignal(number);
    process.on(signal, listener);
    return { signal, listener };
  });
  const ends: LaneEnd[] = [];
  if (options.sideBySide) ends.push(...(await Promise.all(lanes.map(run))).flat());
  else for (const lane of lanes) ends.push(...(await run(lane)));
  for (const { signal, listener } of listeners) process.off(signal, listener);
  const verdict = verdictOf(ends);
  print(`\n${verdict.lines.join('\n')}\n`);
  if (stoppedBy > 0) print('broken off\n');
  return stoppedBy > 0 ? 128 + stoppedBy : verdict.code;
}
