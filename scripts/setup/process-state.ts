import { readFileSync } from 'node:fs';

/** Whether a process of this id runs. One that has ended and is only not yet collected by its parent does not. */
export function isAlive(pid: number): boolean {
  const stat = processStat(pid);
  if (stat) return stat.state !== 'Z' && stat.state !== 'X';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * What the kernel says of a process: its state, and its start in clock ticks from the system's boot (fields 3 and 22 of
 * /proc/PID/stat, proc(5)). Undefined where there is no such process, or no /proc.
 */
export function processStat(pid: number): { state: string; startedTicks: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in parentheses, may hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startedTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
